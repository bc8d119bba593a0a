"""Second readings: what is drawn each week, at which rate, and what the second reader would have decided."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reading_rates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.CheckConstraint("percent BETWEEN 1 AND 100", name=op.f("ck_reading_rates_a_share_of_a_hundred")),
        sa.ForeignKeyConstraint(["territory_id"], ["territories.id"], name=op.f("fk_reading_rates_territory_id_territories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_rates")),
        sa.UniqueConstraint("territory_id", name=op.f("uq_reading_rates_territory_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "reading_draws",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=True),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("drawn BETWEEN 1 AND population", name=op.f("ck_reading_draws_draws_some_of_them")),
        sa.ForeignKeyConstraint(["territory_id"], ["territories.id"], name=op.f("fk_reading_draws_territory_id_territories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_draws")),
        sa.UniqueConstraint("place", "week", name=op.f("uq_reading_draws_place_week")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reading_draws_territory_id", "reading_draws", ["territory_id"])
    op.create_table(
        "second_readings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("draw_id", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=True),
        sa.Column("reader_id", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.String(length=32), nullable=True),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("remark", sa.String(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(read_at IS NULL AND reader_id IS NULL AND verdict IS NULL AND agrees IS NULL)"
            " OR (read_at IS NOT NULL AND reader_id IS NOT NULL AND verdict IS NOT NULL AND agrees IS NOT NULL)",
            name=op.f("ck_second_readings_read_or_not"),
        ),
        sa.CheckConstraint(
            "verdict IS NULL OR verdict IN ('keep', 'redact', 'move', 'refuse')",
            name=op.f("ck_second_readings_a_verdict_that_can_be_compared"),
        ),
        sa.ForeignKeyConstraint(["article_id"], ["charter_articles.id"], name=op.f("fk_second_readings_article_id_charter_articles")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_second_readings_decision_id_decisions"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["draw_id"], ["reading_draws.id"], name=op.f("fk_second_readings_draw_id_reading_draws")),
        sa.ForeignKeyConstraint(["reader_id"], ["people.id"], name=op.f("fk_second_readings_reader_id_people")),
        sa.ForeignKeyConstraint(["territory_id"], ["territories.id"], name=op.f("fk_second_readings_territory_id_territories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_readings")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_second_readings_decision_id")),
        sqlite_autoincrement=True,
    )
    for column in ("article_id", "draw_id", "read_at", "reader_id"):
        op.create_index(f"ix_second_readings_{column}", "second_readings", [column])
    op.create_index("ix_second_readings_waiting", "second_readings", ["territory_id", "read_at"])


def downgrade() -> None:
    op.drop_table("second_readings")
    op.drop_table("reading_draws")
    op.drop_table("reading_rates")
