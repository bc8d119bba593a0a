"""What moderation keeps of people ends by itself: after the years that each table declares (`__personal__`), the worker forgets.

Rows stay, so that the register, the monthly reports and the export of statements say the same for ever; what names somebody,
or tells of them, goes. Nothing is forgotten of what still waits: an open case, an appeal without an answer.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import Base, db, transaction
from app.core.i18n import _
from app.core.privacy import kept_since
from app.core.worker import every
from app.moderation.appeals.models import Appeal
from app.moderation.models import Case, Decision, Message, Report, Statement
from app.moderation.reports import LINK_DAYS
from app.moderation.sanctions.models import Sanction, SanctionState
from app.moderation.transparency.models import SecondReading

BATCH = 200  # rows in one transaction: others wait to write meanwhile


@every(minutes=24 * 60, own_transactions=True)
def forget_old_moderation() -> None:
    for some in (unconfirmed_reports, reports, sanctions, names_on_sanctions, decisions, messages, appeals, second_readings):
        while forget(some):
            pass


def forget(some: Callable[[], int]) -> int:
    with transaction():
        return some()


# --- Reports -----------------------------------------------------------------------------------------------------------------


def unconfirmed_reports() -> int:
    """The link in the visitor's letter is over: nobody stands behind it, and its address may report again."""
    old = and_(Report.confirmed_at.is_(None), Report.created_at < clock.from_now(days=-LINK_DAYS))
    ids = db.scalars(select(Report.id).where(old).limit(BATCH)).all()
    db.execute(delete(Report).where(Report.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


def reports() -> int:
    """That a text was reported, and under which article, stays; by whom and in which words does not."""
    waits = exists().where(Appeal.report_id == Report.id, Appeal.outcome.is_(None))
    says = or_(Report.person_id.is_not(None), Report.visitor_email.is_not(None), Report.visitor_name != "", Report.message != "")
    old = and_(Report.created_at < kept_since(Report, "person_id"), says, ~is_open(Report.content_id), ~waits)
    return blank(Report, old, person_id=None, visitor_name="", visitor_email=None, message="", token_hash=None)


# --- Sanctions ---------------------------------------------------------------------------------------------------------------


def sanctions() -> int:
    """A year after its end: whom it was about and what they had done. Its statement and its appeal are those of nobody."""
    waits = exists().where(Appeal.sanction_id == Sanction.id, Appeal.outcome.is_(None))
    old = and_(ended(), Sanction.person_id.is_not(None), ended_at() < kept_since(Sanction, "person_id"), ~waits)
    ids = db.scalars(select(Sanction.id).where(old).order_by(Sanction.id).limit(BATCH)).all()
    forgotten = _("Effacé un an après la fin de la mesure.")
    change(Sanction, Sanction.id.in_(ids), person_id=None, facts=forgotten, answer="")
    change(Statement, Statement.sanction_id.in_(ids), person_id=None, facts=forgotten)
    change(Appeal, Appeal.sanction_id.in_(ids), person_id=None, reply_to=None, text=forgotten, answer=forgotten)
    return len(ids)


def ended() -> ColumnElement[bool]:
    """What was proposed without an end waits until somebody reads it."""
    return or_(Sanction.state != SanctionState.PROPOSED, Sanction.ends_at.is_not(None))


def ended_at() -> ColumnElement[Any]:
    """Declined, it ended when it was read, whatever end was proposed; a closure did all it does at once."""
    return case((Sanction.state == SanctionState.DECLINED, Sanction.read_at), else_=func.coalesce(Sanction.ends_at, Sanction.read_at))


def names_on_sanctions() -> int:
    """Who proposed and who read, once the sanction itself is purged."""
    since = kept_since(Sanction, "proposed_by_id")
    old = and_(Sanction.person_id.is_(None), Sanction.forgotten_at.is_(None), func.coalesce(Sanction.read_at, Sanction.proposed_at) < since)
    return blank(Sanction, old, proposed_by_id=None, read_by_id=None, forgotten_at=clock.now())


# --- Who decided -------------------------------------------------------------------------------------------------------------


def decisions() -> int:
    """Not while somebody may still ask who had a hand in it: another person must answer an appeal."""
    other = aliased(Decision)
    waits = exists().where(other.case_id == Decision.case_id, Appeal.decision_id == other.id, Appeal.outcome.is_(None))
    old = and_(Decision.by_id.is_not(None), Decision.at < kept_since(Decision, "by_id"), ~is_open(Decision.content_id), ~waits)
    return blank(Decision, old, by_id=None, forgotten_at=clock.now())


def messages() -> int:
    written_on = select(Case.is_open).where(Case.id == Message.case_id).scalar_subquery()
    old = and_(Message.by_id.is_not(None), Message.at < kept_since(Message, "by_id"), ~written_on)
    return blank(Message, old, by_id=None)


def appeals() -> int:
    old = and_(Appeal.answered_by_id.is_not(None), Appeal.answered_at < kept_since(Appeal, "answered_by_id"))
    return blank(Appeal, old, answered_by_id=None, forgotten_at=clock.now())


def second_readings() -> int:
    old = and_(SecondReading.reader_id.is_not(None), SecondReading.read_at < kept_since(SecondReading, "reader_id"))
    return blank(SecondReading, old, reader_id=None, forgotten_at=clock.now())


# --- What they share ---------------------------------------------------------------------------------------------------------


def is_open(content_id: Any) -> ColumnElement[bool]:
    """Does the case of this content wait for somebody?"""
    return exists().where(Case.content_id == content_id, Case.is_open)


def blank(model: type[Base], old: ColumnElement[bool], **values: Any) -> int:
    """A batch of these rows, the oldest first; how many."""
    ids = db.scalars(select(model.id).where(old).order_by(model.id).limit(BATCH)).all()
    change(model, model.id.in_(ids), **values)
    return len(ids)


def change(model: type[Base], which: ColumnElement[bool], **values: Any) -> None:
    db.execute(update(model).where(which).values(**values).execution_options(synchronize_session=False))
