"""Full-text search over every published content: one analyser, one ranking, two engines."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.core.hooks import Hooks

if TYPE_CHECKING:
    from app.search.queries import Found

# Layers above add to a page of results: a function (found) → (template, context), or None.
under_results: Hooks[Callable[["Found"], tuple[str, dict[str, Any]] | None]] = Hooks()


def init_app(app):
    from app.search import asking, cli, health, models, sync, views  # noqa: F401 -- the tables, for the metadata

    sync.listen()
    health.declare()
    cli.init_app(app)
    app.register_blueprint(views.search)
    app.add_template_global(asking.address_as)
    app.add_template_global(views.pieces_under)
