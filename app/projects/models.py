from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.contents.models import Content
from app.core import clock
from app.core.db import Base
from app.core.privacy import Personal, personal


class ProjectKind(StrEnum):
    CONSULTATION = "consultation"
    EDUCATION = "pedagogie"
    EXPRESSION = "expression"


class Maturity(StrEnum):
    """In the order a project lives through them."""

    IDEA = "idee"
    GROWING = "maturation"
    RUNNING = "en_cours"
    DONE = "realise"
    EVALUATED = "evalue"


class Project(Content):
    __tablename__ = "projects"
    __mapper_args__ = {"polymorphic_identity": "project"}
    __personal__ = ()

    id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
    project_kind: Mapped[ProjectKind] = mapped_column(default=ProjectKind.CONSULTATION)
    maturity: Mapped[Maturity] = mapped_column(default=Maturity.IDEA)


class MaturityChange(Base):
    """One step of a project's life, and what the territory said of it."""

    __tablename__ = "maturity_changes"
    __personal__ = personal(Personal(of="by_id", erase="blank", blanks={"by_id": None}))
    __table_args__ = (Index("ix_maturity_changes_of", "project_id", "at"),)

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    maturity: Mapped[Maturity]
    note: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)
