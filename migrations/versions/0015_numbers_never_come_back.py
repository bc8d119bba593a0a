"""the numbers of two tables never come back on SQLite, where 0002 had rebuilt them without that"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

REBUILT = ("charter_articles", "moderation_settings")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in REBUILT:
            with op.batch_alter_table(table, recreate="always", table_kwargs={"sqlite_autoincrement": True}):
                """As it is, but for the keyword, which cannot be added to a table."""


def downgrade() -> None:
    """Nothing of the former schema is against it."""
