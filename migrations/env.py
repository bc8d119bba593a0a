"""How migrations run: in one transaction, by one process at a time, on SQLite and PostgreSQL.

Stopped half-way, nothing of it happened; started twice, the second start waits and finds the work done.
"""

from pathlib import Path

from alembic import context
from sqlalchemy import Enum, event
from sqlalchemy.types import TypeDecorator

from app.core.db import Base, make_engine, writing
from app.operations.migrations import import_models, wait_for_turn
from config import Config


def plain(type_, obj, autogen_context):
    """Migrations outlive the code: our own types are written as what they are in the database."""
    if type_ == "type" and isinstance(obj, TypeDecorator):
        obj = obj.impl_instance
    if type_ == "type" and isinstance(obj, Enum):
        return f"sa.String(length={obj.length})"
    if type_ == "type" and type(obj).__module__ == "sqlalchemy.sql.sqltypes" and not obj._variant_mapping:
        return f"sa.{obj!r}"
    return False


def is_ours(_object, name, type_, reflected, compare_to):
    """Huey keeps its tables in the same PostgreSQL database when JOBS_URL says so."""
    return not (type_ == "table" and reflected and compare_to is None and name.startswith("huey_"))


OPTIONS = {
    "target_metadata": Base.metadata,
    "render_as_batch": True,
    "render_item": plain,
    "include_object": is_ours,
    "transactional_ddl": True,
}


def migrate(url: str) -> None:
    engine = make_engine(url)
    on_sqlite = engine.dialect.name == "sqlite"
    if on_sqlite:
        Path(engine.url.database or "").parent.mkdir(mode=0o700, parents=True, exist_ok=True)

        @event.listens_for(engine, "connect")
        def keep_children(connection, _record):
            # A table rebuilt by batch is dropped first: with foreign keys on, its children's rows would go with it.
            connection.execute("PRAGMA foreign_keys = OFF")

    token = writing.set(True)
    try:
        with engine.begin() as connection:
            wait_for_turn(connection)
            context.configure(connection=connection, **OPTIONS)
            context.run_migrations()
            if on_sqlite and (orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                raise RuntimeError(f"the migration would leave {len(orphans)} rows without their parent, the first in {orphans[0][0]}")
    finally:
        writing.reset(token)
        engine.dispose()


import_models()
given = context.config.attributes.get("url") or Config.DATABASE_URL
if context.is_offline_mode():
    context.configure(url=given, literal_binds=True, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()
else:
    migrate(given)
