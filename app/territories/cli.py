import click
from flask import Flask

from app.core.cli import importing
from app.core.db import transaction
from app.territories import reference


@importing.command("territories")
def import_territories() -> None:
    """Entrer les communes et intercommunalités du Nord et du Pas-de-Calais, avec leurs codes INSEE et SIREN."""
    with transaction():
        entered, completed = reference.enter_all()
    click.echo(f"{entered} territoires entrés, {completed} complétés, {len(reference.places()) - entered - completed} déjà connus.")


def init_app(app: Flask) -> None:
    """The command is in the shared group `flask import`."""
