"""The queue of the desk: which cases, in which order, and how many.

That of an agent is one list over all the places where they moderate: what waits to be published first, then what was
reported, each by the moment at which the promised delay ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, Tuple, and_, case, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import Person
from app.contents.models import Content, State
from app.contents.queries import BODIES
from app.core import clock
from app.core.db import db, get_one, is_postgres
from app.core.i18n import _, ngettext
from app.core.text import is_beginning
from app.moderation.desk.filters import Filters
from app.moderation.desk.models import SavedView, Signature
from app.moderation.desk.places import Desk, Place, here, is_late, places_of
from app.moderation.models import Case, Cause, Report
from app.territories.models import CharterArticle

PER_PAGE = 50
AROUND = (2, 18)  # cases shown before and after the one being read
COUNTED = 1000  # beyond, a filtered list says "more than"
TEXTS = (Content.title, Content.body_source, Content.byline)
Key = tuple[int, Any, int]


@dataclass
class Row:
    """One line of the queue."""

    case: Case
    place: Place
    reports: int
    campaign: int | None
    alike: int  # open cases of its campaign, itself among them

    @property
    def content(self) -> Content:
        return self.case.content

    @property
    def promised_at(self) -> datetime:
        return self.case.opened_at + timedelta(hours=self.place.target_hours)

    @property
    def is_late(self) -> bool:
        return self.promised_at < clock.now()

    @property
    def reader(self) -> Person | None:
        """Who is reading it now."""
        held = self.case.claimed_until is not None and self.case.claimed_until > clock.now()
        return self.case.claimed_by if held else None


@dataclass
class Queue:
    """One page of the queue, the n-th; `total` is exact up to a thousand."""

    rows: list[Row]
    total: int
    number: int

    @property
    def is_more(self) -> bool:
        return self.total > COUNTED

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PER_PAGE))


def queue(desk: Desk, filters: Filters, person: Person, number: int = 1, total: int | None = None) -> Queue:
    """Two queries, one when the total is known. Pages end where the count does: nobody reads further, they narrow the list."""
    found = matching(desk.places, filters, person)
    if total is None:
        total = db.scalar(select(func.count()).select_from(found.limit(COUNTED + 1).subquery())) or 0
    number = min(number, max(1, -(-min(total, COUNTED + 1) // PER_PAGE)))
    ids = in_order(found, desk.places).limit(PER_PAGE).offset((number - 1) * PER_PAGE)
    return Queue(rows(desk, ids), total, number)


def around(desk: Desk, filters: Filters, person: Person, found: Case) -> list[Row]:
    """The cases before and after this one in the queue, itself among them if it is still open. One query."""
    before, after = AROUND
    wanted = matching(desk.places, filters, person)
    keys, mine = _compared(desk.places, found)
    first = in_order(wanted.where(keys < mine), desk.places, backwards=True).limit(before).subquery()
    then = in_order(wanted.where(keys >= mine), desk.places).limit(after + 1).subquery()
    return rows(desk, select(first.c.id).union_all(select(then.c.id)))


def next_in(desk: Desk, filters: Filters, person: Person, found: Case) -> tuple[int, Place] | None:
    """The case that comes after this one, and where it is; the first of the queue at its end."""
    wanted = matching(desk.places, filters, person).add_columns(Case.territory_id).where(Case.id != found.id)
    keys, mine = _compared(desk.places, found)
    for query in (wanted.where(keys > mine), wanted):
        row = db.execute(in_order(query, desk.places).limit(1)).one_or_none()
        if row is not None:
            return row.id, desk.place_of(row.territory_id)
    return None


def rows(desk: Desk, ids: Select[int] | CompoundSelect[int]) -> list[Row]:
    """These cases with their contents' base columns, how many reported them and how many look alike, in the order of the queue."""
    other, signed = aliased(Case), aliased(Signature)
    reports = (
        select(func.count(Report.id))
        .where(Report.content_id == Case.content_id, Report.confirmed_at.is_not(None))
        .correlate(Case)
        .scalar_subquery()
    )
    alike = (
        select(func.count(other.id))
        .join(signed, signed.case_id == other.id)
        .where(signed.campaign == Signature.campaign, other.is_open)
        .correlate(Signature)
        .scalar_subquery()
    )
    query = (
        select(Case, reports, Signature.campaign, alike)
        .outerjoin(Signature, Signature.case_id == Case.id)
        .where(Case.id.in_(ids))
        .options(joinedload(Case.content).options(*BODIES), joinedload(Case.claimed_by))
    )
    found = [Row(each, desk.place_of(each.territory_id), count, campaign, same) for each, count, campaign, same in db.execute(query)]
    return sorted(found, key=lambda row: key_of(desk.places, row.case))


