"""What the pages made of several features show: each query says what it loads and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Integer, Select, and_, case, func, or_, select

from app.contents.models import Content
from app.contents.queries import listing, participants_in, published
from app.core import clock
from app.core.db import db
from app.core.formats import number
from app.core.i18n import ngettext
from app.territories.models import Territory

ACTIVITIES = ("consultation", "debate")
COUNTED = {"consultation": "proposal", "debate": "argument"}  # what an activity is measured by


def open_at(now: datetime) -> ColumnElement[bool]:
    return and_(or_(Content.opens_at.is_(None), Content.opens_at <= now), or_(Content.closes_at.is_(None), Content.closes_at > now))


def activities(moment: str = "", territory_id: int | None = None) -> Select[Content]:
    """Public consultations and debates: "open" (the first to close first), "soon" (the first to open first),
    "closed" (the last first), or all (the newest first)."""
    now = clock.now()
    query = listing(published()).where(Content.kind.in_(ACTIVITIES))
    if territory_id is not None:
        query = query.where(Content.territory_id == territory_id)
    if moment == "open":
        return query.where(open_at(now)).order_by(Content.closes_at.asc().nulls_last(), Content.id)
    if moment == "soon":
        return query.where(Content.opens_at > now).order_by(Content.opens_at, Content.id)
    if moment == "closed":
        return query.where(Content.closes_at <= now).order_by(Content.closes_at.desc(), Content.id.desc())
    return query.order_by(Content.published_at.desc(), Content.id.desc())


def by_moment(opened: int, soon: int, over: int, territory_id: int | None = None) -> dict[str, list[Content]]:
    """The first so many of the three lists above. One query."""
    now = clock.now()
    closed = Content.closes_at <= now
    moment = case((closed, "closed"), (Content.opens_at > now, "soon"), else_="open")
    order = (
        case((closed, None), (Content.opens_at > now, Content.opens_at), else_=Content.closes_at).asc().nulls_last(),
        case((closed, Content.closes_at)).desc().nulls_last(),
        case((closed, -Content.id), else_=Content.id),
    )
    place = func.row_number().over(partition_by=moment, order_by=order)
    ranked = select(Content.id, moment.label("moment"), place.label("place")).where(published(), Content.kind.in_(ACTIVITIES))
    if territory_id is not None:
        ranked = ranked.where(Content.territory_id == territory_id)
    first = ranked.subquery()
    limits = {"open": opened, "soon": soon, "closed": over}
    shown = or_(*(and_(first.c.moment == name, first.c.place <= most) for name, most in limits.items()))
    found: dict[str, list[Content]] = {name: [] for name in limits}
    query = listing().join(first, first.c.id == Content.id).add_columns(first.c.moment).where(shown).order_by(first.c.place)
    for content, name in db.execute(query):
        found[name].append(content)
    return found


def facts_of(spaces: Sequence[Content]) -> dict[int, list[str]]:
    """For each activity: how many took part, and how much they wrote. Three queries, whatever the number."""
    ids = [space.id for space in spaces]
    if not ids:
        return {}
    people = participants_in(ids)
    query = select(Content.space_id, Content.kind, func.count(Content.id)).where(
        Content.space_id.in_(ids), published(), Content.kind.in_(COUNTED.values())
    )
    written = {(space_id, kind): count for space_id, kind, count in db.execute(query.group_by(Content.space_id, Content.kind))}
    found = {}
    for space in spaces:
        facts = []
        if people.get(space.id):
            facts.append(ngettext("%(n)s participant", "%(n)s participants", people[space.id], n=number(people[space.id])))
        count = written.get((space.id, COUNTED[space.kind]), 0)
        if count and space.kind == "consultation":
            facts.append(ngettext("%(n)s proposition", "%(n)s propositions", count, n=number(count)))
        elif count:
            facts.append(ngettext("%(n)s argument", "%(n)s arguments", count, n=number(count)))
        found[space.id] = facts
    return found


@dataclass(frozen=True)
class TerritoryLine:
    territory: Territory
    open: int
    projects: int


def territory_lines() -> list[TerritoryLine]:
    """The pilot territories by name, with what is open there and how many projects they have. Two queries."""
    now = clock.now()
    open_here = func.sum(func.coalesce(and_(Content.kind.in_(ACTIVITIES), open_at(now)).cast(Integer), 0))
    projects_here = func.sum((Content.kind == "project").cast(Integer))
    query = (
        select(Content.territory_id, open_here, projects_here)
        .where(published(), Content.kind.in_((*ACTIVITIES, "project")))
        .group_by(Content.territory_id)
    )
    counts = {territory_id: (opened or 0, projects or 0) for territory_id, opened, projects in db.execute(query)}
    territories = db.scalars(select(Territory).where(Territory.is_pilot).order_by(Territory.short_name))
    return [TerritoryLine(each, *counts.get(each.id, (0, 0))) for each in territories]


def next_opening() -> datetime | None:
    """The next moment at which anything public opens or closes: a page of what is open ends there. One query."""
    now = clock.now()
    opening = select(func.min(Content.opens_at)).where(published(), Content.kind.in_(ACTIVITIES), Content.opens_at > now)
    closing = select(func.min(Content.closes_at)).where(published(), Content.kind.in_(ACTIVITIES), Content.closes_at > now)
    edges = db.execute(select(opening.scalar_subquery(), closing.scalar_subquery())).one()
    return min((edge for edge in edges if edge), default=None)
