"""Addresses that services put in messages."""

from app.core.urls import path_for
from app.moderation.sanctions.models import Sanction


def sanction_url(sanction: Sanction) -> str:
    """The page where the person concerned reads it."""
    return path_for("sanctions.mine", sanction_id=sanction.id)
