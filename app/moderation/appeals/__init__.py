"""Appeals against a decision or a sanction: six months to ask, another person than the first to answer."""


def init_app(app):
    from app.moderation.appeals import (
        rules,  # noqa: F401 -- declares who may
        views,
    )
    from app.moderation.redress import appeal_path

    app.add_template_global(appeal_path)
    app.register_blueprint(views.appeals)
