"""Stored files: bytes whose type was found by reading them, kept under a name of ours, with rights asked at each fetch.

A feature says who may read what it stores, and marks the views that take files:

    files.readers["logo"] = lambda person, file: True

    @blueprint.post("/gestion/<slug>/logo")
    @files.takes_files
    def change_logo(slug): …
"""

from app.files.rules import readers
from app.files.uploads import takes_files

__all__ = ["init_app", "readers", "takes_files"]


def init_app(app):
    from app.files import rules, tasks, uploads, views  # noqa: F401

    uploads.init_app(app)
    app.register_blueprint(views.blueprint)
