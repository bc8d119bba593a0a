"""moderation forgets who decided; a proposal that was moved remembers its section"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
KEYS_NEVER_COME_BACK = {"sqlite_autoincrement": True}

FORGOTTEN = "forgotten_at IS NOT NULL"
CHECKS = {  # table: {name: (as it was, as it is)}
    "decisions": {"somebody_decides": ("by_id IS NOT NULL OR is_automated", f"by_id IS NOT NULL OR is_automated OR {FORGOTTEN}")},
    "appeals": {
        "is_answered_in_writing": (
            "outcome IS NULL OR (length(trim(answer)) > 0 AND answered_by_id IS NOT NULL)",
            f"outcome IS NULL OR (length(trim(answer)) > 0 AND (answered_by_id IS NOT NULL OR {FORGOTTEN}))",
        )
    },
    "second_readings": {
        "read_or_not": (
            "(read_at IS NULL AND reader_id IS NULL AND verdict IS NULL AND agrees IS NULL)"
            " OR (read_at IS NOT NULL AND reader_id IS NOT NULL AND verdict IS NOT NULL AND agrees IS NOT NULL)",
            "(read_at IS NULL AND reader_id IS NULL AND verdict IS NULL AND agrees IS NULL)"
            f" OR (read_at IS NOT NULL AND (reader_id IS NOT NULL OR {FORGOTTEN}) AND verdict IS NOT NULL AND agrees IS NOT NULL)",
        )
    },
    "sanctions": {
        "somebody_else_read_it": (
            "state IN ('proposed') OR read_by_id IS NOT NULL",
            f"state IN ('proposed') OR read_by_id IS NOT NULL OR {FORGOTTEN}",
        )
    },
}


def upgrade() -> None:
    """The names of two years ago and more may go: what is checked of a row says so."""
    for table, checks in CHECKS.items():
        with op.batch_alter_table(table, table_kwargs=KEYS_NEVER_COME_BACK) as batch:
            batch.add_column(sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True))
            for name, (_before, after) in checks.items():
                batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
                batch.create_check_constraint(op.f(f"ck_{table}_{name}"), after)
            if table == "sanctions":
                batch.alter_column("person_id", existing_type=sa.Integer(), nullable=True)
                batch.alter_column("proposed_by_id", existing_type=sa.Integer(), nullable=True)
                batch.create_check_constraint(op.f("ck_sanctions_somebody_proposed_it"), f"proposed_by_id IS NOT NULL OR {FORGOTTEN}")
    op.add_column("proposals", sa.Column("left_section_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    """What was forgotten cannot be told again, and the older schema asks for it: once there is some, only a backup goes back."""
    named = [f"SELECT id FROM {table} WHERE {FORGOTTEN}" for table in CHECKS]  # noqa: S608
    gone = " UNION ALL ".join([*named, "SELECT id FROM sanctions WHERE person_id IS NULL"])
    if op.get_bind().scalar(sa.text(f"{gone} LIMIT 1")) is not None:
        raise RuntimeError("names were forgotten, which the schema before this one requires: restore a backup of before instead")
    op.drop_column("proposals", "left_section_id")
    for table, checks in CHECKS.items():
        with op.batch_alter_table(table, table_kwargs=KEYS_NEVER_COME_BACK) as batch:
            for name, (before, _after) in checks.items():
                batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
                batch.create_check_constraint(op.f(f"ck_{table}_{name}"), before)
            if table == "sanctions":
                batch.drop_constraint(op.f("ck_sanctions_somebody_proposed_it"), type_="check")
                batch.alter_column("person_id", existing_type=sa.Integer(), nullable=False)
                batch.alter_column("proposed_by_id", existing_type=sa.Integer(), nullable=False)
            batch.drop_column("forgotten_at")
