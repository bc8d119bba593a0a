"""`flask readings draw` and `flask readings check`."""

import click
from flask.cli import AppGroup

from app.core.db import transaction
from app.core.i18n import _, ngettext
from app.moderation.transparency import queries, services

readings = AppGroup("readings", help="La seconde lecture d’un échantillon de décisions.")


@readings.command("draw", help="Tirer au sort les décisions de la semaine passée ; se fait seul.")
def draw() -> None:
    with transaction():
        drawn = sum(each.drawn for each in services.draw_due())
    click.echo(
        ngettext("%(num)s décision tirée au sort.", "%(num)s décisions tirées au sort.", drawn) if drawn else _("Rien à tirer au sort.")
    )


@readings.command("check", help="Refaire chaque tirage depuis sa graine et dire s’il donne les mêmes décisions.")
def check() -> None:
    draws = queries.draws()
    other = [each for each in draws if not services.is_the_same(each)]
    if not other:
        click.echo(ngettext("%(num)s tirage, refait à l’identique.", "%(num)s tirages, refaits à l’identique.", len(draws)))
        return
    named = ", ".join(f"{each.place} {each.week.isoformat()}" for each in other)
    click.echo(_("Ces tirages ne se refont pas à l’identique : %(which)s.", which=named))
    raise SystemExit(1)
