"""Reads of the desk: what each loads and in which order.

The queue of an agent is one list over all the places where they moderate: what waits to be published first, then what was
reported, each by the moment at which the promised delay ends. A place is `None` for the region.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, Tuple, and_, case, exists, false, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import Person, RoleName
from app.accounts.rules import moderator_of
from app.contents.models import Content, Revision, State
from app.contents.queries import BODIES
from app.core import clock
from app.core.db import db, get_one, is_postgres
from app.core.errors import NotFound
from app.core.i18n import _
from app.core.text import is_beginning
from app.moderation.desk.filters import Filters
from app.moderation.desk.models import SavedView, Signature
from app.moderation.models import Case, Cause, Decision, Report, Settings
from app.moderation.queries import TARGET_HOURS
from app.territories.models import CharterArticle, Territory

PER_PAGE = 50
AROUND = (2, 18)  # cases shown before and after the one being read
COUNTED = 1000  # beyond, a filtered list says "more than"
SHOWN = 5  # other texts of an author, replies, decisions

Key = tuple[int, Any, int]


# --- Where one moderates -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """A territory, or the region, as the desk needs to know it."""

    id: int | None
    slug: str
    name: str
    target_hours: int
    territory: Territory | None = None

    @property
    def territory_id(self) -> int | None:
        """What rules ask of a thing."""
        return self.id

    @property
    def late_before(self) -> datetime:
        """What opened before this moment has waited longer than promised."""
        return clock.from_now(hours=-self.target_hours)


@dataclass(frozen=True)
class Desk:
    """The places whose cases are shown together: one, or all those of an agent."""

    places: tuple[Place, ...]

    @property
    def one(self) -> Place | None:
        return self.places[0] if len(self.places) == 1 else None

    def place_of(self, territory_id: int | None) -> Place:
        return next(each for each in self.places if each.id == territory_id)


def places_of(person: Person) -> tuple[Place, ...]:
    """Where this person moderates, by name; the region last. One query."""
    if person.is_anonymous:
        return ()
    ids = person.territories_as(RoleName.MODERATOR)
    query = select(Territory, Settings.target_hours).outerjoin(Settings, Settings.territory_id == Territory.id)
    named = db.execute(query.where(Territory.id.in_(ids)).order_by(Territory.name)).all() if ids else []
    return tuple(each for each in (*(local(*row) for row in named), region()) if moderator_of(person, each))


def get_place(slug: str) -> Place:
    """The place at this address, whoever asks."""
    if slug == "region":
        return region()
    query = select(Territory, Settings.target_hours).outerjoin(Settings, Settings.territory_id == Territory.id)
    found = db.execute(query.where(Territory.slug == slug)).one_or_none()
    if found is None:
        raise NotFound
    return local(*found)


def local(territory: Territory, hours: int | None) -> Place:
    return Place(territory.id, territory.slug, territory.short_name, hours or TARGET_HOURS, territory)


def region() -> Place:
    return Place(None, "region", _("Région"), TARGET_HOURS)


# --- The queue -----------------------------------------------------------------------------------------------------------


def here(places: Sequence[Place]) -> ColumnElement[bool]:
    ids = [each.id for each in places if each.id is not None]
    local = Case.territory_id.in_(ids) if len(ids) != 1 else Case.territory_id == ids[0]
    regional = Case.territory_id.is_(None)
    if len(ids) == len(places):
        return local if ids else false()
    return or_(local, regional) if ids else regional


def is_late(places: Sequence[Place]) -> ColumnElement[bool]:
    """Has waited longer than its place promises."""
    return or_(*(and_(here([each]), Case.opened_at < each.late_before) for each in places))


def is_claimed() -> ColumnElement[bool]:
    return and_(Case.claimed_by_id.is_not(None), Case.claimed_until > clock.now())


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


TEXTS = (Content.title, Content.body_source, Content.byline)


def escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def cases_of(word: str) -> set[str]:
    """SQLite compares letters without their case in ASCII only: « école » is looked for as « École » too."""
    return {word} if word.isascii() or is_postgres() else {word.lower(), word.capitalize(), word.upper()}


def in_order(query: Select[int], places: Sequence[Place], *, backwards: bool = False) -> Select[int]:
    keys = (rank(), due(places), Case.id)
    return query.order_by(*(key.desc() for key in keys)) if backwards else query.order_by(*keys)


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


def _compared(places: Sequence[Place], found: Case) -> tuple[Tuple, Tuple]:
    opened = due(places)
    order, when, number = key_of(places, found)
    return tuple_(rank(), opened, Case.id), tuple_(literal(order), literal(when, opened.type), literal(number))


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


def views_of(person: Person) -> Sequence[SavedView]:
    """By name."""
    return db.scalars(select(SavedView).where(SavedView.person_id == person.id).order_by(SavedView.name)).all()


def get_view(person: Person, view_id: int) -> SavedView:
    """One of theirs; another's does not exist."""
    return get_one(select(SavedView).where(SavedView.id == view_id, SavedView.person_id == person.id))


# --- One case ------------------------------------------------------------------------------------------------------------


@dataclass
class Read:
    """A case with all there is to read: its text in the version shown, as it was written, and where it stands."""

    case: Case
    fields: dict[str, Any]  # of the revision
    campaign: int | None


