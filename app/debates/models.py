from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.contents.models import Content
from app.contents.spaces import SpaceMixin
from app.core.privacy import NOTHING_PERSONAL


class Debate(SpaceMixin, Content):
    """One question put to all: its title. Arguments for and against are contents whose parent and space it is."""

    __tablename__ = "debates"
    __mapper_args__ = {"polymorphic_identity": "debate"}
    __personal__ = NOTHING_PERSONAL

    id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
