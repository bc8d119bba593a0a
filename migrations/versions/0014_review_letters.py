"""which review date of a sheet its letters have told of"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KINDS = ("initiatives", "documents", "tools")


def upgrade() -> None:
    for table in KINDS:
        op.add_column(table, sa.Column("review_told_on", sa.Date(), nullable=True))


def downgrade() -> None:
    for table in KINDS:
        op.drop_column(table, "review_told_on")
