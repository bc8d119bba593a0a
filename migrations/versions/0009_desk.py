"""the desk: signatures of texts, saved views, daily letters"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_signatures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("minhash", sa.String(), nullable=False),
        sa.Column("campaign", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_signatures_case_id_cases"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_signatures")),
        sa.UniqueConstraint("case_id", name=op.f("uq_case_signatures_case_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_case_signatures_campaign"), "case_signatures", ["campaign"])
    op.create_table(
        "case_signature_bands",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_signature_bands_case_id_cases"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_signature_bands")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_case_signature_bands_case_id"), "case_signature_bands", ["case_id"])
    op.create_index("ix_case_signature_bands_key", "case_signature_bands", ["key"])
    op.create_table(
        "desk_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(trim(name)) > 0", name=op.f("ck_desk_views_has_a_name")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_desk_views_person_id_people"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_views")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_desk_views_person_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "desk_reminders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_desk_reminders_person_id_people"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_reminders")),
        sa.UniqueConstraint("person_id", "sent_on", name=op.f("uq_desk_reminders_person_id_sent_on")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("desk_reminders")
    op.drop_table("desk_views")
    op.drop_table("case_signature_bands")
    op.drop_table("case_signatures")
