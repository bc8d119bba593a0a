"""What the desk keeps for its own work: which texts look alike, the views agents made for themselves, when each was reminded."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base
from app.core.privacy import NOTHING_PERSONAL, Personal, personal


class Signature(Base):
    """What a case's text looks like: figures made from its words, from which no word can be read again.

    Texts that look alike are one campaign, named after its first case. Made by the worker, again for each version.
    """

    __tablename__ = "case_signatures"
    __personal__ = NOTHING_PERSONAL

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), unique=True)
    revision: Mapped[int]  # of the text that was looked at
    minhash: Mapped[str]  # hexadecimal; empty for a text too short to be compared
    campaign: Mapped[int | None] = mapped_column(index=True)  # the id of its first case


class SignatureBand(Base):
    """One of the bands of a signature: texts that look alike share at least one, nearly always."""

    __tablename__ = "case_signature_bands"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (Index("ix_case_signature_bands_key", "key"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    key: Mapped[str]


class SavedView(Base):
    """A choice of filters an agent gave a name to. Nobody else sees it."""

    __tablename__ = "desk_views"
    __personal__ = personal(Personal(of="person_id", export=("name", "place", "query", "created_at")))
    __table_args__ = (UniqueConstraint("person_id", "name"), CheckConstraint("length(trim(name)) > 0", name="has_a_name"))

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    name: Mapped[str]
    place: Mapped[str]  # the slug of a territory, "region", or empty: all of the agent's
    query: Mapped[str]  # as in the address
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Reminder(Base):
    """An agent was sent the day's letter: one a day, whatever runs twice."""

    __tablename__ = "desk_reminders"
    __personal__ = personal(Personal(of="person_id", export=("sent_on",)))
    __table_args__ = (UniqueConstraint("person_id", "sent_on"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    sent_on: Mapped[date]
