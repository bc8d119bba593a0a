"""Checks of the house itself: database, schema, files. Features register theirs with `core.health`."""

import shutil
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import func, select, text, union

from app.audit.queries import verify_all
from app.audit.tasks import keys as audit_keys
from app.contents.models import Tally, Vote
from app.core import health, outbox
from app.core.db import db, is_postgres
from app.operations import migrations, settings
from app.search import engines, sync

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


@health.check("votes")
def tallies_are_right() -> str | None:
    """Recount every vote; imported totals stand apart."""
    counted = select(Vote.content_id, Vote.scale, Vote.value, func.count(Vote.id).label("n")).group_by(
        Vote.content_id, Vote.scale, Vote.value
    )
    votes = counted.subquery()
    same = (votes.c.content_id == Tally.content_id) & (votes.c.scale == Tally.scale) & (votes.c.value == Tally.value)
    wrong = select(Tally.content_id).outerjoin(votes, same).where(Tally.cast != func.coalesce(votes.c.n, 0))
    missing = select(votes.c.content_id).outerjoin(Tally, same).where(Tally.id.is_(None))
    ids = db.scalars(union(wrong, missing)).all()
    if not ids:
        return None
    return f"Le décompte des votes est faux pour {len(ids)} contenus, dont le n° {min(ids)}."


@health.check("index")
def index_follows() -> str | None:
    """As many documents in the index as the database has to show, once nothing waits to be indexed."""
    if outbox.waiting(sync.TOPIC):
        return None  # the outbox says so if it waits too long
    status = engines.current().status()
    expected = sum(len(batch) for batch in sync.every_document())
    if status.is_ready and status.documents != expected:
        return f"L’index a {status.documents} contenus, la base {expected} : lancez « flask search rebuild »."
    return None


@health.check("register")
def register_holds() -> str | None:
    broken = [verdict.sentence for verdict in verify_all(keys=audit_keys()) if not verdict]
    return " ".join(broken) or None


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
