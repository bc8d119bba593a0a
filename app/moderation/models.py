from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.contents.models import Content, State
from app.core import clock
from app.core.db import Base
from app.core.privacy import NOTHING_PERSONAL, Personal, personal
from app.territories.models import CharterArticle


class Regime(StrEnum):
    AFTER = "a_posteriori"  # shown at once, read when reported
    FIRST = "premieres"  # a person's first contribution in the territory is read before it is shown
    BEFORE = "a_priori"  # everything is read before it is shown


class Settings(Base):
    """How a territory moderates. No row: a posteriori, answered within a day."""

    __tablename__ = "moderation_settings"
    __personal__ = NOTHING_PERSONAL

    territory_id: Mapped[int] = mapped_column(ForeignKey("territories.id"), unique=True)
    regime: Mapped[Regime] = mapped_column(default=Regime.AFTER)
    target_hours: Mapped[int] = mapped_column(default=24)


class Cause(StrEnum):
    GATE = "gate"  # waits to be read before it is shown
    REPORT = "report"


class Case(Base):
    """One case a content, however many reports; it reopens if something new is said of it."""

    __tablename__ = "cases"
    __personal__ = personal(Personal(of="claimed_by_id", erase="blank", blanks={"claimed_by_id": None}))
    __table_args__ = (Index("ix_cases_waiting", "territory_id", "is_open", "cause", "opened_at"),)

    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), unique=True)
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"))
    cause: Mapped[Cause]
    is_open: Mapped[bool] = mapped_column(default=True)
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)
    decided_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)  # moves with each decision and each reopening
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    claimed_until: Mapped[datetime | None]

    content: Mapped[Content] = relationship(lazy="raise")
    claimed_by: Mapped[Person | None] = relationship(lazy="raise")


class Report(Base):
    """Somebody's word against a content, under an article of the charter. A visitor's counts once the address is confirmed."""

    __tablename__ = "reports"
    __personal__ = personal(
        Personal(
            of="person_id",
            export=("message", "created_at"),
            erase="blank",
            blanks={"person_id": None, "visitor_name": "", "visitor_email": None},
        )
    )
    __table_args__ = (
        UniqueConstraint("content_id", "person_id"),
        UniqueConstraint("content_id", "visitor_email"),
        CheckConstraint("person_id IS NULL OR visitor_email IS NULL", name="one_reporter"),
    )

    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("charter_articles.id"), index=True)
    message: Mapped[str] = mapped_column(default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    visitor_name: Mapped[str] = mapped_column(default="")
    visitor_email: Mapped[str | None]
    token_hash: Mapped[str | None] = mapped_column(unique=True)
    confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    article: Mapped[CharterArticle | None] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise")


class Verdict(StrEnum):
    KEEP = "keep"
    HIDE = "hide"
    REFUSE = "refuse"


class Decision(Base):
    """What was decided, on which version, by whom, and why: the statement of reasons is never empty."""

    __tablename__ = "decisions"
    __personal__ = personal(
        Personal(of="by_id", erase="keep", kept="Une décision publique garde son auteur : deux ans, pour le recours et le contrôle.")
    )
    __table_args__ = (
        Index("ix_decisions_of", "case_id", "at"),
        CheckConstraint("length(trim(reasons)) > 0", name="has_reasons"),
        CheckConstraint("verdict = 'keep' OR article_id IS NOT NULL", name="restriction_cites_the_charter"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), index=True)
    verdict: Mapped[Verdict]
    article_id: Mapped[int | None] = mapped_column(ForeignKey("charter_articles.id"), index=True)
    reasons: Mapped[str]  # what the author reads
    revision: Mapped[int]
    before: Mapped[State]
    after: Mapped[State]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)

    article: Mapped[CharterArticle | None] = relationship(lazy="raise")
    content: Mapped[Content] = relationship(lazy="raise")
    by: Mapped[Person | None] = relationship(lazy="raise")
