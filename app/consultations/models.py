from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.contents.models import Content
from app.contents.spaces import SpaceMixin
from app.core.privacy import NOTHING_PERSONAL


class Consultation(SpaceMixin, Content):
    """The territory asks. What people answer with (proposals, later questionnaires and others) lives in sub-packages."""

    __tablename__ = "consultations"
    __mapper_args__ = {"polymorphic_identity": "consultation"}
    __personal__ = NOTHING_PERSONAL

    id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
