"""Remarks on the fields of a sheet: asked by a curator, answered by who writes it, resolved by a curator."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import Person
from app.core import clock
from app.core.db import db, get_one
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.text import tidy
from app.initiatives.models import AnySheet, Remark

LONGEST = 2_000


@dataclass
class Thread:
    """A remark and its answers, oldest first."""

    first: Remark
    answers: list[Remark] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.first.resolved_at is None

    @property
    def last(self) -> Remark:
        return self.answers[-1] if self.answers else self.first


def threads_of(sheet: AnySheet) -> list[Thread]:
    """Every thread of the sheet with its authors, in the order they began. One query."""
    query = select(Remark).where(Remark.sheet_id == sheet.id).options(joinedload(Remark.author)).order_by(Remark.id)
    found: dict[int, Thread] = {}
    for remark in db.scalars(query):
        if remark.answers_id is None:
            found[remark.id] = Thread(remark)
        elif remark.answers_id in found:
            found[remark.answers_id].answers.append(remark)
    return list(found.values())


def open_of(sheet: AnySheet) -> int:
    """How many threads are open."""
    query = select(func.count()).where(Remark.sheet_id == sheet.id, Remark.answers_id.is_(None), Remark.resolved_at.is_(None))
    return db.scalar(query) or 0


def open_threads_by_field(threads: Sequence[Thread]) -> dict[str, list[Thread]]:
    found: dict[str, list[Thread]] = {}
    for thread in threads:
        if thread.is_open:
            found.setdefault(thread.first.field, []).append(thread)
    return found


def get_remark(sheet: AnySheet, remark_id: int) -> Remark:
    """The first of a thread of this sheet."""
    return get_one(select(Remark).where(Remark.id == remark_id, Remark.sheet_id == sheet.id, Remark.answers_id.is_(None)))


def open_count() -> ColumnElement[int]:
    """How many threads of a content are open, to be put in a query of contents."""
    from app.contents.models import Content

    query = select(func.count()).where(Remark.sheet_id == Content.id, Remark.answers_id.is_(None), Remark.resolved_at.is_(None))
    return query.correlate(Content).scalar_subquery()


def answered() -> ColumnElement[bool]:
    """A content with an open thread whose last word is not its first author's: the curator has an answer to read."""
    from app.contents.models import Content

    first, answer = aliased(Remark), aliased(Remark)
    last = select(func.max(answer.id)).where(answer.answers_id == first.id).correlate(first).scalar_subquery()
    spoke = aliased(Remark)
    return (
        select(first.id)
        .join(spoke, spoke.id == last)
        .where(first.sheet_id == Content.id, first.resolved_at.is_(None), spoke.author_id.is_distinct_from(first.author_id))
        .correlate(Content)
        .exists()
    )


def remark(sheet: AnySheet, *, on: str, body: str, by: Person) -> Remark:
    """Ask something about one field, or about the whole sheet when `on` is empty."""
    row = Remark(sheet_id=sheet.id, field=on, body=said(body), revision=sheet.revision, author_id=by.id)
    db.add(row)
    db.flush()
    return row


def answer(first: Remark, *, body: str, by: Person, revision: int) -> Remark:
    if first.resolved_at is not None:
        raise DomainError(_("Cette remarque est résolue. Écrivez-en une autre si besoin."), field="body")
    row = Remark(sheet_id=first.sheet_id, field=first.field, answers_id=first.id, body=said(body), revision=revision, author_id=by.id)
    db.add(row)
    db.flush()
    return row


def resolve(first: Remark, *, by: Person) -> None:
    """Twice is once."""
    if first.resolved_at is None:
        first.resolved_at, first.resolved_by_id = clock.now(), by.id
        db.flush()


def reopen(first: Remark) -> None:
    first.resolved_at = first.resolved_by_id = None
    db.flush()


def said(body: str) -> str:
    body = tidy(body)
    if not body:
        raise DomainError(_("Écrivez votre remarque."), field="body")
    if len(body) > LONGEST:
        raise DomainError(_("Cette remarque est trop longue : %(limit)s signes au plus.", limit=LONGEST), field="body")
    return body
