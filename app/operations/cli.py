"""`flask check`, `flask backup`, `flask restore`."""

from pathlib import Path

import click
from flask import Flask, current_app
from sqlalchemy import update

from app.core import health, stamps
from app.core.clock import PARIS
from app.core.db import db, transaction
from app.core.outbox import OutboxJob
from app.operations import backup


def init_app(app: Flask) -> None:
    app.cli.add_command(check)
    app.cli.add_command(save)
    app.cli.add_command(restore)


def place() -> backup.Place:
    return backup.Place(current_app.config["DATABASE_URL"], Path(current_app.config["INSTANCE_DIR"]))


@click.command("check")
def check() -> None:
    """Tout contrôler : une phrase par contrôle ; le code de sortie dit si quelque chose ne va pas."""
    wrong = health.troubles()
    for name in sorted(health.checks):
        click.echo(f"{name} : {wrong.get(name, 'tout va bien.')}")
    if wrong:
        click.echo(f"{len(wrong)} contrôles sur {len(health.checks)} ont trouvé quelque chose.", err=True)
        raise SystemExit(1)


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def save(file: Path) -> None:
    """Sauvegarder la base, les fichiers envoyés et la clé secrète dans FILE, pendant que le site continue."""
    try:
        manifest = backup.write(place(), file, say=click.echo)
    except backup.Refused as error:
        raise click.ClickException(str(error)) from error
    size = file.stat().st_size / 1024**2
    click.echo(f"Sauvegardé dans {file.name} : la base et {manifest['files']} fichiers, {size:.1f} Mo.")
    click.echo("Gardez cette archive comme le site lui-même : elle contient les données de chacun, et la clé.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--force", is_flag=True, help="Remplacer une installation qui n’est pas vide.")
def restore(file: Path, force: bool) -> None:
    """Restaurer ce que FILE contient. Les courriels qui attendaient restent retenus : ils sont peut-être déjà partis."""
    current_app.extensions["engine"].dispose()
    try:
        manifest = backup.read(place(), file, force=force, say=click.echo)
    except backup.Refused as error:
        raise click.ClickException(str(error)) from error
    held = after_restore(manifest)
    click.echo(f"Restauré : l’état du {backup.made_at(manifest).astimezone(PARIS):%d/%m/%Y à %H:%M:%S}, {manifest['files']} fichiers.")
    if held:
        click.echo(f"{held} courriels sont retenus. Pour les envoyer : « flask outbox --revive mail ».")
    click.echo("L’index se refait au prochain démarrage. Refaites vous-même les effacements de comptes demandés depuis cette date.")


def after_restore(manifest: dict) -> int:
    """What time travel asks for: letters wait for a person, pages kept elsewhere are stale, the register says so."""
    from app.audit import services as audit

    with transaction():
        waiting = update(OutboxJob).where(OutboxJob.topic == "mail", ~OutboxJob.is_dead)
        held = db.scalars(waiting.values(is_dead=True, last_error="held: restored from a backup").returning(OutboxJob.id)).all()
        stamps.bump(stamps.EVERYTHING)
        audit.record("site.restored", subject="site:1", detail={"backup_made_at": manifest["made_at"], "letters_held": len(held)})
    return len(held)
