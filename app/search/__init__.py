"""Full-text search over every published content: one analyser, one ranking, two engines."""


def init_app(app):
    from app.search import cli, engines, health, models, queries, sync, views  # noqa: F401 -- the tables, for the metadata

    engines.init_app(app)
    sync.listen()
    health.declare()
    cli.init_app(app)
    app.register_blueprint(views.search)
    app.add_template_global(queries.address_as)
