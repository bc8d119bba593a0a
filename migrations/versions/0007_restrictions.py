"""why a text is restricted, which versions are sealed, who was told of the outcome"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contents", sa.Column("restriction", sa.String(), nullable=False, server_default=""))
    op.add_column("revisions", sa.Column("sealed_at", sa.DateTime(timezone=True)))
    op.add_column("reports", sa.Column("told_at", sa.DateTime(timezone=True)))
    # What is restricted already says why; versions of what is not public are not read by the public once it is.
    op.execute(
        "UPDATE contents SET restriction = COALESCE((SELECT a.title FROM decisions d JOIN charter_articles a ON a.id = d.article_id"
        " WHERE d.content_id = contents.id ORDER BY d.id DESC LIMIT 1), '') WHERE state IN ('hidden', 'removed', 'refused')"
    )
    op.execute("UPDATE revisions SET sealed_at = created_at WHERE content_id IN (SELECT id FROM contents WHERE state <> 'published')")


def downgrade() -> None:
    op.drop_column("reports", "told_at")
    op.drop_column("revisions", "sealed_at")
    op.drop_column("contents", "restriction")
