from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.contents.models import Content
from app.core.privacy import NOTHING_PERSONAL


class Side(StrEnum):
    FOR = "for"
    AGAINST = "against"


class Argument(Content):
    """For or against a debate's question or a proposal: its `parent`. Its `space` is the debate or the consultation."""

    __tablename__ = "arguments"
    __mapper_args__ = {"polymorphic_identity": "argument"}
    __personal__ = NOTHING_PERSONAL

    id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
    side: Mapped[Side]
    is_titled: Mapped[bool] = mapped_column(default=False)  # its author gave it a title; else the title is its first words


class Comment(Content):
    """A reply to an argument, or to anything else: one level, never a reply to a reply."""

    __tablename__ = "comments"
    __mapper_args__ = {"polymorphic_identity": "comment"}
    __personal__ = NOTHING_PERSONAL

    id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
