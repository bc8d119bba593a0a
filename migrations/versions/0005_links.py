"""links: why, whom they ask, who answered; what is near what, and the links that suggests"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
KEYS_NEVER_COME_BACK = {"sqlite_autoincrement": True}


def upgrade() -> None:
    """A link that was proposed asks the people of the page it leads to."""
    with op.batch_alter_table("links", table_kwargs=KEYS_NEVER_COME_BACK) as batch:
        batch.add_column(sa.Column("note", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("asked_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("answered_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_foreign_key(op.f("fk_links_asked_id_contents"), "contents", ["asked_id"], ["id"], ondelete="CASCADE")
        batch.create_foreign_key(op.f("fk_links_answered_by_id_people"), "people", ["answered_by_id"], ["id"])
        batch.create_index(op.f("ix_links_asked_id"), ["asked_id"])
        batch.create_index(op.f("ix_links_answered_by_id"), ["answered_by_id"])
    op.execute("UPDATE links SET asked_id = to_id WHERE state = 'proposed'")
    with op.batch_alter_table("links", table_kwargs=KEYS_NEVER_COME_BACK) as batch:
        batch.alter_column("note", server_default=None)
        batch.create_check_constraint(op.f("ck_links_asks_one_of_its_ends"), "asked_id IS NULL OR asked_id IN (from_id, to_id)")
        batch.create_check_constraint(op.f("ck_links_a_proposal_asks_someone"), "state <> 'proposed' OR asked_id IS NOT NULL")
    op.create_table(
        "neighbours",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("likeness", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.CheckConstraint("content_id <> other_id", name=op.f("ck_neighbours_of_something_else")),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name=op.f("fk_neighbours_content_id_contents"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["other_id"], ["contents.id"], name=op.f("fk_neighbours_other_id_contents"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_neighbours")),
        sa.UniqueConstraint("content_id", "other_id", name=op.f("uq_neighbours_content_id_other_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_neighbours_other_id"), "neighbours", ["other_id"])
    op.create_table(
        "link_suggestions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("one_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("likeness", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_link_suggestions_a_pair_is_written_once")),
        sa.ForeignKeyConstraint(["answered_by_id"], ["people.id"], name=op.f("fk_link_suggestions_answered_by_id_people")),
        sa.ForeignKeyConstraint(["one_id"], ["contents.id"], name=op.f("fk_link_suggestions_one_id_contents"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["other_id"], ["contents.id"], name=op.f("fk_link_suggestions_other_id_contents"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_suggestions")),
        sa.UniqueConstraint("one_id", "other_id", name=op.f("uq_link_suggestions_one_id_other_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_link_suggestions_answered_by_id"), "link_suggestions", ["answered_by_id"])
    op.create_index("ix_link_suggestions_best", "link_suggestions", ["state", "score"])
    op.create_index(op.f("ix_link_suggestions_other_id"), "link_suggestions", ["other_id"])


def downgrade() -> None:
    """What was answered to suggestions is lost, and why pages were linked; what is near what is found again by the worker."""
    op.drop_table("link_suggestions")
    op.drop_table("neighbours")
    with op.batch_alter_table("links", table_kwargs=KEYS_NEVER_COME_BACK) as batch:
        batch.drop_constraint(op.f("ck_links_a_proposal_asks_someone"), type_="check")
        batch.drop_constraint(op.f("ck_links_asks_one_of_its_ends"), type_="check")
        batch.drop_constraint(op.f("fk_links_answered_by_id_people"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_links_asked_id_contents"), type_="foreignkey")
        batch.drop_index(op.f("ix_links_answered_by_id"))
        batch.drop_index(op.f("ix_links_asked_id"))
        for name in ("answered_at", "answered_by_id", "asked_id", "note"):
            batch.drop_column(name)
