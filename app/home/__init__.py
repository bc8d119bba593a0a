"""Pages made of several features: front page, what one can take part in, feeds, sitemap, the region's legal pages."""


def init_app(app):
    from app.home import blocks, feeds, linked, showcase, views  # noqa: F401 -- linked only registers itself

    blocks.declare()
    app.register_blueprint(views.home)
    app.register_blueprint(feeds.feeds)
    showcase.init_app(app)
