"""Who may do what with any content. Features compose these predicates into their own rules."""

from app.accounts.rules import administrator, curator, moderator_of, team_of
from app.contents.models import State
from app.core.permissions import Predicate, rule

NEVER_PUBLIC = {State.DRAFT}

public = Predicate(lambda person, thing: thing.is_public)
author = Predicate(lambda person, thing: not person.is_anonymous and person.id == thing.author_id)
draft = Predicate(lambda person, thing: thing.state == State.DRAFT)
regional = Predicate(lambda person, thing: thing.territory_id is None)

# A citizen's unsent draft is nobody else's business; what was sent is read by those who moderate there.
reader = public | author | (team_of & ~draft) | (regional & (curator | administrator) & ~draft)
staff_reader = public | author | team_of | (regional & (curator | administrator))


def declare() -> None:
    rule("content.read", reader)
    rule("content.moderate", moderator_of)
