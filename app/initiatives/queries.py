"""Reads of the catalogue: what each loads and in which order."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectin_polymorphic

from app.accounts.models import Person
from app.contents.models import Content, Link, LinkState
from app.contents.queries import listing, published
from app.core.db import db, get_one
from app.initiatives.models import KINDS, Document, Initiative, Step, Tool


def get_sheet(sheet_id: int) -> Initiative | Document | Tool:
    """The whole sheet, whatever its kind, with its territory."""
    query = select(Content).where(Content.id == sheet_id, Content.kind.in_(KINDS))
    found = get_one(query.options(joinedload(Content.territory), selectin_polymorphic(Content, list(KINDS.values()))))
    return cast(Initiative | Document | Tool, found)


def sheets_at(step: Step) -> Select[Content]:
    """For the curators: sheets of every kind at this step, the ones that wait longest first."""
    ids = [select(model.id).where(model.step == step) for model in KINDS.values()]
    found = ids[0].union_all(*ids[1:]).subquery()
    return listing(Content.id.in_(select(found.c.id))).order_by(Content.updated_at, Content.id)


def sheets_by(person: Person) -> Select[Content]:
    """What this person wrote, latest first."""
    return listing(Content.author_id == person.id).where(Content.kind.in_(KINDS)).order_by(Content.updated_at.desc(), Content.id.desc())


def counts_by_step() -> dict[Step, int]:
    found = dict.fromkeys(Step, 0)
    for model in KINDS.values():
        for step, count in db.execute(select(model.step, func.count()).select_from(model).group_by(model.step)):
            found[step] += count
    return found


def citations_of(ids: Sequence[int]) -> dict[int, int]:
    """How many public contents each sheet is linked with. One query."""
    if not ids:
        return {}
    ends = [
        select(mine.label("sheet_id"), other.label("other_id")).where(mine.in_(ids), Link.state == LinkState.ACCEPTED)
        for mine, other in ((Link.from_id, Link.to_id), (Link.to_id, Link.from_id))
    ]
    both = ends[0].union(ends[1]).subquery()
    query = select(both.c.sheet_id, func.count()).join(Content, Content.id == both.c.other_id).where(published())
    return dict(db.execute(query.group_by(both.c.sheet_id)).all())


def latest_sheets(limit: int = 6) -> Sequence[Content]:
    query = listing(published()).where(Content.kind.in_(KINDS)).order_by(Content.published_at.desc(), Content.id.desc())
    return db.scalars(query.limit(limit)).all()
