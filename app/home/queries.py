"""What the pages made of several features show: each query says what it loads and in which order."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, CompoundSelect, Integer, Select, and_, bindparam, case, func, or_, select, union_all

from app.consultations.models import Consultation
from app.contents.models import Content
from app.contents.queries import listing, participants_in, published
from app.core import clock
from app.core.db import UtcDateTime, db, one_of
from app.core.formats import number
from app.core.i18n import ngettext
from app.core.text import plain, shorten
from app.debates.models import Debate
from app.territories.models import Territory

ACTIVITIES = ("consultation", "debate")
COUNTED = {"consultation": "proposal", "debate": "argument"}  # what an activity is measured by


def open_at(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
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
    most = {"open": opened, "soon": soon, "closed": over}
    found: dict[str, list[Content]] = {name: [] for name in most}
    for content, name in db.execute(ranked_by_moment(territory_id is not None), {"now": clock.now(), "territory_id": territory_id, **most}):
        found[name].append(content)
    return found


@cache
def ranked_by_moment(in_territory: bool) -> Select[Content, str]:
    """Made once, as the next ones: making a statement costs more than running it."""
    now: BindParameter[datetime] = bindparam("now", type_=UtcDateTime())
    closed = Content.closes_at <= now
    moment = case((closed, "closed"), (Content.opens_at > now, "soon"), else_="open")
    order = (
        case((closed, None), (Content.opens_at > now, Content.opens_at), else_=Content.closes_at).asc().nulls_last(),
        case((closed, Content.closes_at)).desc().nulls_last(),
        case((closed, -Content.id), else_=Content.id),
    )
    place = func.row_number().over(partition_by=moment, order_by=order)
    ranked = select(Content.id, moment.label("moment"), place.label("place")).where(published(), Content.kind.in_(ACTIVITIES))
    if in_territory:
        ranked = ranked.where(Content.territory_id == bindparam("territory_id"))
    first = ranked.subquery()
    shown = or_(*(and_(first.c.moment == name, first.c.place <= bindparam(name)) for name in ("open", "soon", "closed")))
    return listing().join(first, first.c.id == Content.id).add_columns(first.c.moment).where(shown).order_by(first.c.place)


def facts_of(spaces: Sequence[Content]) -> dict[int, list[str]]:
    """For each activity: how many took part, and how much they wrote. Two queries, whatever the number."""
    ids = [space.id for space in spaces]
    if not ids:
        return {}
    people = participants_in(ids)
    written = {(space_id, kind): count for space_id, kind, count in db.execute(written_in(), {"ids": ids})}
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


def outcomes_of(spaces: Iterable[Content]) -> dict[int, str]:
    """What came out of each activity that is over: the first words of its conclusion; "" while none is written. One query at most."""
    ids = [space.id for space in spaces if space.moment == "closed"]
    return {space_id: first_words(conclusion) for space_id, conclusion in db.execute(conclusions_in(), {"ids": ids})} if ids else {}


@cache
def conclusions_in() -> CompoundSelect[int, str]:
    kinds = (Consultation, Debate)
    return union_all(*(select(kind.id, kind.conclusion_html).where(one_of(kind.id, "ids")) for kind in kinds))


def first_words(html: str) -> str:
    """Of what is said, not of its headings."""
    return shorten(plain(re.sub(r"<h[1-6].*?</h[1-6]>", "", html, flags=re.DOTALL)), 240)


@cache
def written_in() -> Select[int | None, str, int]:
    query = select(Content.space_id, Content.kind, func.count(Content.id))
    counted = (one_of(Content.space_id, "ids"), published(), Content.kind.in_(list(COUNTED.values())))
    return query.where(*counted).group_by(Content.space_id, Content.kind)


@dataclass(frozen=True)
class TerritoryLine:
    territory: Territory
    open: int
    projects: int


def territory_lines() -> list[TerritoryLine]:
    """The pilot territories by name, with what is open there and how many projects they have. Two queries."""
    counts = counts_by_territory()
    return [TerritoryLine(each, *counts.get(each.id, (0, 0))) for each in db.scalars(pilots())]


def open_by_territory() -> dict[int, int]:
    """How many consultations and debates are open in each, by its id. One query."""
    return {territory_id: opened for territory_id, (opened, _projects) in counts_by_territory().items() if territory_id and opened}


def counts_by_territory() -> dict[int | None, tuple[int, int]]:
    rows = db.execute(figures_by_territory(), {"now": clock.now()})
    return {territory_id: (opened or 0, projects or 0) for territory_id, opened, projects in rows}


@cache
def figures_by_territory() -> Select[int | None, int, int]:
    """What is open `now` in each, and its projects."""
    now: BindParameter[datetime] = bindparam("now", type_=UtcDateTime())
    open_here = func.sum(func.coalesce(and_(Content.kind.in_(ACTIVITIES), open_at(now)).cast(Integer), 0))
    projects_here = func.sum((Content.kind == "project").cast(Integer))
    query = select(Content.territory_id, open_here, projects_here)
    return query.where(published(), Content.kind.in_((*ACTIVITIES, "project"))).group_by(Content.territory_id)


@cache
def pilots() -> Select[Territory]:
    return select(Territory).where(Territory.is_pilot).order_by(Territory.short_name)


def next_opening() -> datetime | None:
    """The next moment at which anything public opens or closes: a page of what is open ends there. One query."""
    edges = db.execute(next_edges(), {"now": clock.now()}).one()
    return min((edge for edge in edges if edge), default=None)


@cache
def next_edges() -> Select[datetime | None, datetime | None]:
    now: BindParameter[datetime] = bindparam("now", type_=UtcDateTime())
    opening = select(func.min(Content.opens_at)).where(published(), Content.kind.in_(ACTIVITIES), Content.opens_at > now)
    closing = select(func.min(Content.closes_at)).where(published(), Content.kind.in_(ACTIVITIES), Content.closes_at > now)
    return select(opening.scalar_subquery(), closing.scalar_subquery())
