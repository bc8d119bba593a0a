from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.core import clock
from app.core.db import Base
from app.core.privacy import Personal, personal
from app.moderation.models import Decision
from app.moderation.sanctions.models import Sanction


class Appellant(StrEnum):
    AUTHOR = "author"  # whom the decision restricts
    REPORTER = "reporter"  # whose report was not followed


class Outcome(StrEnum):
    UPHELD = "upheld"  # the decision is overturned
    DISMISSED = "dismissed"


class Appeal(Base):
    """One appeal a decision and appellant, answered in writing by somebody else than who decided."""

    __tablename__ = "appeals"
    __personal__ = personal(
        Personal(
            of="person_id",
            export=("text", "created_at", "outcome", "answer", "answered_at"),
            erase="blank",
            blanks={"person_id": None, "reply_to": None},
        ),
        Personal(of="answered_by_id", erase="keep", kept="Qui répond à un recours en répond.", years=2),
    )
    __table_args__ = (
        Index("ix_appeals_waiting", "territory_id", "outcome", "created_at"),
        UniqueConstraint("decision_id", "appellant", "person_id"),
        UniqueConstraint("sanction_id"),
        UniqueConstraint("decision_id", "report_id"),
        Index(
            "uq_appeals_author",
            "decision_id",
            unique=True,
            sqlite_where=sql("appellant = 'author'"),
            postgresql_where=sql("appellant = 'author'"),
        ),  # of who is restricted, one: also once the account, and so its number, is gone
        CheckConstraint("(decision_id IS NULL) <> (sanction_id IS NULL)", name="against_one_act"),
        CheckConstraint("length(trim(text)) > 0", name="says_why"),
        CheckConstraint(
            "outcome IS NULL OR (length(trim(answer)) > 0 AND (answered_by_id IS NOT NULL OR forgotten_at IS NOT NULL))",
            name="is_answered_in_writing",
        ),
    )

    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id", ondelete="CASCADE"))
    sanction_id: Mapped[int | None] = mapped_column(ForeignKey("sanctions.id", ondelete="CASCADE"))
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"))
    appellant: Mapped[Appellant] = mapped_column(default=Appellant.AUTHOR)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), index=True)
    text: Mapped[str]
    reply_to: Mapped[str | None]  # where to write to somebody who has no account any more; forgotten once answered
    is_late: Mapped[bool] = mapped_column(default=False)  # past six months: read if somebody will, not owed
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    outcome: Mapped[Outcome | None]
    answer: Mapped[str] = mapped_column(default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    answered_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]  # since then it no longer says who answered
    version: Mapped[int] = mapped_column(default=1)

    decision: Mapped[Decision | None] = relationship(lazy="raise", viewonly=True)
    sanction: Mapped[Sanction | None] = relationship(lazy="raise", viewonly=True)
    person: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=person_id)
    answered_by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=answered_by_id)

    __mapper_args__ = {"version_id_col": version}
