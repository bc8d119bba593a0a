"""The three kinds of record of the catalogue. A sheet's text is a list of titled sections, each cleaned when stored."""

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from app.contents.models import Content
from app.core.text import IMPORT_LIMIT, Cleaned, rich


class Step(StrEnum):
    """Where a sheet stands with the curators."""

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"


class SectionList(TypeDecorator):
    """[{key, title, source, html}]: the HTML is cleaned on its way in, whoever wrote it, and comes back safe to show."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return [
            {**section, "html": section["html"] if isinstance(section["html"], Cleaned) else rich(section["html"], IMPORT_LIMIT)}
            for section in value or []
        ]

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return [{**section, "html": Cleaned(section["html"])} for section in value or []]


class Sheet:
    """What the three kinds share."""

    step: Mapped[Step] = mapped_column(default=Step.DRAFT)
    sections: Mapped[list[dict[str, Any]]] = mapped_column(SectionList, default=list)
    sources: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # [{title, url, date}]
    review_note: Mapped[str] = mapped_column(default="")  # what the curator asks for

    FACTS: ClassVar[tuple[str, ...]] = ()  # the columns of this kind that a revision keeps

    def section(self, key: str) -> dict[str, Any] | None:
        return next((section for section in self.sections if section["key"] == key), None)

    def own_fields(self) -> dict[str, Any]:
        kept = {name: getattr(self, name) for name in self.FACTS}
        kept = {name: value.isoformat() if isinstance(value, date) else value for name, value in kept.items()}
        return kept | {
            "sections": [{"key": s["key"], "title": s["title"], "source": s["source"]} for s in self.sections],
            "sources": self.sources,
        }


class Initiative(Sheet, Content):
    __tablename__ = "initiatives"
    __mapper_args__ = {"polymorphic_identity": "initiative"}
    __personal__ = ()
    FACTS = ("promoter", "place", "started_on", "ended_on", "cost", "cost_euros", "staff_time", "participants", "steps", "contacts")

    id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
    promoter: Mapped[str] = mapped_column(default="")
    place: Mapped[str] = mapped_column(default="")
    started_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    cost: Mapped[str] = mapped_column(default="")
    cost_euros: Mapped[int | None]
    staff_time: Mapped[str] = mapped_column(default="")
    participants: Mapped[str] = mapped_column(default="")
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # [{when, what}]
    contacts: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # [{name, role, email}]


class Document(Sheet, Content):
    __tablename__ = "documents"
    __mapper_args__ = {"polymorphic_identity": "document"}
    __personal__ = ()
    FACTS = ("writer", "issued_year", "licence", "address")

    id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
    writer: Mapped[str] = mapped_column(default="")
    issued_year: Mapped[int | None]
    licence: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")


class Tool(Sheet, Content):
    __tablename__ = "tools"
    __mapper_args__ = {"polymorphic_identity": "tool"}
    __personal__ = ()
    FACTS = ("price", "licence", "hosting", "address")

    id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
    price: Mapped[str] = mapped_column(default="")
    licence: Mapped[str] = mapped_column(default="")
    hosting: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")


KINDS: dict[str, type[Initiative] | type[Document] | type[Tool]] = {"initiative": Initiative, "document": Document, "tool": Tool}
