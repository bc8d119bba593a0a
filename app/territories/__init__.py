"""Places and their tree, their look, charter and legal pages."""

from collections.abc import Callable, Mapping
from typing import Any

from app.core.hooks import Hooks
from app.territories.models import Territory

# Layers above add to the page of a territory: a function (territory) → (template, context), or None when there is nothing to show.
# The template finds `territory` and the context; a block whose figures change with time calls `pagecache.public(until=…)` itself.
Block = Callable[[Territory], tuple[str, dict[str, Any]] | None]
blocks: Hooks[Block] = Hooks()
# To the list of territories: a function () → how much is open in each, by its number. It calls `pagecache.public(until=…)` too.
Openings = Callable[[], Mapping[int, int]]
openings: Hooks[Openings] = Hooks()


def init_app(app):
    from app.territories import admin, cli, linked, rules, views  # noqa: F401

    app.register_blueprint(views.territories)
    app.register_blueprint(admin.territories_admin)
    cli.init_app(app)
