"""one appeal an act for whom it restricts, and where to answer somebody without account"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

THEIRS = sa.text("appellant = 'author'")


def upgrade() -> None:
    with op.batch_alter_table("appeals") as table:
        table.add_column(sa.Column("reply_to", sa.String()))
        table.create_index("uq_appeals_author", ["decision_id"], unique=True, sqlite_where=THEIRS, postgresql_where=THEIRS)


def downgrade() -> None:
    with op.batch_alter_table("appeals") as table:
        table.drop_index("uq_appeals_author")
        table.drop_column("reply_to")
