"""Checks of the house itself: database, schema, files. Features register theirs with `core.health`."""

import shutil
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import text

from app.core import health
from app.core.db import db, is_postgres
from app.operations import migrations, settings

LEAST_SPACE = 200 * 1024 * 1024  # bytes


@health.check("database", serving=True)
def database_answers() -> str | None:
    db.execute(text("SELECT 1"))
    return None


@health.check("migrations", serving=True)
def schema_is_current() -> str | None:
    return migrations.trouble(db.connection())


@health.check("integrity")
def database_is_sound() -> str | None:
    """SQLite checks its own pages and its foreign keys; PostgreSQL does both all the time."""
    if is_postgres():
        return None
    found = db.scalar(text("PRAGMA quick_check(1)"))
    if found != "ok":
        return f"Le fichier de la base est abîmé ({found}) : restaurez la dernière sauvegarde."
    if orphan := db.execute(text("PRAGMA foreign_key_check")).first():
        return f"Des lignes de {orphan[0]} ont perdu celles dont elles dépendent."
    return None


@health.check("disk")
def disk_has_room() -> str | None:
    free = shutil.disk_usage(Path(current_app.config["INSTANCE_DIR"])).free
    return f"Il ne reste que {free // 1024**2} Mo sur le disque : faites de la place." if free < LEAST_SPACE else None


@health.check("settings")
def settings_are_safe() -> str | None:
    return " ".join(settings.refusals(current_app.config)) or None


def init_app(app: Flask) -> None:
    """Registered by being imported; those who watch want to hear of the index as well."""
    health.serving_checks.add("search")
