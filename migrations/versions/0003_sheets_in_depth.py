"""Sheets: steps with their dates, reviewers, remarks, places, quality; lists that curators keep, with their history"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KINDS = ("initiatives", "documents", "tools")
KEYS_NEVER_COME_BACK = {"sqlite_autoincrement": True}  # not reflected: a rebuilt table would forget it


def upgrade() -> None:
    with op.batch_alter_table("terms", table_kwargs=KEYS_NEVER_COME_BACK) as batch:
        batch.add_column(sa.Column("note", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("uri", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_terms_merged_into_id_terms"), "terms", ["merged_into_id"], ["id"])
        batch.create_check_constraint(op.f("ck_terms_not_merged_into_itself"), "merged_into_id IS NULL OR merged_into_id <> id")
        batch.create_index(op.f("ix_terms_merged_into_id"), ["merged_into_id"])
    op.create_table(
        "term_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("term_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["term_id"], ["terms.id"], name=op.f("fk_term_changes_term_id_terms")),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_term_changes_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_changes")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_term_changes_term_id"), "term_changes", ["term_id"])
    op.create_index(op.f("ix_term_changes_by_id"), "term_changes", ["by_id"])
    op.add_column("attachments", sa.Column("alt", sa.String(), nullable=False, server_default=""))

    for table in KINDS:
        with op.batch_alter_table(table, table_kwargs=KEYS_NEVER_COME_BACK) as batch:
            batch.add_column(sa.Column("step_at", sa.DateTime(timezone=True), nullable=True))
            batch.add_column(sa.Column("reviewer_id", sa.Integer(), nullable=True))
            batch.add_column(sa.Column("checklist", sa.JSON(), nullable=False, server_default="[]"))
            batch.add_column(sa.Column("review_on", sa.Date(), nullable=True))
            batch.add_column(sa.Column("points", sa.Integer(), nullable=False, server_default="0"))
            if table == "initiatives":
                batch.add_column(sa.Column("latitude", sa.Double(), nullable=True))
                batch.add_column(sa.Column("longitude", sa.Double(), nullable=True))
                batch.add_column(sa.Column("contacts_are_public", sa.Boolean(), nullable=False, server_default=sa.false()))
            if table == "documents":
                batch.add_column(sa.Column("issued_on", sa.Date(), nullable=True))
            batch.create_foreign_key(op.f(f"fk_{table}_reviewer_id_people"), "people", ["reviewer_id"], ["id"])
        op.execute(f"UPDATE {table} SET step_at = (SELECT updated_at FROM contents WHERE contents.id = {table}.id)")  # noqa: S608 -- names of ours
        # What waited for a curator was called "review"; that step now means that a curator has begun.
        op.execute(f"UPDATE {table} SET step = 'proposed' WHERE step = 'review'")  # noqa: S608 -- names of ours
    # An end before its start, or a negative cost, was never let in by the forms; an import that did would stop us here.
    op.execute("UPDATE initiatives SET ended_on = NULL WHERE ended_on < started_on")
    op.execute("UPDATE initiatives SET cost_euros = NULL WHERE cost_euros < 0")
    for table in KINDS:
        with op.batch_alter_table(table, table_kwargs=KEYS_NEVER_COME_BACK) as batch:
            batch.alter_column("step_at", existing_type=sa.DateTime(timezone=True), nullable=False)
            batch.create_index(op.f(f"ix_{table}_step"), ["step"])
            batch.create_index(op.f(f"ix_{table}_reviewer_id"), ["reviewer_id"])
            batch.create_index(op.f(f"ix_{table}_review_on"), ["review_on"])
            if table == "initiatives":
                batch.create_check_constraint(op.f("ck_initiatives_both_coordinates_or_none"), "(latitude IS NULL) = (longitude IS NULL)")
                batch.create_check_constraint(
                    op.f("ck_initiatives_on_earth"), "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180"
                )
                batch.create_check_constraint(op.f("ck_initiatives_cost_not_negative"), "cost_euros >= 0")
                batch.create_check_constraint(op.f("ck_initiatives_starts_before_it_ends"), "started_on <= ended_on")
    # Sheets are written by territories in their own voice; citizens' come with the new form.
    op.execute("UPDATE contents SET voice = 'official' WHERE kind IN ('initiative', 'document', 'tool')")

    op.create_table(
        "sheet_moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sheet_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.String(length=32), nullable=False),
        sa.Column("after", sa.String(length=32), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sheet_id"], ["contents.id"], name=op.f("fk_sheet_moves_sheet_id_contents"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_sheet_moves_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_moves")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sheet_moves_of", "sheet_moves", ["sheet_id", "id"])
    op.create_index(op.f("ix_sheet_moves_by_id"), "sheet_moves", ["by_id"])
    op.create_table(
        "sheet_remarks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sheet_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("answers_id", sa.Integer(), nullable=True),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "answers_id IS NULL OR resolved_at IS NULL", name=op.f("ck_sheet_remarks_only_the_first_of_a_thread_is_resolved")
        ),
        sa.ForeignKeyConstraint(["sheet_id"], ["contents.id"], name=op.f("fk_sheet_remarks_sheet_id_contents"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["answers_id"], ["sheet_remarks.id"], name=op.f("fk_sheet_remarks_answers_id_sheet_remarks"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_sheet_remarks_author_id_people")),
        sa.ForeignKeyConstraint(["resolved_by_id"], ["people.id"], name=op.f("fk_sheet_remarks_resolved_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_remarks")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sheet_remarks_of", "sheet_remarks", ["sheet_id", "resolved_at"])
    op.create_index(op.f("ix_sheet_remarks_answers_id"), "sheet_remarks", ["answers_id"])
    op.create_index(op.f("ix_sheet_remarks_author_id"), "sheet_remarks", ["author_id"])
    op.create_index(op.f("ix_sheet_remarks_resolved_by_id"), "sheet_remarks", ["resolved_by_id"])


def downgrade() -> None:
    """What only the new columns say is lost: remarks, reviewers, places on the map, the history of the lists."""
    op.drop_table("sheet_remarks")
    op.drop_table("sheet_moves")
    op.execute("UPDATE contents SET voice = 'citizen' WHERE kind IN ('initiative', 'document', 'tool')")
    for table in KINDS:
        op.execute(f"UPDATE {table} SET step = 'review' WHERE step = 'proposed'")  # noqa: S608 -- names of ours
        op.execute(f"UPDATE {table} SET step = 'draft' WHERE step = 'archived'")  # noqa: S608 -- names of ours
        with op.batch_alter_table(table, table_kwargs=KEYS_NEVER_COME_BACK) as batch:
            if table == "initiatives":
                for name in ("both_coordinates_or_none", "on_earth", "cost_not_negative", "starts_before_it_ends"):
                    batch.drop_constraint(op.f(f"ck_initiatives_{name}"), type_="check")
                for name in ("latitude", "longitude", "contacts_are_public"):
                    batch.drop_column(name)
            if table == "documents":
                batch.drop_column("issued_on")
            for name in ("step", "reviewer_id", "review_on"):
                batch.drop_index(op.f(f"ix_{table}_{name}"))
            batch.drop_constraint(op.f(f"fk_{table}_reviewer_id_people"), type_="foreignkey")
            for name in ("step_at", "reviewer_id", "checklist", "review_on", "points"):
                batch.drop_column(name)
    op.drop_column("attachments", "alt")
    op.drop_table("term_changes")
    with op.batch_alter_table("terms", table_kwargs=KEYS_NEVER_COME_BACK) as batch:
        batch.drop_index(op.f("ix_terms_merged_into_id"))
        batch.drop_constraint(op.f("ck_terms_not_merged_into_itself"), type_="check")
        batch.drop_constraint(op.f("fk_terms_merged_into_id_terms"), type_="foreignkey")
        for name in ("merged_into_id", "uri", "note"):
            batch.drop_column(name)
