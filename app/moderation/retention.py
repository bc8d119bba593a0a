"""What moderation keeps of people ends by itself: after the years that each table declares (`__personal__`), the worker forgets.

Rows stay, so that the register, the monthly reports and the export of statements say the same for ever; what names somebody,
or tells of them, goes. Nothing is forgotten of what still waits: an open case, an appeal that is owed an answer. One that came
late is owed none: it waits for nothing.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from app.accounts.models import Person
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

LATE_DAYS = 365  # an appeal that came late and nobody answered keeps where to write for so long
BATCH = 200  # rows in one transaction: others wait to write meanwhile


@every(minutes=24 * 60, own_transactions=True)
def forget_old_moderation() -> None:
    for some in (unconfirmed_reports, reports, sanctions, names_on_sanctions, decisions, messages, appeals, late_appeals, second_readings):
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
    """That a text was reported, and under which article, stays; by whom and in which words does not.

    Not while an appeal about the text waits, whoever made it: who answers reads them, and must be none of those who reported.
    """
    says = or_(Report.person_id.is_not(None), Report.visitor_email.is_not(None), Report.visitor_name != "", Report.message != "")
    old = and_(Report.created_at < kept_since(Report, "person_id"), says, ~is_open(Report.content_id), ~is_contested(Report.content_id))
    return blank(Report, old, person_id=None, visitor_name="", visitor_email=None, message="", token_hash=None)


# --- Sanctions ---------------------------------------------------------------------------------------------------------------


def sanctions() -> int:
    """A year after its end: whom it was about and what they had done. Its statement and its appeal are those of nobody.

    The register of acts keeps the facts under seal for its own time (`audit.services.SECRETS_KEPT`): no page shows them.
    """
    since = kept_since(Sanction, "person_id")
    waits = exists().where(Appeal.sanction_id == Sanction.id, is_owed_an_answer())
    old = and_(ended(), Sanction.person_id.is_not(None), ended_at() < since, ~waits)
    ids = db.scalars(select(Sanction.id).where(old).order_by(Sanction.id).limit(BATCH)).all()
    whose = select(Sanction.person_id).where(Sanction.id.in_(ids))
    change(Person, and_(Person.id.in_(whose), Person.suspended_until < since), suspension_reason="")  # a later one has its own
    forgotten = _("Effacé un an après la fin de la mesure.")
    change(Sanction, Sanction.id.in_(ids), person_id=None, facts=forgotten, answer="")
    change(Statement, Statement.sanction_id.in_(ids), person_id=None, facts=forgotten)
    answer = case((Appeal.outcome.is_(None), ""), else_=forgotten)
    change(Appeal, Appeal.sanction_id.in_(ids), person_id=None, reply_to=None, text=forgotten, answer=answer)
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
    since, here = kept_since(Decision, "by_id"), Decision.content_id
    old = and_(Decision.by_id.is_not(None), Decision.at < since, ~is_open(here), ~is_contested(here))
    return blank(Decision, old, by_id=None, forgotten_at=clock.now())


def messages() -> int:
    waits = exists().where(Case.id == Message.case_id, or_(Case.is_open, is_contested(Case.content_id)))
    old = and_(Message.by_id.is_not(None), Message.at < kept_since(Message, "by_id"), ~waits)
    return blank(Message, old, by_id=None)


def appeals() -> int:
    old = and_(Appeal.answered_by_id.is_not(None), Appeal.answered_at < kept_since(Appeal, "answered_by_id"))
    return blank(Appeal, old, answered_by_id=None, forgotten_at=clock.now())


def late_appeals() -> int:
    """Where to write to who had no account any more, once nobody will."""
    left = and_(Appeal.is_late, Appeal.outcome.is_(None), Appeal.created_at < clock.from_now(days=-LATE_DAYS))
    return blank(Appeal, and_(left, Appeal.reply_to.is_not(None)), reply_to=None)


def second_readings() -> int:
    old = and_(SecondReading.reader_id.is_not(None), SecondReading.read_at < kept_since(SecondReading, "reader_id"))
    return blank(SecondReading, old, reader_id=None, forgotten_at=clock.now())


# --- What they share ---------------------------------------------------------------------------------------------------------


def is_open(content_id: Any) -> ColumnElement[bool]:
    """Does the case of this content wait for somebody?"""
    return exists().where(Case.content_id == content_id, Case.is_open)


def is_contested(content_id: Any) -> ColumnElement[bool]:
    """Does an appeal against a decision about this content wait for its answer?"""
    about = aliased(Decision)
    return exists().where(about.content_id == content_id, Appeal.decision_id == about.id, is_owed_an_answer())


def is_owed_an_answer() -> ColumnElement[bool]:
    return and_(Appeal.outcome.is_(None), ~Appeal.is_late)


def blank(model: type[Base], old: ColumnElement[bool], **values: Any) -> int:
    """A batch of these rows, the oldest first; how many."""
    ids = db.scalars(select(model.id).where(old).order_by(model.id).limit(BATCH)).all()
    change(model, model.id.in_(ids), **values)
    return len(ids)


def change(model: type[Base], which: ColumnElement[bool], **values: Any) -> None:
    db.execute(update(model).where(which).values(**values).execution_options(synchronize_session=False))
