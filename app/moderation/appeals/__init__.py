"""Appeals against a decision or a sanction: six months to ask, another person than the first to answer."""


def init_app(app):
    from app.admin import menu
    from app.core.i18n import _l
    from app.moderation.appeals import (
        queries,
        rules,  # noqa: F401 -- declares who may
        views,
    )
    from app.moderation.doors import door
    from app.moderation.redress import appeal_path

    app.add_template_global(appeal_path)
    app.register_blueprint(views.appeals)
    door(_l("Recours"), "appeals.index", "appeal.read", 20)
    menu(_l("Recours"), "appeals.index", "appeal.read", waiting=queries.in_words)
    menu(_l("Recours"), "appeals.region", "appeal.read", scope="region", waiting=queries.in_words)
