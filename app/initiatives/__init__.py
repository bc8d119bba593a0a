"""The regional catalogue."""


def init_app(app):
    pass
