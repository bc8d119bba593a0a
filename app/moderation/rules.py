"""Who may report, read the desk, decide. Nobody decides on their own text."""

from app.accounts.rules import manager_of, moderator_of
from app.contents.rules import author
from app.core.permissions import Predicate, anyone, rule

decided_author = Predicate(lambda person, decision: author(person, decision.content))
decided_desk = Predicate(lambda person, decision: moderator_of(person, decision.content))

rule("content.report", anyone)
rule("moderation.desk", moderator_of)  # asked of the territory, or of a case
rule("case.read", moderator_of)
rule("case.decide", moderator_of & Predicate(lambda person, case: not author(person, case.content)))
rule("decision.read", decided_author | decided_desk)
rule("moderation.settings", manager_of)
