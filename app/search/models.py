"""PostgreSQL's index: the tables exist on SQLite too, so that there is one schema, and stay empty there.

They hold nothing that the contents do not say, and nothing refers to them: `flask search rebuild` makes them again.
Hence no foreign key either: a document outlives its content until the worker has removed it, and searches re-read
every hit from the contents anyway.
"""

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.privacy import NOTHING_PERSONAL


class SearchState(Base):
    """One row: the edition to read, and a number that grows with every change of it.

    `stamp` tells apart two histories that reached the same number (a restored backup).
    """

    __tablename__ = "search_state"
    __personal__ = NOTHING_PERSONAL

    edition: Mapped[int] = mapped_column(default=0)
    generation: Mapped[int] = mapped_column(default=0)
    stamp: Mapped[str] = mapped_column(default="")
    building: Mapped[int | None]  # the edition a rebuild is writing


class SearchDocument(Base):
    """The terms of one content, and (`row`, JSON) what columns.py keeps of it. Removed ones stay as an empty row, `is_gone`."""

    __tablename__ = "search_documents"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (
        UniqueConstraint("edition", "content_id"),
        Index("ix_search_documents_changes", "edition", "generation"),
        # The list of late entries is read whole by every search: keep it short (kB).
        Index("ix_search_documents_vector", "vector", postgresql_using="gin", postgresql_with={"gin_pending_list_limit": 256}),
    )

    edition: Mapped[int]
    content_id: Mapped[int]
    generation: Mapped[int]
    is_gone: Mapped[bool] = mapped_column(default=False)
    row: Mapped[str] = mapped_column(Text)
    vector: Mapped[str] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"))


class SearchWord(Base):
    """Every term of an edition, for beginnings and near spellings; `documents` is counted when the edition is built."""

    __tablename__ = "search_words"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (UniqueConstraint("edition", "word"), Index("ix_search_words_changes", "edition", "generation"))

    edition: Mapped[int]
    word: Mapped[str]
    documents: Mapped[int] = mapped_column(default=1)
    generation: Mapped[int]
