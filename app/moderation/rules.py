"""Who may report, read the desk, decide. Nobody decides on their own text; the garant reads all of their project and decides nothing."""

from app.accounts.rules import manager_of, moderator_of, signed_in
from app.contents.queries import holds_mandate
from app.contents.rules import author
from app.core.permissions import Predicate, anyone, rule
from app.moderation.models import Verdict


def about_content(predicate: Predicate) -> Predicate:
    """Asked of what is about a content: a case, a decision."""
    return Predicate(lambda person, thing: predicate(person, thing.content))


garant = signed_in & Predicate(lambda person, content: content.project_id is not None and holds_mandate(person, content.project_id))
not_theirs = ~about_content(author)

rule("content.report", anyone)
rule("content.read_original", author | moderator_of | garant)  # what was cut, and versions that are sealed
rule("moderation.desk", moderator_of)  # asked of the territory, or of a case
rule("case.read", moderator_of)
rule("case.decide", moderator_of & not_theirs)
rule("case.erase", manager_of & not_theirs)  # the words themselves, for good
rule("case.answer", about_content(author))  # a correction was asked
rule("decision.read", about_content(author | moderator_of | garant))
rule("moderation.settings", manager_of)

NEEDS = {Verdict.ERASE: "case.erase"}  # what a verdict asks more than `case.decide`
