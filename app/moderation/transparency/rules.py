"""Who reads what moderation did: everyone its register and reports; the second reading is another agent's, of the same desk."""

from app.accounts.rules import administrator, manager_of, moderator_of
from app.contents.rules import author
from app.core.permissions import Predicate, anyone, rule

another = Predicate(lambda person, reading: reading.decision.by_id != person.id)
not_the_author = Predicate(lambda person, reading: not author(person, reading.decision.content))

rule("transparency.read", anyone)
rule("reading.list", moderator_of | manager_of)  # asked of the place
rule("reading.give", moderator_of & another & not_the_author)
rule("reading.compare", manager_of)  # asked of the place: what two people thought of one text
rule("reading.rate", manager_of)
rule("statements.export", manager_of | administrator)  # asked of the place
