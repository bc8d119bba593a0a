"""`flask check`, `flask backup`, `flask restore`."""

import click
from flask import Flask

from app.core import health


def init_app(app: Flask) -> None:
    @app.cli.command("check")
    def check() -> None:
        """Tout contrôler : une phrase par contrôle ; le code de sortie dit si quelque chose ne va pas."""
        wrong = health.troubles()
        for name in sorted(health.checks):
            click.echo(f"{name} : {wrong.get(name, 'tout va bien.')}")
        if wrong:
            click.echo(f"{len(wrong)} contrôles sur {len(health.checks)} ont trouvé quelque chose.", err=True)
            raise SystemExit(1)
