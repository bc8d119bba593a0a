"""Sanctions on accounts: proposed by one person, confirmed by another, with their reasons and their end."""


def init_app(app):
    from app.moderation.sanctions import (
        listeners,
        rules,  # noqa: F401 -- declares who may
        views,
    )

    listeners.listen()
    app.register_blueprint(views.sanctions)
