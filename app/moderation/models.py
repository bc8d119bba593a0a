"""What moderation keeps: how each place moderates, one case a content, what was decided, and the reasons that were given."""

import secrets
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
    __table_args__ = (
        CheckConstraint("first_count > 0", name="first_contributions_are_counted"),
        CheckConstraint("mask_threshold IS NULL OR mask_threshold > 1", name="one_report_never_masks"),
    )

    territory_id: Mapped[int] = mapped_column(ForeignKey("territories.id"), unique=True)
    regime: Mapped[Regime] = mapped_column(default=Regime.AFTER)
    target_hours: Mapped[int] = mapped_column(default=24)
    first_count: Mapped[int] = mapped_column(default=1)  # with FIRST: how many must have been accepted
    mask_threshold: Mapped[int | None]  # so many people's reports hide a text until it is read; None: never


class ActivityRegime(Base):
    """An activity that is not moderated as its territory is. No row: the territory's regime."""

    __tablename__ = "activity_regimes"
    __personal__ = NOTHING_PERSONAL

    space_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), unique=True)
    regime: Mapped[Regime]


class Cause(StrEnum):
    GATE = "gate"  # waits to be read before it is shown
    REPORT = "report"
    EDIT = "edit"  # its text changed after a decision about it


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
    escalated_at: Mapped[datetime | None]  # its manager was told that it waits past the promised delay

    content: Mapped[Content] = relationship(lazy="raise", viewonly=True)
    claimed_by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True)


class Report(Base):
    """Somebody's word against a content, under an article of the charter. A visitor's counts once the address is confirmed."""

    __tablename__ = "reports"
    __personal__ = personal(
        Personal(
            of="person_id",
            export=("content_id", "message", "created_at"),
            erase="blank",
            blanks={"person_id": None, "visitor_name": "", "visitor_email": None},
            years=1,
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
    told_at: Mapped[datetime | None]  # of the outcome: once
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    article: Mapped[CharterArticle | None] = relationship(lazy="raise", viewonly=True)
    person: Mapped[Person | None] = relationship(lazy="raise", viewonly=True)


class Message(Base):
    """A word between whoever reads a case and its author before anything is decided: a question, a correction asked for, an answer."""

    __tablename__ = "case_messages"
    __personal__ = personal(Personal(of="by_id", export=("text", "at"), erase="blank", blanks={"by_id": None}, years=2))
    __table_args__ = (Index("ix_case_messages_of", "case_id", "at"), CheckConstraint("length(trim(text)) > 0", name="says_something"))

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    is_from_author: Mapped[bool]
    text: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)

    by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True)


class Verdict(StrEnum):
    KEEP = "keep"  # published, or left in place
    REDACT = "redact"  # published with passages cut
    MOVE = "move"  # published in the activity where it belongs
    HIDE = "hide"  # hidden as a precaution
    REFUSE = "refuse"  # refused, or removed if it was public
    ERASE = "erase"  # removed, and its words destroyed: somebody's private data, or what the law forbids to keep
    HOLD = "hold"  # put back to wait until it is read again


RESTRICTIVE = {Verdict.REDACT, Verdict.HIDE, Verdict.REFUSE, Verdict.ERASE, Verdict.HOLD}
PROVISIONAL = {Verdict.HIDE, Verdict.HOLD}  # until somebody decides: the case stays open


class Route(StrEnum):
    """By which door a decision came."""

    DESK = "desk"
    BATCH = "batch"
    API = "api"
    THRESHOLD = "threshold"  # enough people reported it: automated, provisional
    EDIT = "edit"  # its author changed a text that has to be read again: automated, provisional
    SANCTION = "sanction"
    APPEAL = "appeal"
    ERASURE = "erasure"  # a manager destroys the words of a text, from a page of its own


