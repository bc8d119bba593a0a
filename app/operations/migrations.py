"""Is the database's schema the one this code wants? Alembic itself is loaded only when there is work for it.

An empty database has no history to go through: it is built from the models, and told that it is at the last migration.
A test compares what both ways leave. Why: docs/decisions/0015-an-empty-database.md.
"""

import pkgutil
import re
from importlib import import_module
from pathlib import Path

from sqlalchemy import Column, MetaData, PrimaryKeyConstraint, String, Table, inspect, text
from sqlalchemy.engine import Connection

import app
from app.core.db import Base, db, make_engine, writing

FOLDER = Path(app.__file__).parent.parent / "migrations"
LOCK = 0x6D696772  # PostgreSQL's advisory lock of whoever migrates: "migr"
VERSION = Table(  # as Alembic makes it
    "alembic_version",
    MetaData(),
    Column("version_num", String(32)),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
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
        is_new = there is None and folder == FOLDER and is_empty(connection)
    engine.dispose()
    if is_new:
        build(url)
    elif is_known and there != head(folder):
        upgrade(url, folder)


def is_empty(connection: Connection) -> bool:
    """No table of ours. PostgreSQL may hold those of Huey already, when JOBS_URL says so."""
    import_models()
    return not set(inspect(connection).get_table_names()) & {*Base.metadata.tables, VERSION.name}


def build(url: str) -> None:
    """The tables of the models, at the last migration: whole or not at all. Two at once: the second finds it done."""
    import_models()
    engine = make_engine(url)
    token = writing.set(True)
    try:
        with engine.begin() as connection:
            wait_for_turn(connection)
            if is_empty(connection):
                Base.metadata.create_all(connection)
                VERSION.create(connection)
                connection.execute(VERSION.insert().values(version_num=head()))
    finally:
        writing.reset(token)
        engine.dispose()


def wait_for_turn(connection: Connection) -> None:
    """One process at a time changes the schema, until the end of its transaction. On SQLite a writer is alone already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")


def import_models() -> None:
    """Every table, without making an application."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.endswith(".models") or module.name.startswith("app.core."):
            import_module(module.name)
