"""Serving, watching and keeping: embedded server, migrations, health, metrics, checks, backup and restore."""

from flask import Flask


def init_app(app: Flask) -> None:
    from app.operations import checks, cli, metrics, settings, views

    if not app.testing and (problems := settings.refusals(app.config)):
        raise SystemExit("\n".join(["Beffroi ne démarre pas :", *(f"- {sentence}" for sentence in problems)]))
    app.register_blueprint(views.blueprint)
    metrics.init_app(app)
    checks.init_app(app)
    cli.init_app(app)