def rest_of(content: Content) -> str:
    """What a summary says that the title does not: the title of an argument is its first words."""
    if not is_beginning(content.title, content.summary):
        return content.summary
    more = content.summary[len(content.title.removesuffix("…").strip()) :].lstrip(
        " \u00a0\u202f.,;:!?…"
    )  # what ended the words of the title begins no line
    return f"… {more}" if any(sign.isalnum() for sign in more) else ""


# --- Which, and in which order -------------------------------------------------------------------------------------------


def matching(places: Sequence[Place], filters: Filters, person: Person) -> Select[int]:
    """The ids of the open cases that the filters ask for, in no order."""
    query = select(Case.id).where(here(places), Case.is_open)
    if filters.activity or filters.kind or filters.q:
        query = query.join(Content, Content.id == Case.content_id)
    if filters.activity:
        query = query.where(Content.space_id == filters.activity)
    if filters.kind:
        query = query.where(Content.kind == filters.kind)
    for word in filters.words:
        query = query.where(or_(*(column.ilike(f"%{escaped(form)}%", escape="\\") for column in TEXTS for form in cases_of(word))))
    if filters.cause:
        query = query.where(Case.cause == filters.cause)
    if filters.reason:
        query = query.where(
            exists().where(Report.content_id == Case.content_id, Report.article_id == filters.reason, Report.confirmed_at.is_not(None))
        )
    if filters.late:
        query = query.where(is_late(places))
    if filters.claim == "mine":
        query = query.where(Case.claimed_by_id == person.id, is_claimed())
    elif filters.claim == "free":
        query = query.where(~is_claimed())
    if filters.campaign:
        query = query.join(Signature, Signature.case_id == Case.id).where(Signature.campaign == filters.campaign)
    return query


def is_claimed() -> ColumnElement[bool]:
    return and_(Case.claimed_by_id.is_not(None), Case.claimed_until > clock.now())


def escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def cases_of(word: str) -> set[str]:
    """SQLite compares letters without their case in ASCII only: « école » is looked for as « École » too."""
    return {word} if word.isascii() or is_postgres() else {word.lower(), word.capitalize(), word.upper()}


def in_order(query: Select[int], places: Sequence[Place], *, backwards: bool = False) -> Select[int]:
    keys = (rank(), due(places), Case.id)
    return query.order_by(*(key.desc() for key in keys)) if backwards else query.order_by(*keys)


def rank() -> ColumnElement[int]:
    """What is kept from being read comes first: hidden as a precaution, then waiting to be published; then what was reported."""
    hidden = Case.content_id.in_(select(Content.id).where(Content.state == State.HIDDEN))
    return case((hidden, 0), (Case.cause != Cause.REPORT, 1), else_=2)


def due(places: Sequence[Place]) -> ColumnElement[Any]:
    """When the promised delay ends, as something to sort by: with one delay for all, since when it waits says the same."""
    if len({each.target_hours for each in places}) < 2:
        return Case.opened_at.expression
    hours = case(*((here([each]), each.target_hours) for each in places[1:]), else_=places[0].target_hours)
    opened = func.extract("epoch", Case.opened_at) if is_postgres() else func.strftime("%s", Case.opened_at)
    return func.floor(opened) + hours * 3600 if is_postgres() else opened + hours * 3600


def key_of(places: Sequence[Place], found: Case) -> Key:
    """The same as `rank`, `due` and the id, of one case whose content is loaded."""
    hours = {each.id: each.target_hours for each in places}
    when = found.opened_at if len(set(hours.values())) < 2 else int(found.opened_at.timestamp()) + hours[found.territory_id] * 3600
    return 0 if found.content.state == State.HIDDEN else 1 if found.cause != Cause.REPORT else 2, when, found.id


