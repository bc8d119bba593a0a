"""How migrations run, tried on ones written for the purpose: whole or not at all, one at a time, children kept (G03, G04)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect

from app.operations import migrations
from tests.conftest import database_url
from tests.core.small import Outside

pytestmark = pytest.mark.no_database
ROOT = Path(__file__).resolve().parents[2]

HEADER = """
import sqlalchemy as sa
from alembic import op

revision = {name!r}
down_revision = {before!r}

"""
FAMILY = """
def upgrade():
    op.create_table("parents", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(), nullable=False),
        sa.Column("old", sa.String()), sqlite_autoincrement=True)
    op.create_table("children", sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("parent_id", sa.Integer,
            sa.ForeignKey("parents.id", name="fk_children_parent_id_parents", ondelete="CASCADE"), nullable=False))

def downgrade():
    op.drop_table("children")
    op.drop_table("parents")
"""
REBUILD = """
def upgrade():
    with op.batch_alter_table("parents", recreate="auto") as table:
        table.add_column(sa.Column("rank", sa.Integer, nullable=False, server_default="7"))
        table.alter_column("name", type_=sa.String(80), existing_type=sa.String(), existing_nullable=False)

def downgrade():
    with op.batch_alter_table("parents") as table:
        table.alter_column("name", type_=sa.String(), existing_type=sa.String(80), existing_nullable=False)
        table.drop_column("rank")
"""
BREAK = """
def upgrade():
    op.create_table("half", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("UPDATE parents SET name = 'spoiled'")
    op.execute("SELECT nothing FROM nowhere")

def downgrade():
    pass
"""
ORPHAN = """
def upgrade():
    op.execute("DELETE FROM parents")

def downgrade():
    pass
"""


@pytest.fixture
def history(tmp_path):
    """A folder of migrations with a space in its name, and an empty database."""
    return History(tmp_path)


class History:
    def __init__(self, tmp_path):
        self.folder = tmp_path / "with a space"
        (self.folder / "versions").mkdir(parents=True)
        for name in ("env.py", "script.py.mako"):
            shutil.copy(migrations.FOLDER / name, self.folder)
        self.url = database_url("migrations", tmp_path)
        self.config = migrations.alembic_config(self.url, self.folder)
        self.outside = Outside(self.url)

    def write(self, name, before, body):
        path = self.folder / "versions" / f"{name}_test.py"
        path.write_text(HEADER.format(name=name, before=before) + body)

    def upgrade(self):
        migrations.upgrade(self.url, self.folder)

    def tables(self):
        return set(inspect(self.outside.engine).get_table_names())

    def version(self):
        with self.outside.engine.connect() as connection:
            return migrations.current(connection)

    def trouble(self):
        with self.outside.engine.connect() as connection:
            return migrations.trouble(connection, self.folder)

    def fill(self):
        self.outside.rows("INSERT INTO parents (id, name, old) VALUES (1, 'Marie', 'a'), (2, 'Léa', NULL) RETURNING id")
        self.outside.rows("INSERT INTO children (id, parent_id) VALUES (1, 1), (2, 1), (3, 2) RETURNING id")

    def rows(self):
        return self.outside.rows("SELECT id, name, old FROM parents ORDER BY id"), self.outside.rows(
            "SELECT id, parent_id FROM children ORDER BY id"
        )


@pytest.fixture(autouse=True)
def closed(history):
    yield
    history.outside.engine.dispose()


def test_a_migration_made_from_the_models_is_complete_and_names_nothing_of_ours(history):
    command.revision(history.config, "first", autogenerate=True, rev_id="0001")
    (source,) = [path.read_text() for path in (history.folder / "versions").glob("*.py")]
    assert "app." not in source
    assert "sa.Enum" not in source
    assert "sqlite_autoincrement=True" in source
    assert migrations.head(history.folder) == "0001"
    history.upgrade()
    command.check(history.config)  # raises where models and database differ
    command.downgrade(history.config, "base")
    assert history.tables() == {"alembic_version"}
    history.upgrade()
    command.check(history.config)


def test_rebuilding_a_parent_keeps_its_children(history):
    history.write("0001", None, FAMILY)
    history.upgrade()
    history.fill()
    before = history.rows()
    history.write("0002", "0001", REBUILD)
    history.upgrade()
    assert history.rows() == before
    assert [row.rank for row in history.outside.rows("SELECT rank FROM parents")] == [7, 7]
    command.downgrade(history.config, "0001")
    assert history.rows() == before
    history.upgrade()
    assert history.rows() == before


def test_a_migration_that_fails_half_way_did_nothing_and_can_be_run_again(history):
    history.write("0001", None, FAMILY)
    history.upgrade()
    history.fill()
    before = history.rows()
    history.write("0002", "0001", REBUILD)
    history.write("0003", "0002", BREAK)
    with pytest.raises(Exception, match="nowhere"):
        history.upgrade()
    assert (history.version(), history.rows(), "half" in history.tables()) == ("0001", before, False)
    history.write("0003", "0002", BREAK.replace('op.execute("SELECT nothing FROM nowhere")', "pass"))
    history.upgrade()
    assert (history.version(), "half" in history.tables()) == ("0003", True)


def test_a_migration_may_not_leave_orphans(history):
    history.write("0001", None, FAMILY.replace(', ondelete="CASCADE"', ""))
    history.upgrade()
    history.fill()
    history.write("0002", "0001", ORPHAN)
    with pytest.raises(Exception, match=r"parent|foreign key"):
        history.upgrade()
    assert history.version() == "0001"
    assert [len(rows) for rows in history.rows()] == [2, 3]


def test_two_starts_at_once_migrate_once(history):
    history.write("0001", None, FAMILY.replace("def upgrade():", "def upgrade():\n    import time\n    time.sleep(1)", 1))
    program = "import sys, pathlib; from app.operations import migrations; migrations.upgrade(sys.argv[1], pathlib.Path(sys.argv[2]))"
    command_line = [sys.executable, "-c", program, history.url, str(history.folder)]
    starts = [subprocess.Popen(command_line, cwd=ROOT, env=os.environ, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [start.communicate(timeout=60)[1] for start in starts]
    assert [start.returncode for start in starts] == [0, 0, 0], said
    assert history.version() == "0001"


def test_what_keeps_the_code_from_serving_a_database_is_said_in_a_sentence(history):
    history.write("0001", None, FAMILY)
    assert "alembic upgrade head" in history.trouble()
    migrations.upgrade_if_behind(history.url, history.folder)
    assert history.trouble() is None
    history.outside.rows("UPDATE alembic_version SET version_num = '0009' RETURNING version_num")
    assert "plus récente" in history.trouble()
    migrations.upgrade_if_behind(history.url, history.folder)
    assert history.version() == "0009"
