"""Who may do what: each feature declares its rules once; views, templates and the API ask.

Rules say who, services say when: a closed debate refuses in the service, where the text is kept.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, g
from flask_login import current_user

from app.core.errors import NotFound, PermissionDenied

_rules: dict[str, "Predicate"] = {}


class Predicate:
    """A yes/no question about a person and a thing, composable with & | ~."""

    def __init__(self, ask: Callable[[Any, Any], Any]):
        self.ask = ask

    def __call__(self, person, thing) -> bool:
        return bool(self.ask(person, thing))

    def __and__(self, other: "Predicate") -> "Predicate":
        return Predicate(lambda person, thing: self(person, thing) and other(person, thing))

    def __or__(self, other: "Predicate") -> "Predicate":
        return Predicate(lambda person, thing: self(person, thing) or other(person, thing))

    def __invert__(self) -> "Predicate":
        return Predicate(lambda person, thing: not self(person, thing))


def me():
    """The current person, as an object that outlives the request."""
    return current_user._get_current_object()


def rule(name: str, predicate: Predicate) -> None:
    known = _rules.get(name)
    assert known is None or known is predicate, f"{name} is already declared"
    _rules[name] = predicate


def rules() -> dict[str, Predicate]:
    return dict(_rules)


def can(name: str, thing=None, person=None) -> bool:
    return _rules[name](person if person is not None else me(), thing)


def could_after_login(name: str, thing=None) -> bool:
    """Would an ordinary member be allowed? Then offer to log in instead of hiding the button."""
    return current_user.is_anonymous and can(name, thing, OrdinaryMember())


def require(name: str, thing=None) -> None:
    """Let pass, or stop. What a person may not read does not exist for them."""
    g.permission_checked = True
    if not can(name, thing):
        if name.endswith(".read"):
            raise NotFound(thing)
        raise PermissionDenied(name)


class OrdinaryMember:
    """Anyone with an account, and nobody in particular: never the author of anything."""

    id, is_anonymous, is_suspended, is_confirmed = -1, False, False, True

    def has_role(self, role, territory_id=None) -> bool:
        return False

    def territories_as(self, *names) -> set[int]:
        return set()


anyone = Predicate(lambda person, thing: True)
nobody = Predicate(lambda person, thing: False)
visitor = Predicate(lambda person, thing: person.is_anonymous)
member = Predicate(lambda person, thing: not person.is_anonymous and not person.is_suspended)


def init_app(app: Flask) -> None:
    app.add_template_global(can)
    app.add_template_global(could_after_login)
