"""Full-text search over every published content."""


def init_app(app):
    pass
