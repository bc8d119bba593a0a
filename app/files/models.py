from datetime import datetime
from pathlib import PurePath

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base
from app.core.privacy import Personal, personal
from app.core.text import slugify


class StoredFile(Base):
    """What is known of a file; its bytes are at `storage.path_of(stored_as)`. Not attached: sent, and not yet part of anything."""

    __tablename__ = "stored_files"
    __table_args__ = (
        CheckConstraint("size >= 0", "size_counted"),
        Index("ix_stored_files_waiting", "is_attached", "created_at"),
    )
    __personal__ = personal(
        # What is part of a content stays with it, and says no longer who sent it; the rest is swept within the day.
        Personal(of="owner_id", export=("name", "media_type", "size", "purpose", "created_at"), erase="blank", blanks={"owner_id": None})
    )

    stored_as: Mapped[str] = mapped_column(unique=True)  # 32 random hexadecimal signs, never from the name given
    sha256: Mapped[str] = mapped_column(index=True)
    media_type: Mapped[str]  # found in the content, whatever the browser or the name said
    size: Mapped[int]  # octets
    width: Mapped[int | None]  # pixels, of an image
    height: Mapped[int | None]
    name: Mapped[str]  # as given, cleaned; ends as its type does
    purpose: Mapped[str] = mapped_column(index=True)
    owner_id: Mapped[int | None] = mapped_column(index=True)  # no foreign key: accounts are above
    territory_id: Mapped[int | None] = mapped_column(index=True)  # no foreign key either
    is_attached: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")

    @property
    def slug(self) -> str:
        return slugify(PurePath(self.name).stem)
