"""exchanges"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sheet_imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("replaces", sa.Boolean(), nullable=False),
        sa.Column("done_count", sa.Integer(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_sheet_imports_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_imports")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("sheet_imports", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sheet_imports_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sheet_imports_created_at"), ["created_at"], unique=False)

    op.create_table(
        "harvest_sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=True),
        sa.Column("every_hours", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("every_hours BETWEEN 1 AND 720", name=op.f("ck_harvest_sources_at_most_a_month_apart")),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_harvest_sources_by_id_people")),
        sa.ForeignKeyConstraint(["territory_id"], ["territories.id"], name=op.f("fk_harvest_sources_territory_id_territories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvest_sources")),
        sa.UniqueConstraint("kind", "url", name=op.f("uq_harvest_sources_kind_url")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("harvest_sources", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_harvest_sources_by_id"), ["by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_harvest_sources_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_harvest_sources_territory_id"), ["territory_id"], unique=False)

    op.create_table(
        "cited_addresses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("broken_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name=op.f("fk_cited_addresses_content_id_contents"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cited_addresses")),
        sa.UniqueConstraint("content_id", "digest", name=op.f("uq_cited_addresses_content_id_digest")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("cited_addresses", schema=None) as batch_op:
        batch_op.create_index("ix_cited_addresses_broken", ["broken_since"], unique=False)
        batch_op.create_index(batch_op.f("ix_cited_addresses_digest"), ["digest"], unique=False)
        batch_op.create_index("ix_cited_addresses_to_check", ["checked_at", "id"], unique=False)

    op.create_table(
        "harvested_sheets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name=op.f("fk_harvested_sheets_content_id_contents"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["source_id"], ["harvest_sources.id"], name=op.f("fk_harvested_sheets_source_id_harvest_sources"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvested_sheets")),
        sa.UniqueConstraint("content_id", name=op.f("uq_harvested_sheets_content_id")),
        sa.UniqueConstraint("source_id", "remote_id", name=op.f("uq_harvested_sheets_source_id_remote_id")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("harvested_sheets")
    with op.batch_alter_table("cited_addresses", schema=None) as batch_op:
        batch_op.drop_index("ix_cited_addresses_to_check")
        batch_op.drop_index(batch_op.f("ix_cited_addresses_digest"))
        batch_op.drop_index("ix_cited_addresses_broken")

    op.drop_table("cited_addresses")
    with op.batch_alter_table("harvest_sources", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_harvest_sources_territory_id"))
        batch_op.drop_index(batch_op.f("ix_harvest_sources_due_at"))
        batch_op.drop_index(batch_op.f("ix_harvest_sources_by_id"))

    op.drop_table("harvest_sources")
    with op.batch_alter_table("sheet_imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sheet_imports_created_at"))
        batch_op.drop_index(batch_op.f("ix_sheet_imports_by_id"))

    op.drop_table("sheet_imports")
