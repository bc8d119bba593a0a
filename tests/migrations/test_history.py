"""The migrations we have: each up and down with the demonstration's data, and equal to the models (G03)."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, select

from app import create_app
from app.core import db as database
from app.operations import first, migrations
from tests.conftest import TestConfig, database_url
from tests.core.small import Outside

pytestmark = [pytest.mark.no_database, pytest.mark.skipif(migrations.head() is None, reason="no migration is written yet")]


def contents_of(outside: Outside) -> dict[str, list]:
    """Every row of every table, as it is in the database."""
    found = MetaData()
    found.reflect(outside.engine)
    with outside.engine.connect() as connection:
        return {table.name: sorted(map(repr, connection.execute(select(table)).all())) for table in found.sorted_tables}


def test_every_migration_goes_down_and_up_with_data(tmp_path):
    before = dict(database.Session.kw)
    url = database_url("history", tmp_path)
    config = migrations.alembic_config(url)
    outside = Outside(url)
    migrations.upgrade(url)
    command.check(config)

    database.db.remove()
    app = create_app(type("Own", (TestConfig,), {"INSTANCE_DIR": tmp_path, "DATABASE_URL": url, "DEMO": True}))
    with app.app_context():
        first.first_steps(app)
    database.db.remove()
    app.extensions["engine"].dispose()
    database.Session.configure(**before)

    full = contents_of(outside)
    assert sum(map(len, full.values())) > 500
    for revision in list(ScriptDirectory.from_config(config).walk_revisions())[:-1]:
        command.downgrade(config, str(revision.down_revision))
        # What only the newer tables say is lost on the way down; what was there before comes back as it was.
        older = contents_of(outside)
        command.upgrade(config, str(revision.revision))
        command.downgrade(config, str(revision.down_revision))
        assert contents_of(outside) == older
        assert all(len(rows) == len(full[table]) for table, rows in older.items() if table != "alembic_version")
    command.upgrade(config, "head")
    assert set(contents_of(outside)) == set(full)
    command.check(config)

    command.downgrade(config, "base")
    assert set(contents_of(outside)) == {"alembic_version"}
    migrations.upgrade(url)
    command.check(config)
    outside.engine.dispose()
