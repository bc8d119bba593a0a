"""Moderation: reports, one case a content, decisions with their reasons, and the regime that says what is read before it is shown."""

from collections.abc import Callable
from typing import Any

from app.core.hooks import Hooks

# Layers above add to the page of a decision, as its author reads it: a function (decision) → (template, context), or None.
decision_blocks: Hooks[Callable[[Any], tuple[str, dict[str, Any]] | None]] = Hooks()


def init_app(app):
    from app.admin import menu
    from app.core import errors
    from app.core.i18n import _l
    from app.moderation import (
        appeals,
        desk,
        garants,
        gone,
        listeners,
        retention,  # noqa: F401 -- what is forgotten, and when
        rules,  # noqa: F401 -- declares who may
        sanctions,
        transparency,
        views,
    )
    from app.moderation.desk import waiting
    from app.moderation.doors import desk_doors, door

    listeners.listen()
    errors.gone.register(gone.told)
    desk.init_app(app)
    app.register_blueprint(views.moderation)
    menu(_l("Modération"), "moderation.queue", "moderation.desk", header="moderation.index", waiting=waiting.in_words)
    # What belongs to no territory is the region's.
    menu(_l("Modération"), "moderation.index", "moderation.desk", scope="region", header=True, waiting=waiting.in_words)
    menu(_l("Règles de modération"), "moderation.settings", "moderation.settings")
    app.add_template_global(desk_doors)
    app.add_template_global(views.reading_of)
    door(_l("File"), "moderation.queue", "moderation.desk", 10)
    door(_l("Registre"), "moderation.register", "moderation.desk", 40)
    sanctions.init_app(app)
    appeals.init_app(app)
    garants.init_app(app)
    transparency.init_app(app)
