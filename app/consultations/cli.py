"""Its share of the common verbs: `flask import consultation`, `flask export consultation`."""

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from app.consultations import exporting, importing
from app.consultations.archives import Unreadable
from app.consultations.queries import get_consultation
from app.contents.models import Content
from app.core.cli import exporting as export_group
from app.core.cli import importing as import_group
from app.core.db import db
from app.core.errors import NotFound
from app.core.i18n import _
from app.territories.models import Territory


def declare() -> None:
    """The commands below are registered by being read."""


@import_group.command("consultation")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--territory", required=True, help="Le territoire qui l’accueille : son nom dans les adresses.")
@click.option("--project", type=int, help="Le numéro du projet dont elle fait partie.")
@click.option("--title", default="", help="Le titre de la consultation ; sinon, le nom du fichier.")
@with_appcontext
def import_consultation(file: Path, territory: str, project: int | None, title: str) -> None:
    """Importer une consultation : un fichier .jsonl(.gz), ou une archive d’export.

    Interrompu, il reprend où il en était ; relancé, il n’importe que ce qui manque.
    """
    place = db.scalars(select(Territory).where(Territory.slug == territory)).one_or_none()
    if place is None:
        raise click.ClickException(_("Aucun territoire ne s’appelle « %(slug)s ».", slug=territory))
    if project is not None:
        known = db.scalar(select(Content.id).where(Content.id == project, Content.kind == "project", Content.territory_id == place.id))
        if known is None:
            raise click.ClickException(_("Le projet %(id)s n’existe pas dans ce territoire.", id=project))
    from tqdm import tqdm  # here: every start reads this file, few run the command

    with tqdm(total=file.stat().st_size, unit="o", unit_scale=True, desc=file.name, disable=None) as bar:

        def progress(done: int) -> None:
            bar.update(done - bar.n)

        def refusal(sentence: str) -> None:
            bar.write(sentence, file=sys.stderr)

        try:
            report = importing.import_consultation(file, place, title=title, project_id=project, progress=progress, refusal=refusal)
        except Unreadable as error:
            raise click.ClickException(_("%(why)s Ce qui a été lu avant est gardé.", why=error)) from None
        except KeyboardInterrupt:
            click.echo(_("Interrompu. Ce qui est écrit est gardé : relancez la même commande pour continuer."), err=True)
            raise SystemExit(130) from None
    click.echo(report.summary())
    click.echo(_("Consultation %(id)s.", id=report.consultation_id))


@export_group.command("consultation")
@click.argument("consultation_id", metavar="ID", type=int)
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Le fichier .zip à écrire.")
@with_appcontext
def export_consultation(consultation_id: int, output: Path) -> None:
    """Exporter une consultation : CSV, JSON, et un README qui dit chaque colonne."""
    try:
        consultation = get_consultation(consultation_id)
    except NotFound:
        raise click.ClickException(_("La consultation %(id)s n’existe pas.", id=consultation_id)) from None
    if not consultation.is_public:
        raise click.ClickException(_("Cette consultation n’est pas publiée : elle ne s’exporte pas."))
    counts = exporting.export_consultation(consultation, output)
    what = {"propositions": counts["proposal"], "arguments": counts["argument"], "réponses": counts["comment"], "sources": counts["source"]}
    click.echo(_("Écrit : %(file)s (%(what)s).", file=output, what=", ".join(f"{count} {name}" for name, count in what.items())))
