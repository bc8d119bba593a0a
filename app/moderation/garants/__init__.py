"""The garant's room: every case, original, decision and appeal of their project, on pages that have no form."""


def init_app(app):
    from app.moderation.garants import (
        rules,  # noqa: F401 -- declares who may
        views,
    )

    app.register_blueprint(views.garants)
