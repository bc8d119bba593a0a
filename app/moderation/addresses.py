"""Addresses that services put in messages."""

from flask import url_for

from app.moderation.models import Decision


def decision_url(decision: Decision) -> str:
    return url_for("moderation.decision", decision_id=decision.id)
