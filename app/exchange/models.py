"""What is being taken in, from where, and how the addresses that sheets cite answer."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.contents.models import Content
from app.core import clock
from app.core.db import Base
from app.core.privacy import NOTHING_PERSONAL, Personal, personal
from app.territories.models import Territory


class ImportState(StrEnum):
    PREVIEW = "preview"  # read, shown, nothing written yet
    WAITING = "waiting"  # confirmed; the worker takes it, batch by batch
    DONE = "done"


class SheetImport(Base):
    """One file of sheets: its rows, what is to be done with each, and what was. Erased after a month."""

    __tablename__ = "sheet_imports"
    __personal__ = personal(Personal(of="by_id", erase="blank", blanks={"by_id": None}))

    name: Mapped[str]
    rows: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    state: Mapped[ImportState] = mapped_column(default=ImportState.PREVIEW)
    target: Mapped[str] = mapped_column(default="proposed")  # the step that new sheets reach
    replaces: Mapped[bool] = mapped_column(default=False)  # are sheets already here brought up to the file?
    done_count: Mapped[int] = mapped_column(default=0)  # rows dealt with, in their order: where to go on after an interruption
    report: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # [{row, title, did, why, sheet_id}]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    done_at: Mapped[datetime | None]

    @property
    def first_line(self) -> int:
        """Where a spreadsheet shows the first row: under the headings, which JSON has none of."""
        return 1 if self.name.lower().endswith(".json") else 2


class SourceKind(StrEnum):
    BEFFROI = "beffroi"
    DECIDIM = "decidim"
    FEED = "feed"  # Atom or RSS
    TABLE = "table"  # CSV, ODS, XLSX or JSON at an address


class HarvestSource(Base):
    """A place where others publish, read again and again into proposed sheets."""

    __tablename__ = "harvest_sources"
    __personal__ = personal(Personal(of="by_id", erase="blank", blanks={"by_id": None}))
    __table_args__ = (
        UniqueConstraint("kind", "url"),
        CheckConstraint("every_hours BETWEEN 1 AND 720", name="at_most_a_month_apart"),
    )

    name: Mapped[str]
    kind: Mapped[SourceKind]
    url: Mapped[str]
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"), index=True)  # whose sheets these are
    every_hours: Mapped[int] = mapped_column(default=24)
    is_active: Mapped[bool] = mapped_column(default=True)
    due_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    last_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")  # in our words; empty when the last harvest went well
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)  # of the last harvest: found, added, updated, kept, withdrawn
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    territory: Mapped[Territory | None] = relationship(lazy="raise", viewonly=True)


class HarvestedSheet(Base):
    """A sheet and the thing it was harvested from. `revision` is the last version the harvest wrote: a later one is local work."""

    __tablename__ = "harvested_sheets"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (UniqueConstraint("source_id", "remote_id"),)

    source_id: Mapped[int] = mapped_column(ForeignKey("harvest_sources.id", ondelete="CASCADE"))
    remote_id: Mapped[str]
    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), unique=True)
    digest: Mapped[str]  # of what the source said when it was last written here, or last put aside
    revision: Mapped[int]
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    changed_at: Mapped[datetime | None]  # the source changed after local work: not written over, a curator looks
    withdrawn_at: Mapped[datetime | None]  # the source no longer has it

    content: Mapped[Content] = relationship(lazy="raise", viewonly=True)
    source: Mapped[HarvestSource] = relationship(lazy="raise", viewonly=True)


class CitedAddress(Base):
    """One address that a sheet cites, and how it answered."""

    __tablename__ = "cited_addresses"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (
        UniqueConstraint("content_id", "digest"),
        Index("ix_cited_addresses_to_check", "checked_at", "id"),
        Index("ix_cited_addresses_broken", "broken_since"),
    )

    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    url: Mapped[str]
    digest: Mapped[str] = mapped_column(index=True)  # SHA-256 of the address: long addresses make poor keys
    status: Mapped[int | None]  # of HTTP
    problem: Mapped[str] = mapped_column(default="")  # a code of core.fetch when nothing answered
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    checked_at: Mapped[datetime | None]
    broken_since: Mapped[datetime | None]  # failed twice in a row, days apart

    content: Mapped[Content] = relationship(lazy="raise", viewonly=True)
