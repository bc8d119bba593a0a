"""Sanctions on accounts: proposed by one person, confirmed by another, with their reasons and their end."""


def init_app(app):
    from app.admin import menu
    from app.core.i18n import _l
    from app.moderation.doors import door
    from app.moderation.sanctions import (
        listeners,
        queries,
        rules,  # noqa: F401 -- declares who may
        views,
    )

    listeners.listen()
    app.register_blueprint(views.sanctions)
    door(_l("Sanctions"), "sanctions.index", "sanction.read", 30)
    menu(_l("Sanctions"), "sanctions.index", "sanction.read", waiting=queries.in_words)
    menu(_l("Sanctions"), "sanctions.region", "sanction.read", scope="region", waiting=queries.in_words)
