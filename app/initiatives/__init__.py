"""The regional catalogue: initiative sheets, reference documents and tool sheets, written by territories, published by curators."""

from collections.abc import Callable
from typing import Any

from app.core.hooks import Hooks

Foot = Callable[[Any, Any], tuple[str, dict[str, Any]]]

feet: Hooks[Foot] = Hooks()  # what layers above say below a sheet, the same for all: (sheet, its terms) → (template, context)


def init_app(app):
    from app.admin import menu
    from app.contents import kinds
    from app.core.i18n import _l
    from app.initiatives import (
        admin,
        cli,
        desk,
        editorial,  # noqa: F401 -- more pages of the same blueprint
        linked,  # noqa: F401 -- registers itself
        lists,
        map,
        reminders,  # noqa: F401 -- the worker’s part
        rules,  # noqa: F401 -- declares who may
        search,
        views,
        writing,  # noqa: F401 -- more pages of the same blueprint
    )
    from app.initiatives.labels import KIND_LABELS
    from app.initiatives.models import KINDS
    from app.related import registry as related

    for name, model in KINDS.items():
        label, plural = KIND_LABELS[name]
        kinds.register(model, label=label, plural=plural, address=views.address, permission="sheet.read")
        related.compare(name, precedent=True)
        related.link(name, permission="sheet.link", regional=True)
    map.check_tiles(app.config["MAP_TILES"])
    search.declare()
    cli.declare()
    app.register_blueprint(views.initiatives)
    app.register_blueprint(admin.catalogue_admin)
    app.register_blueprint(lists.lists)
    menu(_l("Bureau des curateurs"), "catalogue_admin.index", "catalogue.curate", scope="region", header=True, waiting=desk.in_words)
    menu(_l("Vocabulaires"), "lists.index", "vocabulary.edit", scope="region")
