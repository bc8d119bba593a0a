import os
import uuid

import pytest
from sqlalchemy import event, text

from app.audit import triggers
from app.audit.models import AuditCheckpoint, AuditEntry, AuditHead, AuditSecret
from app.core import db as database

TABLES = [model.__table__ for model in (AuditEntry, AuditSecret, AuditHead, AuditCheckpoint)]


@pytest.fixture
def register(tmp_path):
    """A register of its own, really committed: on SQLite a file, on PostgreSQL a schema. Ends with the test."""
    url = os.environ.get("TEST_DATABASE_URL", f"sqlite:///{tmp_path / 'register.db'}")
    schema = f"audit_{uuid.uuid4().hex[:12]}"
    engine = database.make_engine(url)
    if engine.dialect.name == "postgresql":

        @event.listens_for(engine, "connect")
        def in_schema(connection, _record):
            connection.execute(f"SET search_path TO {schema}")
            connection.commit()

    before = dict(database.Session.kw)
    database.db.remove()
    token = database.writing.set(True)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        database.Base.metadata.create_all(connection, tables=TABLES)
    database.writing.reset(token)
    database.Session.configure(bind=engine, join_transaction_mode="conditional_savepoint")
    yield engine
    database.db.remove()
    if engine.dialect.name == "postgresql":
        token = database.writing.set(True)
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        database.writing.reset(token)
    engine.dispose()
    database.Session.kw.clear()
    database.Session.configure(**before)


@pytest.fixture
def unsealed(register):
    """The register in the hands of somebody who may do anything in the database: its guards are gone."""
    with database.transaction():
        for statement in triggers.unsealing(register.dialect.name):
            database.db.execute(text(statement))
    return register
