from sqlalchemy import select

from app.core.db import get_one
from app.files.models import StoredFile


def get_file(file_id: int) -> StoredFile:
    """What is known of one file, or NotFound."""
    return get_one(select(StoredFile).where(StoredFile.id == file_id))
