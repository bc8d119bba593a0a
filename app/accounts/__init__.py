"""People and, apart from them, their identities; sessions and roles."""

from collections.abc import Callable
from typing import Any

from app.accounts.models import Person

Section = Callable[[Person], tuple[str, str, dict[str, Any]] | None]

# Layers above add to these pages: a function (person) → (title, template, context), or None when there is nothing to show.
sections: list[Section] = []  # on one's own account page: contributions, messages, follows
profile_sections: list[Section] = []  # on the public page of a person: what they published


def init_app(app):
    from app.accounts import pace, rules, sessions, tokens

    sessions.init_app(app)
    tokens.init_app(app)
    pace.init_app(app)
    rules.declare()
