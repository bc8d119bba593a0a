"""Addresses that services put in messages."""

from app.core.urls import path_for
from app.moderation.models import Case, Decision


def decision_url(decision: Decision) -> str:
    return path_for("moderation.decision", decision_id=decision.id)


def correction_url(case: Case) -> str:
    return path_for("moderation.correct", case_id=case.id)
