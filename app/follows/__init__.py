"""What people follow: searches they saved, read as an Atom feed or told by one letter a day."""


def init_app(app):
    from app.follows import digests, rules, views  # noqa: F401 -- declares who may; the worker's part

    app.register_blueprint(views.follows)
    app.add_template_global(digests.still_public)