def _compared(places: Sequence[Place], found: Case) -> tuple[Tuple, Tuple]:
    opened = due(places)
    order, when, number = key_of(places, found)
    return tuple_(rank(), opened, Case.id), tuple_(literal(order), literal(when, opened.type), literal(number))


# --- How many ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """Of the open cases of some places: exact, in one reading."""

    all: int = 0
    gate: int = 0
    report: int = 0
    late: int = 0
    mine: int = 0
    free: int = 0
    oldest: datetime | None = None


def counts(places: Sequence[Place], person: Person) -> Counts:
    def of(criterion: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((criterion, 1), else_=0)), 0)

    query = select(
        func.count(Case.id),
        of(Case.cause != Cause.REPORT),
        of(Case.cause == Cause.REPORT),
        of(is_late(places)),
        of(and_(Case.claimed_by_id == person.id, is_claimed())),
        of(~and_(Case.claimed_by_id.is_not(None), is_claimed())),
        func.min(Case.opened_at),
    )
    return Counts(*db.execute(query.where(here(places), Case.is_open)).one())


def in_words(ids: Sequence[int | None], person: Person) -> dict[int | None, str]:
    """What the back office says of each of these places where something waits. Two queries."""
    places = [each for each in places_of(person) if each.id in ids]
    late = func.sum(case((is_late(places), 1), else_=0))
    query = select(Case.territory_id, func.count(Case.id), late).where(here(places), Case.is_open).group_by(Case.territory_id)
    found = {}
    for territory_id, count, over in db.execute(query) if places else ():
        found[territory_id] = ngettext("%(num)d texte à lire", "%(num)d textes à lire", count)
        if over:
            found[territory_id] = _("%(waiting)s, dont %(late)s en retard", waiting=found[territory_id], late=over)
    return found


@dataclass(frozen=True)
class Options:
    """What the filters offer, with how many open cases each has; the most first."""

    activities: list[tuple[int, str, int]]
    kinds: list[tuple[str, int]]
    reasons: list[tuple[int, str, int]]


def options(places: Sequence[Place]) -> Options:
    """Two queries."""
    space = aliased(Content)
    grouped = (
        select(Content.space_id, Content.kind, func.count(Case.id).label("many"))
        .join(Case, Case.content_id == Content.id)
        .where(here(places), Case.is_open)
        .group_by(Content.space_id, Content.kind)
        .subquery()
    )
    kinds: dict[str, int] = {}
    activities: dict[int, tuple[str, int]] = {}
    for space_id, title, kind, many in db.execute(
        select(grouped.c.space_id, space.title, grouped.c.kind, grouped.c.many).outerjoin(space, space.id == grouped.c.space_id)
    ):
        kinds[kind] = kinds.get(kind, 0) + many
        if space_id is not None:
            activities[space_id] = (title, activities.get(space_id, ("", 0))[1] + many)
    reported = (
        select(CharterArticle.id, CharterArticle.title, func.count(Case.id.distinct()))
        .join(Report, Report.article_id == CharterArticle.id)
        .join(Case, Case.content_id == Report.content_id)
        .where(here(places), Case.is_open, Report.confirmed_at.is_not(None))
        .group_by(CharterArticle.id, CharterArticle.title)
    )
    return Options(
        activities=sorted(((key, title, many) for key, (title, many) in activities.items()), key=lambda each: -each[2]),
        kinds=sorted(kinds.items(), key=lambda each: -each[1]),
        reasons=sorted(((key, title, many) for key, title, many in db.execute(reported)), key=lambda each: -each[2]),
    )


# --- Views an agent saved ------------------------------------------------------------------------------------------------


def views_of(person: Person) -> Sequence[SavedView]:
    """By name."""
    return db.scalars(select(SavedView).where(SavedView.person_id == person.id).order_by(SavedView.name)).all()


def get_view(person: Person, view_id: int) -> SavedView:
    """One of theirs; another's does not exist."""
    return get_one(select(SavedView).where(SavedView.id == view_id, SavedView.person_id == person.id))
