"""Who is told of a decision, and when: its author and those who had reported, once nobody can undo it any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.accounts.models import Person
from app.contents import kinds
from app.contents.models import Content, State
from app.core import clock, mail, outbox
from app.core.db import db, transaction
from app.moderation.addresses import correction_url, decision_url
from app.moderation.models import PROVISIONAL, Case, Decision, Report, Route, Statement, Verdict
from app.notifications import services as notifications
from app.notifications.models import Notification

UNDO_SECONDS = 30
LATE = 5  # seconds more: an undoing that began in time ends before the letter is taken
REPORTERS = "report_outcomes"  # outbox topic; the key is a decision


def due_after(decision: Decision) -> datetime:
    return decision.at + timedelta(seconds=UNDO_SECONDS + LATE)


def tell(
    decision: Decision, content: Content, statement: Statement | None, *, text: str, place: str = "", is_whole_again: bool = False
) -> None:
    """The author, with `text` as they wrote it; and, once it is decided for good, those who reported. `place`: where it was moved.
    A text that stays as it was is nobody's news, unless its cuts were lifted."""
    is_answered = decision.route == Route.APPEAL and decision.verdict == Verdict.KEEP  # the answer to their appeal says it
    is_news = decision.verdict != Verdict.KEEP or decision.before != decision.after or is_whole_again
    if is_news and not is_answered:
        tell_author(decision, content, statement, text, place)
    if decision.verdict not in PROVISIONAL:
        outbox.enqueue(REPORTERS, decision.id, due_at=due_after(decision))


def tell_author(decision: Decision, content: Content, statement: Statement | None, text: str, place: str) -> None:
    """A message on their page and a letter, with their text and the reason. An imported pseudonym has no address."""
    author = db.get(Person, content.author_id) if content.author_id is not None else None
    if author is None or author.closed_at:
        return
    is_erased = decision.verdict == Verdict.ERASE  # what must be forgotten is not sent once more
    notifications.notify(
        author,
        f"decision_{decision.verdict.value}",
        due_at=None if decision.is_automated else due_after(decision),
        title=kinds.kind_label(content) if is_erased else content.title,
        kind=kinds.kind_label(content),
        text="" if is_erased else text,
        reasons=decision.reasons,
        rule=statement.rule if statement else "",
        redress=statement.redress if statement else "",
        decision_id=decision.id,
        place=place,
        was_public=decision.after == State.REMOVED,
        url=decision_url(decision),
        content_id=content.id,
    )


def take_back(decision: Decision) -> None:
    """Nobody is told: what waits to leave does not leave."""
    waiting = select(Notification).where(
        Notification.content_id == decision.content_id, Notification.url == decision_url(decision), Notification.shown_at > clock.now()
    )
    for message in db.scalars(waiting).all():
        notifications.take_back(message)
    outbox.cancel(REPORTERS, decision.id)


def forget_words(content: Content) -> None:
    """Messages about a decision quote the text: those that do no longer say anything."""
    quoting = (Notification.content_id == content.id, Notification.template.like("decision_%"))
    db.execute(update(Notification).where(*quoting).values(text="").execution_options(synchronize_session=False))


@outbox.handles(REPORTERS)
def tell_reporters(keys: Sequence[str]) -> None:
    """Each who reported and was not told yet, once: people on their page and by letter, a visitor by letter."""
    for key in keys:
        with transaction():
            decision = db.scalars(select(Decision).where(Decision.id == int(key))).one_or_none()
            if decision is not None and decision.undone_at is None:
                for report in claimed_reports(decision):
                    tell_reporter(report, decision)


def claimed_reports(decision: Decision) -> Sequence[Report]:
    """Marked as told in this transaction: of two workers, one tells."""
    mine = update(Report).where(Report.content_id == decision.content_id, Report.confirmed_at.is_not(None), Report.told_at.is_(None))
    made = mine.where(Report.confirmed_at <= decision.at).values(told_at=clock.now()).returning(Report)
    return db.scalars(made.execution_options(synchronize_session=False)).all()


def tell_reporter(report: Report, decision: Decision) -> None:
    content = db.scalars(select(Content).where(Content.id == decision.content_id)).one()
    facts: dict[str, Any] = {
        "kind": kinds.kind_label(content),
        "outcome": decision.verdict.value,
        "decision_id": decision.id,
        "report_id": report.id,
    }
    if report.person_id is not None:
        person = db.scalars(select(Person).where(Person.id == report.person_id)).one()
        if person.closed_at is None:
            notifications.notify(person, "report_outcome", url=kinds.permalink(content), content_id=content.id, **facts)
    elif report.visitor_email:
        mail.send("report_outcome", report.visitor_email, name=report.visitor_name, url=kinds.permalink(content), **facts)


def ask_author(case: Case, content: Content, text: str) -> None:
    author = db.get(Person, content.author_id) if content.author_id is not None else None
    if author is not None:
        notifications.notify(
            author,
            "correction_asked",
            title=content.title,
            kind=kinds.kind_label(content),
            words=text,
            url=correction_url(case),
            content_id=content.id,
        )
