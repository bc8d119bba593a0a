"""The shared verbs of `flask …`: features register their commands in these groups."""

from flask import Flask
from flask.cli import AppGroup

importing = AppGroup("import", help="Importer des données venues d’ailleurs.")
exporting = AppGroup("export", help="Exporter des données.")


def init_app(app: Flask) -> None:
    app.cli.add_command(importing)
    app.cli.add_command(exporting)
