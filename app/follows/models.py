"""Searches that people keep."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base
from app.core.privacy import Personal, personal


class SavedSearch(Base):
    """A search somebody wants to hear about. Nobody else ever sees it: what one looks for says who one is."""

    __tablename__ = "saved_searches"
    __personal__ = personal(Personal(of="person_id", export=("label", "address", "is_alerted", "created_at", "looked_at")))
    __table_args__ = (UniqueConstraint("person_id", "address"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    label: Mapped[str]
    address: Mapped[str]  # the query of the address of its results, in one spelling: « q=v%C3%A9lo&territory=tourcoing »
    nonce: Mapped[str] = mapped_column(unique=True)  # signed, it makes the feed's address
    is_alerted: Mapped[bool] = mapped_column(default=True, index=True)
    looked_at: Mapped[datetime] = mapped_column(default=clock.now)  # what was published until then has been told, or was known
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
