"""Messages to people: on their page, and by letter."""


def init_app(app):
    from app.notifications import rules, views  # noqa: F401

    app.register_blueprint(views.notifications)