class Decision(Base):
    """What was decided, on which version, by whom, and why: the reasons are never empty."""

    __tablename__ = "decisions"
    __personal__ = personal(
        Personal(of="by_id", erase="keep", kept="Une décision publique garde son auteur, pour le recours et le contrôle.", years=2)
    )
    __table_args__ = (
        Index("ix_decisions_of", "case_id", "at"),
        CheckConstraint("length(trim(reasons)) > 0", name="has_reasons"),
        CheckConstraint("verdict IN ('keep', 'move', 'hold') OR article_id IS NOT NULL", name="restriction_cites_the_charter"),
        CheckConstraint("by_id IS NOT NULL OR is_automated OR forgotten_at IS NOT NULL", name="somebody_decides"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"))
    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), index=True)
    verdict: Mapped[Verdict]
    route: Mapped[Route] = mapped_column(default=Route.DESK)
    batch: Mapped[str | None] = mapped_column(index=True)  # decided together
    article_id: Mapped[int | None] = mapped_column(ForeignKey("charter_articles.id"), index=True)
    reasons: Mapped[str]  # what the author reads
    revision: Mapped[int]
    before: Mapped[State]
    after: Mapped[State]
    moved_from_id: Mapped[int | None] = mapped_column(ForeignKey("contents.id", ondelete="SET NULL"), index=True)
    is_automated: Mapped[bool] = mapped_column(default=False)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    opened_at: Mapped[datetime]  # since when the case waited: the delay stays known when the case reopens
    undone_at: Mapped[datetime | None]  # taken back before anybody was told
    overturned_at: Mapped[datetime | None]  # an appeal was upheld
    forgotten_at: Mapped[datetime | None]  # since then it no longer says who decided

    article: Mapped[CharterArticle | None] = relationship(lazy="raise", viewonly=True)
    content: Mapped[Content] = relationship(lazy="raise", viewonly=True, foreign_keys=content_id)
    by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True)


class Ground(StrEnum):
    """Why in law: what the charter forbids, or what the law does (Digital Services Act, article 17 §3 d and e)."""

    CHARTER = "charter"
    LAW = "law"


class Scope(StrEnum):
    """What is restricted."""

    CUT = "cut"  # passages of a text
    HIDDEN = "hidden"  # a text, for a time
    REMOVED = "removed"  # a text
    REFUSED = "refused"  # a text, never public
    HELD = "held"  # a text, until it is read
    WARNED = "warned"  # an account is told
    READ_FIRST = "read_first"  # an account's texts are read before they are shown
    SUSPENDED = "suspended"  # an account may not post
    CLOSED = "closed"  # an account is closed


class Statement(Base):
    """The statement of reasons that every restriction gives to whom it restricts (Regulation (EU) 2022/2065, article 17).

    Kept as it was sent: the rule as it read that day, the facts, what is restricted and until when, whether a machine had
    a part in it, and how to contest it. Exactly one a restriction.
    """

    __tablename__ = "statements"
    __personal__ = personal(
        Personal(
            of="person_id",
            export=("rule", "facts", "scope", "starts_at", "ends_at", "redress"),
            erase="blank",
            blanks={"person_id": None},
        )
    )
    __table_args__ = (
        CheckConstraint("(decision_id IS NULL) <> (sanction_id IS NULL)", name="about_one_restriction"),
        CheckConstraint("length(trim(rule)) > 0", name="names_its_rule"),
        CheckConstraint("length(trim(facts)) > 0", name="states_its_facts"),
        CheckConstraint("length(trim(redress)) > 0", name="says_how_to_contest"),
    )

    public_id: Mapped[str] = mapped_column(unique=True, default=lambda: secrets.token_hex(8))  # in the export of statements
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id", ondelete="CASCADE"), unique=True)
    sanction_id: Mapped[int | None] = mapped_column(ForeignKey("sanctions.id", ondelete="CASCADE"), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)  # whom it restricts; None: imported, or erased
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"), index=True)
    rule: Mapped[str]
    ground: Mapped[Ground] = mapped_column(default=Ground.CHARTER)
    facts: Mapped[str]
    scope: Mapped[Scope]
    starts_at: Mapped[datetime] = mapped_column(default=clock.now)
    ends_at: Mapped[datetime | None]  # None: for good, or until something else is decided
    was_reported: Mapped[bool] = mapped_column(default=False)  # somebody's notice, or our own reading
    is_detection_automated: Mapped[bool] = mapped_column(default=False)
    is_decision_automated: Mapped[bool] = mapped_column(default=False)
    redress: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)

    decision: Mapped[Decision | None] = relationship(lazy="raise", viewonly=True)
