"""Whatever moves what the catalogue's files show says so, in its own transaction: wherever it happens, as for the stamps of pages.

A sheet that appears leaves the files behind. A sheet that was public and changes in any way makes them untrue: what changed may
be what was taken back.
"""

from functools import cache

from sqlalchemy import Select, event, inspect, select
from sqlalchemy.orm import Session as OrmSession

from app.accounts.events import account_closed
from app.accounts.models import Person
from app.contents.models import Content, ContentTerm, Term
from app.contents.queries import published
from app.core.db import Session, changes, db, one_of
from app.exchange.whole import BEHIND, UNTRUE, note
from app.initiatives.models import KINDS
from app.territories.models import Territory

# Of a sheet, what no file shows: whatever else a sheet comes to hold is taken for shown.
UNSHOWN = {"replies_count", "points", "step", "step_at", "checklist", "reviewer_id", "review_note", "review_on", "review_told_on"}
NAMES = {"name", "slug", "label", "key", "position", "merged_into_id"}  # of territories and terms, what files show
SAID = "catalogue files said"  # in the session: what this transaction has said already


def say_changes(session: OrmSession, _context: object) -> None:
    states: set[str] = set()
    tagged: set[int] = set()
    for thing in session.new | session.dirty | session.deleted:
        if isinstance(thing, Content):
            states |= moved_by(thing, session) if thing.kind in KINDS else set()
        elif isinstance(thing, ContentTerm):
            tagged.add(thing.content_id)
        elif isinstance(thing, Term | Territory) and thing not in session.new and changes(thing) & NAMES:
            states.add(BEHIND)
    said = session.info.setdefault(SAID, set())
    if tagged and BEHIND not in said and session.scalar(shown_among(), {"ids": sorted(tagged)}):
        states.add(BEHIND)
    note(*sorted(states - said))
    said |= states


@cache
def shown_among() -> Select[int]:
    return select(Content.id).where(one_of(Content.id, "ids"), Content.kind.in_(KINDS), published()).limit(1)


def moved_by(sheet: Content, session: OrmSession) -> set[str]:
    if sheet in session.new:
        return {BEHIND} if sheet.is_public else set()
    if sheet in session.deleted:
        return {UNTRUE} if sheet.is_public else set()
    was = inspect(sheet).attrs.is_public.history.deleted
    if was and not was[0]:
        return {BEHIND}
    return {UNTRUE} if (was or sheet.is_public) and changes(sheet) - UNSHOWN else set()


def forget_said(session: OrmSession, ended) -> None:
    """A savepoint that is undone takes what was said in it: what comes after says it again."""
    if ended.nested or ended.parent is None:
        session.info.pop(SAID, None)


@account_closed.connect
def forget_names(person: Person) -> None:
    """Their name is about to be taken off what they wrote, by statements that no session sees."""
    mine = select(Content.id).where(Content.author_id == person.id, Content.kind.in_(KINDS), published())
    if db.scalar(mine.limit(1)) is not None:
        note(UNTRUE)


def listen() -> None:
    if not event.contains(Session, "after_flush", say_changes):
        event.listen(Session, "after_flush", say_changes)
        event.listen(Session, "after_transaction_end", forget_said)
