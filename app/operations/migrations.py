"""Is the database's schema the one this code wants? Alembic itself is loaded only when there is work for it."""

import re
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

import app
from app.core.db import db, make_engine

FOLDER = Path(app.__file__).parent.parent / "migrations"
_revision = re.compile(r"^revision(?:: str)? = [\"'](\w+)", re.MULTILINE)
_parent = re.compile(r"^down_revision(?:: [^=]+)? = [\"'](\w+)", re.MULTILINE)


def head(folder: Path = FOLDER) -> str | None:
    """The last migration of the code, read without running it."""
    parents = _read(folder)
    heads = set(parents) - set(parents.values())
    assert len(heads) <= 1, f"migrations have several heads: {', '.join(sorted(heads))}"
    return heads.pop() if heads else None


def _read(folder: Path) -> dict[str, str | None]:
    """Each migration and the one before it."""
    parents = {}
    for path in sorted((folder / "versions").glob("*.py")):
        source = path.read_text(encoding="utf-8")
        if name := _revision.search(source):
            before = _parent.search(source)
            parents[name[1]] = before[1] if before else None
    return parents


def current(connection: Connection) -> str | None:
    """The last migration the database went through."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(text("SELECT version_num FROM alembic_version"))


def trouble(connection: Connection, folder: Path = FOLDER) -> str | None:
    """What keeps this code from serving this database, in one sentence."""
    there, wanted = current(connection), head(folder)
    if there == wanted:
        return None
    if there is not None and there not in _read(folder):
        return "La base vient d’une version plus récente de Beffroi : mettez le programme à jour."
    return "La base n’est pas à jour : lancez « alembic upgrade head »."


def trouble_now() -> str | None:
    """The same, for the application's own database."""
    sentence = trouble(db.connection())
    db.rollback()
    return sentence


def alembic_config(url: str, folder: Path = FOLDER):
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def upgrade(url: str, folder: Path = FOLDER) -> None:
    """Bring the database to the code's schema. Two at once: the second waits, then finds nothing to do."""
    from alembic import command

    command.upgrade(alembic_config(url, folder), "head")


def upgrade_if_behind(url: str, folder: Path = FOLDER) -> None:
    engine = make_engine(url)
    with engine.connect() as connection:
        there = current(connection)
        is_known = there is None or there in _read(folder)
    engine.dispose()
    if is_known and there != head(folder):
        upgrade(url, folder)
