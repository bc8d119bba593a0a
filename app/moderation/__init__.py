"""Moderation: reports, one case a content, decisions with their reasons, and the regime that says what is read before it is shown."""


def init_app(app):
    from app.admin import menu
    from app.core.i18n import _l
    from app.moderation import (
        listeners,
        rules,  # noqa: F401 -- declares who may
        views,
    )
    from app.moderation.appeals import models as _appeals  # noqa: F401 -- its tables
    from app.moderation.sanctions import models as _sanctions  # noqa: F401

    listeners.listen()
    app.register_blueprint(views.moderation)
    menu(_l("Modération"), "moderation.queue", "moderation.desk", header="moderation.index")
    menu(_l("Modération"), "moderation.index", "moderation.desk", scope="region", header=True)  # what belongs to no territory
    menu(_l("Règles de modération"), "moderation.settings", "moderation.settings")
