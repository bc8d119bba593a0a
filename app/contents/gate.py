"""The publication gate: whoever must have a say before something is shown registers here (moderation does).

A gatekeeper receives the content and its author and answers the state it should have: PUBLISHED, PENDING, or None
for no opinion. The most careful answer wins; a gatekeeper may also raise DomainError to refuse.
"""

from collections.abc import Callable

from app.accounts.models import Person
from app.contents.models import Content, State

Gatekeeper = Callable[[Content, Person | None], State | None]
_gatekeepers: list[Gatekeeper] = []


def gatekeeper(function: Gatekeeper) -> Gatekeeper:
    _gatekeepers.append(function)
    return function


def ask(content: Content, author: Person | None) -> State:
    answers = [function(content, author) for function in _gatekeepers]
    return State.PENDING if State.PENDING in answers else State.PUBLISHED
