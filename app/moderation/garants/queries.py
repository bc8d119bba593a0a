"""Reads for a garant: a project's cases and what was said and decided of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from app.contents import redactions
from app.contents.models import Content, Revision
from app.contents.queries import BODIES, revisions_of
from app.core.db import db, get_one
from app.moderation.models import Case, Decision, Statement


def within(project: Content) -> ColumnElement[bool]:
    """The project itself, and everything in it."""
    return or_(Content.project_id == project.id, Content.id == project.id)


def cases_in(project: Content, *, is_open: bool) -> Select[Case]:
    """What waits from the oldest, or what was decided from the latest; with where it stands."""
    content = joinedload(Case.content)
    query = select(Case).join(Case.content).where(within(project), Case.is_open == is_open)
    query = query.options(content.options(*BODIES), content.joinedload(Content.space).options(*BODIES))
    return query.order_by(Case.opened_at, Case.id) if is_open else query.order_by(Case.decided_at.desc(), Case.id)


def count_in(project: Content, *, is_open: bool) -> int:
    query = select(func.count(Case.id)).join(Case.content).where(within(project), Case.is_open == is_open)
    return db.scalar(query) or 0


def get_case(project: Content, case_id: int) -> Case:
    """A case of this project; another's does not exist here."""
    whole = joinedload(Case.content)
    query = select(Case).join(Case.content).where(Case.id == case_id, within(project))
    return get_one(query.options(whole.joinedload(Content.territory), whole.joinedload(Content.space).options(*BODIES)))


def contents_of(project: Content) -> Select[int]:
    return select(Content.id).where(within(project))


@dataclass(frozen=True)
class Version:
    """One version as it was written: its body in pieces, each with whether the public does not read it."""

    revision: Revision
    pieces: list[tuple[str, bool]]


def versions_of(content: Content) -> list[Version]:
    found = []
    for revision in revisions_of(content):
        cuts = [(cut.start, cut.end) for cut in redactions.active_on(content, revision.n) if cut.field == "body_source"]
        found.append(Version(revision, redactions.pieces(revision.fields.get("body_source", ""), cuts)))
    return found


def decisions_of(case_id: int) -> Sequence[tuple[Decision, Statement | None]]:
    """Each with the reasons that were given, in order."""
    query = select(Decision, Statement).outerjoin(Statement, Statement.decision_id == Decision.id).where(Decision.case_id == case_id)
    rows = db.execute(query.options(joinedload(Decision.article), joinedload(Decision.by)).order_by(Decision.id))
    return [(row[0], row[1]) for row in rows]
