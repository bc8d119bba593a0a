"""Addresses that services put in messages."""

from app.core.urls import path_for
from app.moderation.models import Decision


def decision_url(decision: Decision) -> str:
    return path_for("moderation.decision", decision_id=decision.id)
