"""What the worker finds near what: computed again whenever a text changes, lost without harm. Only answers to suggestions are kept."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.contents.models import Content
from app.core import clock
from app.core.db import Base
from app.core.privacy import NOTHING_PERSONAL, Personal, personal


class Neighbour(Base):
    """One of the contents nearest to another, for « Contenus proches ». `score` orders them; `likeness` is that of the texts, 0 to 1."""

    __tablename__ = "neighbours"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (
        UniqueConstraint("content_id", "other_id"),
        CheckConstraint("content_id <> other_id", name="of_something_else"),
    )

    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    other_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), index=True)
    likeness: Mapped[float]
    score: Mapped[float]


class SuggestionState(StrEnum):
    WAITING = "waiting"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"  # for good: the pair is never suggested again


class Suggestion(Base):
    """A link the worker would make between two pages: one row a pair, whichever of the two it was found from."""

    __tablename__ = "link_suggestions"
    __personal__ = personal(Personal(of="answered_by_id", erase="blank", blanks={"answered_by_id": None}))
    __table_args__ = (
        UniqueConstraint("one_id", "other_id"),
        CheckConstraint("one_id < other_id", name="a_pair_is_written_once"),
        Index("ix_link_suggestions_best", "state", "score"),
    )

    one_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    other_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), index=True)
    likeness: Mapped[float]
    score: Mapped[float]
    state: Mapped[SuggestionState] = mapped_column(default=SuggestionState.WAITING)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    answered_at: Mapped[datetime | None]

    one: Mapped[Content] = relationship(lazy="raise", viewonly=True, foreign_keys=one_id)
    other: Mapped[Content] = relationship(lazy="raise", viewonly=True, foreign_keys=other_id)
