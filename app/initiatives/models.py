"""The three kinds of record of the catalogue. A sheet's text is a list of titled sections, each cleaned when stored."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from app.accounts.models import Person
from app.contents.models import Content
from app.core import clock
from app.core.db import Base
from app.core.privacy import Personal, personal
from app.core.text import IMPORT_LIMIT, Cleaned, rich


class Step(StrEnum):
    """Where a sheet stands with the curators. "To be refreshed" is no step: the clock says it, see `is_due`."""

    DRAFT = "draft"
    PROPOSED = "proposed"  # waits for a curator
    REVIEW = "review"  # a curator reads it
    PUBLISHED = "published"
    ARCHIVED = "archived"  # out of the lists; its address still answers


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

    step: Mapped[Step] = mapped_column(default=Step.DRAFT, index=True)
    step_at: Mapped[datetime] = mapped_column(default=clock.now)  # since when
    sections: Mapped[list[dict[str, Any]]] = mapped_column(SectionList, default=list)
    sources: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # [{title, url, date}]
    review_note: Mapped[str] = mapped_column(default="")  # what the curator asks for
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)  # the curator who reads it
    checklist: Mapped[list[str]] = mapped_column(default=list)  # what this curator has checked
    review_on: Mapped[date | None] = mapped_column(index=True)  # the day from which it is to be read again
    review_told_on: Mapped[date | None]  # the review date that letters have told of: another one is told anew
    points: Mapped[int] = mapped_column(default=0)  # criteria of quality.py that it meets, those of the clock left out

    FACTS: ClassVar[tuple[str, ...]] = ()  # the columns of this kind that a revision keeps

    @property
    def is_due(self) -> bool:
        """Published, and its review date is reached: to be refreshed."""
        return self.step == Step.PUBLISHED and self.review_on is not None and self.review_on <= clock.today()

    def section(self, key: str) -> dict[str, Any] | None:
        return next((section for section in self.sections if section["key"] == key), None)

    def own_fields(self) -> dict[str, Any]:
        kept = {name: getattr(self, name) for name in self.FACTS}
        kept = {name: value.isoformat() if isinstance(value, date) else value for name, value in kept.items()}
        return kept | {
            "sections": [{"key": s["key"], "title": s["title"], "source": s["source"]} for s in self.sections],
            "sources": self.sources,
        }


# Who reviews a sheet is a matter of work in progress: nothing to hand over, and nothing left once the account is gone.
REVIEWED = personal(Personal(of="reviewer_id", erase="blank", blanks={"reviewer_id": None}))


class Initiative(Sheet, Content):
    __tablename__ = "initiatives"
    __mapper_args__ = {"polymorphic_identity": "initiative"}
    __personal__ = REVIEWED
    __table_args__ = (  # type: ignore[assignment]
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="both_coordinates_or_none"),
        CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="on_earth"),
        CheckConstraint("cost_euros >= 0", name="cost_not_negative"),
        CheckConstraint("started_on <= ended_on", name="starts_before_it_ends"),
    )
    FACTS = (
        "promoter",
        "place",
        "latitude",
        "longitude",
        "started_on",
        "ended_on",
        "cost",
        "cost_euros",
        "staff_time",
        "participants",
        "steps",
        "contacts",
        "contacts_are_public",
    )

    id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
    promoter: Mapped[str] = mapped_column(default="")  # in words, where the list of promoters does not have it yet
    place: Mapped[str] = mapped_column(default="")
    latitude: Mapped[float | None]  # degrees, WGS 84
    longitude: Mapped[float | None]
    started_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    cost: Mapped[str] = mapped_column(default="")
    cost_euros: Mapped[int | None]
    staff_time: Mapped[str] = mapped_column(default="")
    participants: Mapped[str] = mapped_column(default="")
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # [{when, what}]
    contacts: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # [{name, role, email, phone}]
    contacts_are_public: Mapped[bool] = mapped_column(default=False)  # else for agents only


class Document(Sheet, Content):
    __tablename__ = "documents"
    __mapper_args__ = {"polymorphic_identity": "document"}
    __personal__ = REVIEWED
    FACTS = ("writer", "issued_year", "issued_on", "licence", "address")

    id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
    writer: Mapped[str] = mapped_column(default="")
    issued_year: Mapped[int | None]
    issued_on: Mapped[date | None]  # where the day is known
    licence: Mapped[str] = mapped_column(default="")  # in words, where the list of licences does not have it
    address: Mapped[str] = mapped_column(default="")


class Tool(Sheet, Content):
    __tablename__ = "tools"
    __mapper_args__ = {"polymorphic_identity": "tool"}
    __personal__ = REVIEWED
    FACTS = ("price", "licence", "hosting", "address")

    id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
    price: Mapped[str] = mapped_column(default="")
    licence: Mapped[str] = mapped_column(default="")
    hosting: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")


AnySheet = Initiative | Document | Tool
KINDS: dict[str, type[Initiative] | type[Document] | type[Tool]] = {"initiative": Initiative, "document": Document, "tool": Tool}


class Move(Base):
    """One move of a sheet from a step to another: who, when, and what they said."""

    __tablename__ = "sheet_moves"
    __personal__ = personal(Personal(of="by_id", erase="blank", blanks={"by_id": None}))
    __table_args__ = (Index("ix_sheet_moves_of", "sheet_id", "id"),)

    sheet_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    before: Mapped[Step]
    after: Mapped[Step]
    note: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)

    by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True)


class Remark(Base):
    """What a curator asks about one field of a sheet, or an answer to it. Resolved, it is kept and folded away."""

    __tablename__ = "sheet_remarks"
    __personal__ = personal(
        Personal(of="author_id", export=("sheet_id", "field", "body", "created_at"), erase="blank", blanks={"author_id": None}),
        Personal(of="resolved_by_id", erase="blank", blanks={"resolved_by_id": None}),
    )
    __table_args__ = (
        Index("ix_sheet_remarks_of", "sheet_id", "resolved_at"),
        CheckConstraint("answers_id IS NULL OR resolved_at IS NULL", name="only_the_first_of_a_thread_is_resolved"),
    )

    sheet_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    field: Mapped[str]  # a field of the form, or "" for the whole sheet
    answers_id: Mapped[int | None] = mapped_column(ForeignKey("sheet_remarks.id", ondelete="CASCADE"), index=True)
    body: Mapped[str]  # plain text
    revision: Mapped[int]  # the version it is about
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)  # None once erased
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    author: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=author_id)