def get_case(case_id: int) -> Read:
    """One query: the content with its body, its place, author, parent, what that answers, and space; the revision; the signature."""
    whole = joinedload(Case.content)
    query = (
        select(Case, Revision.fields, Signature.campaign)
        .join(Content, Content.id == Case.content_id)
        .outerjoin(Revision, and_(Revision.content_id == Content.id, Revision.n == Content.revision))
        .outerjoin(Signature, Signature.case_id == Case.id)
        .where(Case.id == case_id)
        .options(
            whole.joinedload(Content.territory),
            whole.joinedload(Content.author),
            whole.joinedload(Content.parent).options(*BODIES, joinedload(Content.parent).options(*BODIES)),
            whole.joinedload(Content.space).options(*BODIES),
            joinedload(Case.claimed_by),
        )
    )
    found = db.execute(query).one_or_none()
    if found is None:
        raise NotFound
    each, fields, campaign = found
    return Read(each, fields or {"title": each.content.title, "body_source": each.content.body_source}, campaign)


@dataclass(frozen=True)
class History:
    """What an author wrote here besides, the latest first, and in figures."""

    latest: Sequence[Content]
    total: int = 0
    public: int = 0
    restricted: int = 0


def history_of(content: Content) -> History:
    """In the same territory only: what happened elsewhere is others' business. One query, none for who has no account."""
    if content.author_id is None:
        return History([])
    restricted = Content.state.in_((State.HIDDEN, State.REMOVED, State.REFUSED))
    place = Content.territory_id == content.territory_id if content.territory_id is not None else Content.territory_id.is_(None)
    query = (
        select(
            Content,
            func.count().over(),
            func.sum(case((Content.is_public, 1), else_=0)).over(),
            func.sum(case((restricted, 1), else_=0)).over(),
        )
        .where(Content.author_id == content.author_id, place, Content.id != content.id, Content.state != State.DRAFT)
        .options(*BODIES, joinedload(Content.parent).options(*BODIES, joinedload(Content.parent).options(*BODIES)))  # for addresses
        .order_by(Content.created_at.desc(), Content.id.desc())
        .limit(SHOWN)
    )
    found = db.execute(query).all()
    return History([each[0] for each in found], *map(int, found[0][1:])) if found else History([])


def decisions_about(content: Content) -> tuple[list[Decision], list[Decision]]:
    """Those on this text, then those on other texts of the same author in the same territory; latest first. One query."""
    whose = Decision.content_id == content.id
    if content.author_id is not None:
        place = Content.territory_id == content.territory_id if content.territory_id is not None else Content.territory_id.is_(None)
        whose = or_(whose, and_(Content.author_id == content.author_id, place))
    query = (
        select(Decision)
        .join(Decision.content)
        .where(whose, Decision.undone_at.is_(None))
        .options(joinedload(Decision.article), joinedload(Decision.by), joinedload(Decision.content).options(*BODIES))
        .order_by(case((Decision.content_id == content.id, 0), else_=1), Decision.id.desc())
        .limit(2 * SHOWN)
    )
    found = db.scalars(query).all()
    return [each for each in found if each.content_id == content.id], [each for each in found if each.content_id != content.id]


def replies_to(content: Content) -> Sequence[Content]:
    """The first public answers, oldest first."""
    query = select(Content).where(Content.parent_id == content.id, Content.is_public).options(*BODIES)
    return db.scalars(query.order_by(Content.created_at, Content.id).limit(SHOWN)).all()


def alike(place: Place, found: Case, campaign: int) -> tuple[Sequence[Case], int, int]:
    """Open cases of the same campaign but this one, the oldest first; how many in all, this one among them; how many authors."""
    who = func.coalesce(Content.author_id, -Content.id)  # without an account, each counts for one
    query = (
        select(Case)
        .join(Signature, Signature.case_id == Case.id)
        .where(Signature.campaign == campaign, here([place]), Case.is_open, Case.id != found.id)
        .options(joinedload(Case.content).options(*BODIES))
        .order_by(Case.opened_at, Case.id)
        .limit(SHOWN)
    )
    totals = (
        select(func.count(Case.id), func.count(who.distinct()))
        .join(Signature, Signature.case_id == Case.id)
        .join(Content, Content.id == Case.content_id)
        .where(Signature.campaign == campaign, here([place]), Case.is_open)
    )
    count, authors = db.execute(totals).one()
    return db.scalars(query).all(), count, authors


def cases_among(places: Sequence[Place], ids: Sequence[int], *, only_open: bool) -> list[Case]:
    """The cases of these places among these ids, in the order given, with their contents."""
    query = select(Case).where(Case.id.in_(ids), here(places), *([Case.is_open] if only_open else []))
    query = query.options(joinedload(Case.content).options(joinedload(Content.territory), joinedload(Content.author)))
    found = {each.id: each for each in (db.scalars(query) if places else ())}
    return [found[each] for each in dict.fromkeys(ids) if each in found]


def campaign_ids(places: Sequence[Place], campaign: int, limit: int) -> Sequence[int]:
    """Open cases of a campaign, the oldest first."""
    query = select(Case.id).join(Signature, Signature.case_id == Case.id)
    query = query.where(Signature.campaign == campaign, here(places), Case.is_open).order_by(Case.opened_at, Case.id)
    return db.scalars(query.limit(limit)).all() if places else []


# --- The register --------------------------------------------------------------------------------------------------------


def decisions_in(places: Sequence[Place]) -> Select[Decision]:
    """What was decided in these places, latest first."""
    ids = [each.id for each in places if each.id is not None]
    place = Content.territory_id.in_(ids)
    query = select(Decision).join(Decision.content).where(or_(place, Content.territory_id.is_(None)) if len(ids) < len(places) else place)
    return query.options(joinedload(Decision.article), joinedload(Decision.by), joinedload(Decision.content).options(*BODIES)).order_by(
        Decision.id.desc()
    )
