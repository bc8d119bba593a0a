"""saved searches"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("is_alerted", sa.Boolean(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_saved_searches_person_id_people", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_searches"),
        sa.UniqueConstraint("nonce", name="uq_saved_searches_nonce"),
        sa.UniqueConstraint("person_id", "address", name="uq_saved_searches_person_id_address"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_saved_searches_is_alerted", "saved_searches", ["is_alerted"])


def downgrade() -> None:
    op.drop_index("ix_saved_searches_is_alerted", "saved_searches")
    op.drop_table("saved_searches")
