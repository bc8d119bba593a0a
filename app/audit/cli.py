"""`flask audit verify` and `flask audit checkpoint`."""

import json
from pathlib import Path
from typing import IO

import click
from flask.cli import AppGroup

from app.audit import queries, services
from app.audit.tasks import keys
from app.core.db import transaction
from app.core.i18n import _, ngettext

CopyOf = click.Path(exists=True, dir_okay=False, path_type=Path)
audit = AppGroup("audit", help="Le registre des actes.")


@audit.command("verify", help="Vérifier que le registre n’a pas été modifié, et le dire en une phrase.")
@click.argument("chain", required=False)
@click.option("--against", type=CopyOf, help="Points de contrôle gardés ailleurs (une copie de /donnees/registre.json).")
@click.option("--details", is_flag=True, help="Aussi une phrase par chaîne.")
def verify(chain: str | None, against: Path | None, details: bool) -> None:
    others = _kept(against) if against else []
    found = [queries.verify(chain, keys=keys(), others=others)] if chain else list(queries.verify_all(keys=keys(), others=others))
    for verdict in found if details else []:
        click.echo(verdict.sentence)
    click.echo(queries.summary(found))
    if not all(found):
        raise SystemExit(1)


def _kept(path: Path) -> list[queries.Checkpoint]:
    try:
        return [queries.Checkpoint.from_json(each) for each in json.loads(path.read_text(encoding="utf-8"))["checkpoints"]]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise click.ClickException(_("%(path)s n’est pas une copie de /donnees/registre.json.", path=path)) from error


@audit.command("checkpoint", help="Signer l’état du registre ; se fait seul chaque jour.")
def checkpoint() -> None:
    with transaction():
        made = len(services.checkpoint(keys()))
    click.echo(
        ngettext("%(num)s chaîne signée.", "%(num)s chaînes signées.", made)
        if made
        else _("Rien de nouveau depuis le dernier point de contrôle.")
    )


@audit.command("export", help="Écrire une chaîne en JSON, une ligne par acte, sans donnée personnelle : pour qui la vérifie ailleurs.")
@click.argument("chain")
@click.option("-o", "--output", type=click.File("w", encoding="utf-8", lazy=True), default="-")
def export(chain: str, output: IO[str]) -> None:
    for entry in queries.entries_from(chain):
        output.write(json.dumps(entry, ensure_ascii=True) + "\n")
