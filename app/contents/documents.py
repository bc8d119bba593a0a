"""Files shown with a content. Who may read the content may fetch them; what is hidden takes its files with it."""

from typing import Any

from sqlalchemy import select

from app.contents.models import Attachment, Content
from app.core.db import db
from app.core.permissions import can
from app.files import readers

PURPOSE = "attachment"


def may_fetch(person: Any, file: Any) -> bool:
    """Asked at each fetch: attached to something this person may read now."""
    shown_with = db.scalars(select(Content).join(Attachment, Attachment.content_id == Content.id).where(Attachment.file_id == file.id))
    return any(can("content.read", content, person) for content in shown_with)


def declare() -> None:
    readers[PURPOSE] = may_fetch
