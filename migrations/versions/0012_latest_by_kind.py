"""the latest of a kind in a territory, from the index alone"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
INDEX = "ix_contents_latest"


def upgrade() -> None:
    """Every page that shows the latest of a territory asks for some kinds: a consultation's thousands are no longer read for six sheets."""
    op.drop_index(INDEX, table_name="contents")
    op.create_index(INDEX, "contents", ["territory_id", "kind", "is_public", "published_at"])


def downgrade() -> None:
    op.drop_index(INDEX, table_name="contents")
    op.create_index(INDEX, "contents", ["territory_id", "is_public", "published_at"])
