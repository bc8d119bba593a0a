from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.core import clock
from app.core.db import Base
from app.core.privacy import Personal, personal
from app.territories.models import CharterArticle, Territory


class SanctionKind(StrEnum):
    WARNING = "warning"
    READ_FIRST = "read_first"  # everything they write is read before it is shown
    SUSPENSION = "suspension"  # they may not post until a date
    CLOSURE = "closure"  # the account is closed: the region's alone


class SanctionState(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    LIFTED = "lifted"


class Sanction(Base):
    """What a territory (None: the region) decides about an account, never about its texts.

    Nothing happens before a second person agrees.
    """

    __tablename__ = "sanctions"
    __personal__ = personal(
        Personal(
            of="person_id",
            export=("kind", "state", "facts", "proposed_at", "starts_at", "ends_at"),
            erase="keep",
            kept="Une sanction reste après sa fin, pour le recours et contre un nouveau compte aussitôt ouvert. "
            "Ensuite il n’en reste que la sorte, la règle appliquée, le lieu et les dates, pour les comptes publics.",
            years=1,  # from its end
        ),
        Personal(of="proposed_by_id", erase="keep", kept="Qui propose une sanction en répond.", years=2),
        Personal(of="read_by_id", erase="keep", kept="Qui confirme une sanction en répond.", years=2),
    )
    __table_args__ = (
        Index("ix_sanctions_of", "person_id", "territory_id", "state"),
        Index("ix_sanctions_waiting", "territory_id", "state", "proposed_at"),
        CheckConstraint("length(trim(facts)) > 0", name="states_its_facts"),
        CheckConstraint("kind <> 'suspension' OR ends_at IS NOT NULL", name="a_suspension_ends"),
        CheckConstraint("kind <> 'closure' OR territory_id IS NULL", name="only_the_region_closes"),
        CheckConstraint("read_by_id IS NULL OR read_by_id <> proposed_by_id", name="two_people"),
        CheckConstraint("state IN ('proposed') OR read_by_id IS NOT NULL OR forgotten_at IS NOT NULL", name="somebody_else_read_it"),
        CheckConstraint("proposed_by_id IS NOT NULL OR forgotten_at IS NOT NULL", name="somebody_proposed_it"),
    )

    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # None: purged, long after its end
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"))
    kind: Mapped[SanctionKind]
    state: Mapped[SanctionState] = mapped_column(default=SanctionState.PROPOSED)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("charter_articles.id"), index=True)
    facts: Mapped[str]  # what the person did, in words they will read
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    proposed_at: Mapped[datetime] = mapped_column(default=clock.now)
    read_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    read_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]  # since then it no longer says who proposed it, nor who read it
    answer: Mapped[str] = mapped_column(default="")  # why the second person declined, or why it was lifted
    version: Mapped[int] = mapped_column(default=1)

    person: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=person_id)
    territory: Mapped[Territory | None] = relationship(lazy="raise", viewonly=True)
    article: Mapped[CharterArticle | None] = relationship(lazy="raise", viewonly=True)
    proposed_by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=proposed_by_id)
    read_by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=read_by_id)

    __mapper_args__ = {"version_id_col": version}

    @property
    def is_provisional(self) -> bool:
        """An urgent suspension: it holds already, and still waits for its second reader."""
        return self.state == SanctionState.PROPOSED and self.starts_at is not None

    def holds(self, moment: datetime) -> bool:
        """Is it in force at this moment?"""
        return self.state == SanctionState.CONFIRMED and (self.ends_at is None or moment < self.ends_at)
