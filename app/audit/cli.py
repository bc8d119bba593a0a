"""`flask audit verify` and `flask audit checkpoint`."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from app.audit import queries, services
from app.audit.tasks import keys
from app.core.db import transaction
from app.core.i18n import _, ngettext

CopyOf = click.Path(exists=True, dir_okay=False, path_type=Path)
audit = AppGroup("audit", help="Le registre des actes.")


@audit.command("verify", help="Vérifier que le registre n’a pas été modifié.")
@click.argument("chain", required=False)
@click.option("--against", type=CopyOf, help="Points de contrôle gardés ailleurs (une copie de /donnees/registre.json).")
def verify(chain: str | None, against: Path | None) -> None:
    others = _kept(against) if against else []
    found = [queries.verify(chain, secrets=keys(), others=others)] if chain else list(queries.verify_all(secrets=keys(), others=others))
    for verdict in found:
        click.echo(verdict.sentence)
    if not found:
        click.echo(_("Le registre est vide."))
    if not all(found):
        raise SystemExit(1)


def _kept(path: Path) -> list[queries.Checkpoint]:
    try:
        return [queries.Checkpoint.from_json(each) for each in json.loads(path.read_text(encoding="utf-8"))["checkpoints"]]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise click.ClickException(_("%(path)s n’est pas une copie de /donnees/registre.json.", path=path)) from error


@audit.command("checkpoint", help="Signer l’état du registre ; se fait seul chaque jour.")
def checkpoint() -> None:
    with transaction():
        made = len(services.checkpoint(keys()[0]))
    click.echo(
        ngettext("%(num)s chaîne signée.", "%(num)s chaînes signées.", made)
        if made
        else _("Rien de nouveau depuis le dernier point de contrôle.")
    )
