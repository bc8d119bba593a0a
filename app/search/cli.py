"""`flask search …`: for an operator."""

import time

import click
from flask import Flask
from flask.cli import AppGroup

from app.core.formats import number, size
from app.search import engines, sync
from app.search.engines.base import SearchUnavailable

group = AppGroup("search", help="L’index de recherche.")


@group.command("rebuild")
def rebuild() -> None:
    """Refaire l’index à partir de la base. Le site continue de chercher pendant ce temps."""
    start = time.monotonic()
    try:
        count = sync.rebuild()
    except (SearchUnavailable, OSError) as error:  # a disk that is full, or may only be read
        raise click.ClickException(f"L’index n’a pas pu être refait : {error}. Rien n’a changé ; relancez la commande.") from error
    click.echo(f"{number(count)} contenus indexés en {number(round(time.monotonic() - start, 1))} s.")


@group.command("status")
def status() -> None:
    """Dire ce que contient l’index."""
    found = engines.current().status()
    if not found.is_ready:
        raise click.ClickException(f"L’index ne se lit pas ({found.detail}). Lancez « flask search rebuild ».")
    click.echo(f"{found.engine} : {number(found.documents)} contenus, {size(found.size)}, {found.detail}.")


def init_app(app: Flask) -> None:
    app.cli.add_command(group)
