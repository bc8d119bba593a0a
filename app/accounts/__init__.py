"""People and, apart from them, their identities; sessions and roles."""

from collections.abc import Callable
from typing import Any

from app.accounts.models import Person
from app.core.hooks import Hooks

Section = Callable[[Person], tuple[str, str, dict[str, Any]] | None]

# Layers above add to these pages: a function (person) → (title, template, context), or None when there is nothing to show.
sections: Hooks[Section] = Hooks()  # on one's own account page: contributions, messages, follows
profile_sections: Hooks[Section] = Hooks()  # on the public page of a person: what they published


def init_app(app):
    from app.accounts import admin, blocks, pace, retention, rules, sessions, tokens, views  # noqa: F401

    sessions.init_app(app)
    tokens.init_app(app)
    pace.init_app(app)
    app.register_blueprint(views.accounts)
    app.register_blueprint(admin.accounts_admin)
