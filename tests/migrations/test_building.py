"""An empty database is built from the models: it must be the one that the migrations leave, on each database."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command

from app.operations import migrations
from tests.conftest import database_url
from tests.core.small import Outside

pytestmark = pytest.mark.no_database
ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = {  # of PostgreSQL: each thing in its own words
    "columns": "SELECT table_name, column_name, udt_name, character_maximum_length, is_nullable FROM information_schema.columns WHERE table_schema = current_schema()",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = current_schema()::regnamespace",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
    "triggers": "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND prokind = 'f'",
    "sequences": "SELECT sequencename, data_type, increment_by FROM pg_sequences WHERE schemaname = current_schema()",
    "version": "SELECT version_num FROM alembic_version",
}


@pytest.fixture
def make(tmp_path):
    """A database in that many words, made in that way."""
    opened = []

    def one(name, way):
        url = database_url(name, tmp_path)
        way(url)
        opened.append(Outside(url))
        return opened[-1]

    yield one
    for outside in opened:
        outside.engine.dispose()


def schema(outside):
    """Everything the database says of itself, in sets: neither the order of columns nor their defaults, which only fill older rows."""
    if outside.engine.dialect.name == "postgresql":
        return {f"{name} {row}" for name, asked in CATALOGUE.items() for row in map(tuple, outside.rows(asked))}
    found = {f"version {row[0]}" for row in outside.rows("SELECT version_num FROM alembic_version")}
    for row in outside.rows("SELECT type, name, sql FROM sqlite_master"):
        found.add(f"{row.type} {row.name}")
        found |= {f"{row.name}: {line}" for line in lines_of(row.sql or "")}
    return found


def lines_of(sql):
    """A table, column by column and constraint by constraint; anything else whole."""
    sql = " ".join(sql.replace('"', "").split())
    if not sql.startswith("CREATE TABLE") or "(" not in sql:
        return [sql]
    begun, ended = sql.index("("), sql.rindex(")")
    pieces = re.split(r", (?![^(]*\))", sql[begun + 1 : ended].strip())
    pieces = [re.sub(r" DEFAULT ('[^']*'|\d+)", "", piece.strip()) for piece in pieces]
    return [*pieces, sql[:begun], sql[ended + 1 :]]


def test_a_database_built_from_the_models_is_the_one_that_migrations_leave(make):
    built, migrated = schema(make("built", migrations.build)), schema(make("migrated", migrations.upgrade))
    assert len(built) > 600
    assert sorted(built - migrated) == []
    assert sorted(migrated - built) == []


def test_what_is_built_is_current_and_goes_through_the_migrations_that_follow(make):
    outside = make("built", migrations.upgrade_if_behind)
    with outside.engine.connect() as connection:
        assert migrations.trouble(connection) is None
    url = outside.engine.url.render_as_string(hide_password=False)
    config = migrations.alembic_config(url)
    command.check(config)  # raises where models and database differ
    command.downgrade(config, "-1")
    migrations.upgrade_if_behind(url)
    command.check(config)


def test_starts_at_once_on_an_empty_database_build_it_once(tmp_path):
    url = database_url("raced", tmp_path)
    program = "import sys; from app.operations import migrations; migrations.upgrade_if_behind(sys.argv[1])"
    starts = [
        subprocess.Popen([sys.executable, "-c", program, url], cwd=ROOT, env=os.environ, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [start.communicate()[1] for start in starts]
    assert [start.returncode for start in starts] == [0, 0, 0], said
    outside = Outside(url)
    assert [row[0] for row in outside.rows("SELECT version_num FROM alembic_version")] == [migrations.head()]
    outside.engine.dispose()


def test_a_build_that_finds_tables_there_leaves_them_alone(make):
    outside = make("built", migrations.build)
    outside.rows("UPDATE alembic_version SET version_num = 'later' RETURNING version_num")
    migrations.build(outside.engine.url.render_as_string(hide_password=False))
    assert outside.rows("SELECT version_num FROM alembic_version")[0][0] == "later"
