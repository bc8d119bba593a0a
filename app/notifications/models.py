from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base
from app.core.privacy import Personal, personal


class Notification(Base):
    """A message on a person's page, as it read the day it was written. The same words leave by letter."""

    __tablename__ = "notifications"
    __personal__ = personal(Personal(of="person_id", export=("title", "text", "shown_at", "read_at")))
    __table_args__ = (Index("ix_notifications_of", "person_id", "shown_at"), Index("ix_notifications_unread", "person_id", "read_at"))

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    template: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]  # plain text, paragraphs apart
    url: Mapped[str] = mapped_column(default="")  # a path of ours
    content_id: Mapped[int | None] = mapped_column(index=True)  # no foreign key: a message outlives what it is about
    mail_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    shown_at: Mapped[datetime] = mapped_column(default=clock.now)  # later for what may still be undone
    read_at: Mapped[datetime | None]

    @property
    def is_read(self) -> bool:
        return self.read_at is not None
