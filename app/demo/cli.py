"""`flask demo`: the demonstration region, and the same a hundred times larger for measurements."""

from urllib.parse import urlsplit

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import inspect

from app.core.db import db, transaction
from app.core.formats import number
from app.territories.models import Territory

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@click.command("demo")
@click.option(
    "--scale",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Combien de fois les contributions et les fiches, pour mesurer.",
)
@with_appcontext
def demo(scale: int) -> None:
    """Charger la région de démonstration dans une base vide, et la multiplier."""
    from app.demo import services  # here: every start reads this file, few run the command

    if urlsplit(current_app.config["BASE_URL"]).hostname not in LOOPBACK:
        raise click.ClickException("La démonstration ne se charge pas sur un site public : ses accès sont connus de tous.")
    if not inspect(db.connection()).has_table(Territory.__tablename__):
        raise click.ClickException("La base n’a pas encore ses tables. Lancez d’abord « alembic upgrade head ».")
    if services.is_empty():
        db.rollback()
        with transaction():
            services.load()
        click.echo("La région de démonstration est chargée.")
    elif not (services.is_loaded() and scale > 1):
        raise click.ClickException("La base contient déjà des territoires : la démonstration ne se charge que dans une base vide.")
    db.rollback()
    if scale > 1:
        multiply(scale)
    click.echo("\n".join(services.log_in_addresses()))
    db.rollback()


def multiply(scale: int) -> None:
    """Copy by copy, each in a transaction: interrupted, it leaves whole copies, and goes on from there when started again."""
    from tqdm import tqdm

    from app.demo import scale as scaling

    done, made = scaling.copies_made(), 0
    multiplier = scaling.Multiplier()
    db.rollback()
    try:
        with tqdm(total=scale - 1, initial=min(done, scale - 1), unit=" copies", desc="Multiplication") as bar:
            for n in range(done + 1, scale):
                with transaction():
                    made += multiplier.add_copy(n)
                db.expunge_all()
                bar.update()
    except KeyboardInterrupt as error:
        raise click.ClickException("Interrompu : les copies faites sont entières. Relancez la même commande pour continuer.") from error
    finally:
        click.echo(
            f"{number(made)} contenus ajoutés. L’index de recherche les prend au fil de l’eau ; « flask search rebuild » va plus vite."
        )
