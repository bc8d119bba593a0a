"""When the review date of sheets is reached: a letter to who wrote them, if they may still edit, and one to each curator.

Each date is told once, whatever the number of sheets and of ticks; confirmed for a later day, a sheet is told of again then.
What is not published that morning is told of the morning it is.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from app.accounts.models import Person, Role, RoleName
from app.contents.kinds import permalink
from app.contents.models import Content, State
from app.core import clock
from app.core.db import db
from app.core.formats import day
from app.core.permissions import can
from app.core.urls import path_for
from app.core.worker import every
from app.initiatives import queries
from app.initiatives.models import KINDS, AnySheet, Step
from app.notifications import services as notifications

MORNING = 8  # in Paris: the first tick after this hour writes the day's letters
SHOWN = 10  # sheets named in one letter; the others are counted


@every(minutes=30)
def remind() -> int:
    """Write the letters, in the transaction that notes what they tell. Returns how many sheets they are about."""
    if clock.now().astimezone(clock.PARIS).hour < MORNING:
        return 0
    ids = take_what_is_due()
    if not ids:
        return 0
    found = queries.with_last_writers(ids)
    curators = curators_now()
    told = {person.id for person in curators}
    theirs: dict[int, list[AnySheet]] = {}
    people = people_among({each for sheet, writer_id in found for each in (sheet.author_id, writer_id) if each is not None})
    for sheet, writer_id in found:
        writers = [people[each] for each in (sheet.author_id, writer_id) if each in people and each not in told]
        may = next((person for person in writers if can("sheet.edit", sheet, person)), None)
        if may is not None:
            theirs.setdefault(may.id, []).append(sheet)
    for person_id, sheets in theirs.items():
        to = permalink(sheets[0]) if len(sheets) == 1 else path_for("contents.mine")
        notifications.notify(people[person_id], "sheets_due", url=to, **listed(sheets))
    for person in curators:
        to = path_for("catalogue_admin.index", vue="due")
        notifications.notify(person, "sheets_due_desk", url=to, **listed([sheet for sheet, _writer_id in found]))
    return len(found)


def take_what_is_due() -> list[int]:
    """The ids of published sheets whose date is reached and was not told: noted as told, so that nobody tells it twice."""
    shown = select(Content.id).where(Content.is_public, Content.state == State.PUBLISHED)
    found: list[int] = []
    for model in KINDS.values():
        table = model.__table__
        due = (
            table.c.step == Step.PUBLISHED,
            table.c.review_on <= clock.today(),
            table.c.review_told_on.is_distinct_from(table.c.review_on),
        )
        taken = update(model).where(*due, table.c.id.in_(shown)).values(review_told_on=table.c.review_on).returning(table.c.id)
        found += db.scalars(taken).all()
    return found


def curators_now() -> Sequence[Person]:
    holders = select(Role.person_id).where(Role.name == RoleName.CURATOR)
    query = select(Person).where(Person.id.in_(holders), Person.closed_at.is_(None)).options(selectinload(Person.roles))
    return [person for person in db.scalars(query.order_by(Person.id)) if can("catalogue.curate", None, person)]


def people_among(ids: set[int]) -> dict[int, Person]:
    query = select(Person).where(Person.id.in_(ids), Person.closed_at.is_(None)).options(selectinload(Person.roles))
    return {person.id: person for person in db.scalars(query)}


def listed(sheets: Sequence[AnySheet]) -> dict[str, Any]:
    """What the letters say of sheets, the longest due first."""
    lines = [
        {
            "title": sheet.title,
            "place": sheet.territory.short_name if sheet.territory else "",
            "path": permalink(sheet),
            "since": day(sheet.review_on),
        }
        for sheet in sheets[:SHOWN]
    ]
    return {"lines": lines, "count": len(sheets), "more": max(0, len(sheets) - SHOWN)}
