from pathlib import Path

import click
from sqlalchemy import select

from app.core.cli import importing
from app.core.db import db
from app.core.errors import DomainError
from app.territories.models import Territory


def declare() -> None:
    if "initiatives" in importing.commands:
        return

    @importing.command("initiatives")
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--publish", is_flag=True, help="Publier les fiches au lieu de les laisser en brouillon.")
    @click.option("--territory", help="Territoire auquel elles appartiennent (sinon : la région).")
    def initiatives(file: Path, publish: bool, territory: str | None):
        """Importer des fiches : un objet JSON par ligne (id, title, body_html, source_url)."""
        from tqdm import tqdm

        from app.initiatives.imports import import_sheets

        place = db.scalar(select(Territory).where(Territory.slug == territory)) if territory else None
        if territory and place is None:
            raise click.ClickException(f"Il n’y a pas de territoire « {territory} ».")
        try:
            with tqdm(unit=" fiches", desc="Import") as bar:
                report = import_sheets(file, publish=publish, territory=place, progress=lambda: bar.update())
        except DomainError as error:
            raise click.ClickException(error.message) from error
        click.echo(f"{report.imported} fiches importées, {report.already} déjà là, {len(report.refused)} refusées.")
        for number, reason in report.refused:
            click.echo(f"  ligne {number} : {reason}")
