"""Addresses that services put in messages."""

from collections.abc import Sequence

from app.contents.models import Content
from app.core.urls import path_for
from app.moderation import queries
from app.moderation.models import Case, Decision


def decision_url(decision: Decision) -> str:
    return path_for("moderation.decision", decision_id=decision.id)


def where_decided(found: Sequence[Content]) -> dict[int, str]:
    """For the list of what a person wrote: a text out of sight leads to its reason, and to the appeal."""
    standing = queries.standing_restrictions(found)
    return {content_id: path_for("moderation.decision", decision_id=number) for content_id, number in standing.items()}


def correction_url(case: Case) -> str:
    return path_for("moderation.correct", case_id=case.id)


def case_url(case: Case, content: Content) -> str:
    """On the desk; needs the content's territory loaded."""
    return path_for("moderation.case", territory_slug=content.place_slug, case_id=case.id)
