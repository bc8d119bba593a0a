"""The second reading: at which rate, what was drawn each week and how, and what the second person would have decided."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.core import clock
from app.core.db import Base
from app.core.privacy import NOTHING_PERSONAL, Personal, personal
from app.moderation.models import Decision, Verdict
from app.territories.models import CharterArticle

PERCENT = 5


class ReadingRate(Base):
    """How many of a territory's decisions are read a second time. No row: five in a hundred."""

    __tablename__ = "reading_rates"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (CheckConstraint("percent BETWEEN 1 AND 100", name="a_share_of_a_hundred"),)

    territory_id: Mapped[int] = mapped_column(ForeignKey("territories.id"), unique=True)
    percent: Mapped[int] = mapped_column(default=PERCENT)


class ReadingDraw(Base):
    """The draw of one place and week, with all that it takes to do it again and find the same."""

    __tablename__ = "reading_draws"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (UniqueConstraint("place", "week"), CheckConstraint("drawn BETWEEN 1 AND population", name="draws_some_of_them"))

    place: Mapped[str]  # "region" or "territory:12", so that the database sees a second draw of the region too
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"), index=True)
    week: Mapped[date]  # its Monday, in Paris
    seed: Mapped[str]
    percent: Mapped[int]
    population: Mapped[int]  # decisions that could be drawn
    drawn: Mapped[int]
    at: Mapped[datetime] = mapped_column(default=clock.now)


class SecondReading(Base):
    """A decision drawn to be read again, by somebody who is not told what it was. Changes nothing: it is compared."""

    __tablename__ = "second_readings"
    __personal__ = personal(Personal(of="reader_id", erase="keep", kept="Qui relit une décision répond de son avis.", years=2))
    __table_args__ = (
        Index("ix_second_readings_waiting", "territory_id", "read_at"),
        CheckConstraint(
            "(read_at IS NULL AND reader_id IS NULL AND verdict IS NULL AND agrees IS NULL)"
            " OR (read_at IS NOT NULL AND (reader_id IS NOT NULL OR forgotten_at IS NOT NULL)"
            " AND verdict IS NOT NULL AND agrees IS NOT NULL)",
            name="read_or_not",
        ),
        CheckConstraint("verdict IS NULL OR verdict IN ('keep', 'redact', 'move', 'refuse')", name="a_verdict_that_can_be_compared"),
    )

    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id", ondelete="CASCADE"), unique=True)
    draw_id: Mapped[int] = mapped_column(ForeignKey("reading_draws.id"), index=True)
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"))
    reader_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    verdict: Mapped[Verdict | None]
    article_id: Mapped[int | None] = mapped_column(ForeignKey("charter_articles.id"), index=True)
    remark: Mapped[str] = mapped_column(default="")
    agrees: Mapped[bool | None]
    read_at: Mapped[datetime | None] = mapped_column(index=True)
    forgotten_at: Mapped[datetime | None]  # since then it no longer says who read
    version: Mapped[int] = mapped_column(default=1)

    decision: Mapped[Decision] = relationship(lazy="raise", viewonly=True)
    draw: Mapped[ReadingDraw] = relationship(lazy="raise", viewonly=True)
    article: Mapped[CharterArticle | None] = relationship(lazy="raise", viewonly=True)
    reader: Mapped[Person | None] = relationship(lazy="raise", viewonly=True)
