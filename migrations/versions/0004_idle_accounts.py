"""idle accounts"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("last_seen_at", sa.DateTime(timezone=True)))
    op.add_column("people", sa.Column("idle_warned_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("people", "idle_warned_at")
    op.drop_column("people", "last_seen_at")
