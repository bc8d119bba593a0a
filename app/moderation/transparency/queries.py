"""Reads of what is published, and of second readings: what each loads and in which order."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, case, cast, distinct, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from app.accounts.models import Person
from app.contents.models import Content, Revision, State
from app.contents.queries import BODIES
from app.core import clock
from app.core.clock import PARIS
from app.core.db import db, get_one, stream
from app.core.pages import Page
from app.moderation.appeals.models import Appeal, Appellant
from app.moderation.appeals.models import Outcome as Answer
from app.moderation.models import Case, Decision, Settings, Verdict
from app.moderation.queries import TARGET_HOURS
from app.moderation.sanctions.models import Sanction, SanctionKind, SanctionState
from app.moderation.transparency.calendars import Month, midnight, year_bounds
from app.moderation.transparency.figures import SMALL
from app.moderation.transparency.models import PERCENT, ReadingDraw, ReadingRate, SecondReading
from app.moderation.transparency.outcomes import Outcome, is_outcome, outcome_of
from app.territories.models import CharterArticle, Territory

COMPARED = (Verdict.KEEP, Verdict.REDACT, Verdict.MOVE, Verdict.REFUSE)  # what a second reader may have decided as well
AT_ONCE = 500  # ids in one statement


# --- The register --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filters:
    year: int | None = None
    outcome: Outcome | None = None
    reason: str = ""


@dataclass(frozen=True)
class Entry:
    """A decision as the public reads it: the day, never the hour; no text, no name, no number that leads to either."""

    day: date
    place: str  # short name of the territory, "" for the region
    kind: str
    activity: str | None  # None: so few people wrote there that it would name them
    outcome: Outcome
    reason: str  # title of the article of the charter, "" without one
    is_automated: bool
    hours: int | None  # waited, begun hours counted whole; None for what no person decided
    appeals: tuple[tuple[Appellant, Answer | None], ...] = ()


def register(territory: Territory | None, filters: Filters) -> Select:
    """What was decided and not taken back, in a territory or (None) everywhere, the latest first. Rows for `entries`."""
    space = aliased(Content, flat=True)
    query = (
        select(
            Decision.id,
            Decision.at,
            Decision.opened_at,
            Decision.verdict,
            Decision.before,
            Decision.is_automated,
            CharterArticle.title.label("reason"),
            Content.kind,
            Content.space_id,
            Territory.short_name,
            case((space.is_public, space.title)).label("activity"),  # a title that was taken back is nowhere
        )
        .join(Content, Content.id == Decision.content_id)
        .outerjoin(CharterArticle, CharterArticle.id == Decision.article_id)
        .outerjoin(Territory, Territory.id == Content.territory_id)
        .outerjoin(space, space.id == Content.space_id)
        .where(published(), *narrowed(territory, filters))
    )
    return query.order_by(Decision.id.desc())


def published() -> ColumnElement[bool]:
    return Decision.undone_at.is_(None)


def narrowed(territory: Territory | None, filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Content.territory_id == territory.id] if territory else []
    if filters.year:
        starts, ends = year_bounds(filters.year)
        found += [Decision.at >= starts, Decision.at < ends]
    if filters.outcome:
        found.append(is_outcome(filters.outcome))
    if filters.reason:
        found.append(CharterArticle.title == filters.reason)
    return found


def register_page(territory: Territory | None, filters: Filters, number: int, per_page: int) -> Page[Entry]:
    query = register(territory, filters)
    total = db.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = db.execute(query.limit(per_page).offset((number - 1) * per_page)).all()
    return Page(entries(rows, crowded_groups(spaces_of(rows))), total, number, per_page)


def whole_register(territory: Territory | None, filters: Filters) -> Iterable[Entry]:
    crowded: set[tuple[int, str]] = set()
    counted: set[int] = set()  # a space is counted once, not each time some of its rows are read
    for rows in stream(register(territory, filters), AT_ONCE).partitions():
        crowded |= crowded_groups(spaces_of(rows) - counted)
        counted |= spaces_of(rows)
        yield from entries(rows, crowded)


def spaces_of(rows: Sequence[Any]) -> set[int]:
    return {row.space_id for row in rows if row.space_id}


def entries(rows: Sequence[Any], crowded: set[tuple[int, str]]) -> list[Entry]:
    """What these rows say to the public, with the groups where enough people wrote; one more query, however many they are."""
    appeals: dict[int | None, list[tuple[Appellant, Answer | None]]] = {}
    ids = [row.id for row in rows]
    asked = select(Appeal.decision_id, Appeal.appellant, Appeal.outcome).where(Appeal.decision_id.in_(ids)).order_by(Appeal.id)
    for decision_id, appellant, answer in db.execute(asked) if ids else ():
        appeals.setdefault(decision_id, []).append((appellant, answer))
    return [
        Entry(
            day=row.at.astimezone(PARIS).date(),
            place=row.short_name or "",
            kind=row.kind,
            activity=(row.activity or "") if (row.space_id, row.kind) in crowded or not row.space_id else None,
            outcome=outcome_of(row.verdict, row.before),
            reason=row.reason or "",
            is_automated=row.is_automated,
            hours=None if row.is_automated else math.ceil(max(0.0, (row.at - row.opened_at).total_seconds()) / 3600),
            appeals=tuple(appeals.get(row.id, ())),
        )
        for row in rows
    ]


def crowded_groups(space_ids: set[int]) -> set[tuple[int, str]]:
    """The (activity, kind) in which at least five people wrote: there, an act does not name its author."""
    found: set[tuple[int, str]] = set()
    who = func.count(distinct(func.coalesce(cast(Content.author_id, String), Content.byline)))
    for start in range(0, len(space_ids), AT_ONCE):
        some = sorted(space_ids)[start : start + AT_ONCE]
        query = select(Content.space_id, Content.kind).where(Content.space_id.in_(some), Content.state != State.DRAFT)
        rows = db.execute(query.group_by(Content.space_id, Content.kind).having(who >= SMALL))
        found |= {(space_id, kind) for space_id, kind in rows if space_id is not None}
    return found


def reasons_given(territory: Territory | None) -> list[str]:
    """The titles of the articles that were ever applied, in order."""
    query = select(CharterArticle.title).distinct().join(Decision, Decision.article_id == CharterArticle.id).where(published())
    return sorted(db.scalars(query.where(CharterArticle.territory_id == territory.id) if territory else query))


def first_year(territory: Territory | None) -> int:
    query = select(func.min(Decision.at)).join(Content, Content.id == Decision.content_id)
    at: datetime | None = db.scalar(query.where(*narrowed(territory, Filters())))
    return (at or clock.now()).astimezone(PARIS).year


def decided_in(territory: Territory, month: Month) -> int:
    query = select(func.count(Decision.id)).join(Content, Content.id == Decision.content_id)
    return db.scalar(query.where(published(), _within(Decision.at, month.starts, month.ends), *narrowed(territory, Filters()))) or 0


# --- The report of a month -----------------------------------------------------------------------------------------------


@dataclass
class Report:
    """What a month of moderation comes to. `hours`: what people decided waited, in hours, one a decision."""

    month: Month
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    automated: int = 0
    hours: list[float] = field(default_factory=list)
    in_time: int = 0  # decided by a person within what their territory promises today
    promised: set[int] = field(default_factory=set)  # hours
    appeals_received: int = 0
    answers: Counter[Answer] = field(default_factory=Counter)
    sanctions: Counter[SanctionKind] = field(default_factory=Counter)
    read: int = 0  # second readings given this month
    agreed: int = 0
    pairs: dict[tuple[Verdict, Verdict], int] = field(default_factory=dict)  # of the twelve months that end with this one
    twelve: list[tuple[Month, int]] = field(default_factory=list)

    @property
    def decided(self) -> int:
        return self.outcomes.total()


def report(territory: Territory | None, month: Month) -> Report:
    """Seven queries, whatever the number of decisions; medians are taken here, since only one of the two databases knows them."""
    made = Report(month)
    _decisions(made, territory)
    _twelve_months(made, territory)
    _appeals(made, territory)
    _sanctions(made, territory)
    _readings(made, territory)
    return made


def _within(column: Any, starts: datetime, ends: datetime) -> ColumnElement[bool]:
    return and_(column >= starts, column < ends)


def _decisions(made: Report, territory: Territory | None) -> None:
    settings = select(Settings.territory_id, Settings.target_hours)
    promises: dict[int | None, int] = dict(
        db.execute(settings.where(Settings.territory_id == territory.id) if territory else settings).all()
    )
    query = select(
        Decision.verdict,
        Decision.before,
        Decision.is_automated,
        Decision.at,
        Decision.opened_at,
        Content.territory_id,
        CharterArticle.title,
    )
    query = query.join(Content, Content.id == Decision.content_id).outerjoin(CharterArticle, CharterArticle.id == Decision.article_id)
    query = query.where(published(), _within(Decision.at, made.month.starts, made.month.ends), *narrowed(territory, Filters()))
    for verdict, before, is_automated, at, opened_at, territory_id, reason in db.execute(query):
        made.outcomes[outcome_of(verdict, before)] += 1
        if reason:
            made.reasons[reason] += 1
        if is_automated:
            made.automated += 1
            continue
        promised = promises.get(territory_id, TARGET_HOURS)
        hours = max(0.0, (at - opened_at).total_seconds()) / 3600
        made.hours.append(hours)
        made.promised.add(promised)
        made.in_time += hours <= promised
    if territory:
        made.promised = {promises.get(territory.id, TARGET_HOURS)}


def _twelve_months(made: Report, territory: Territory | None) -> None:
    months = [made.month.plus(-each) for each in range(11, -1, -1)]
    counts = [func.count(case((_within(Decision.at, each.starts, each.ends), 1))) for each in months]
    query = select(*counts).select_from(Decision).join(Content, Content.id == Decision.content_id)
    query = query.where(published(), _within(Decision.at, months[0].starts, months[-1].ends), *narrowed(territory, Filters()))
    made.twelve = list(zip(months, db.execute(query).one(), strict=True))


def _appeals(made: Report, territory: Territory | None) -> None:
    here = [Appeal.territory_id == territory.id] if territory else []
    starts, ends = made.month.starts, made.month.ends
    received = select(func.count(Appeal.id)).where(_within(Appeal.created_at, starts, ends), *here)
    made.appeals_received = db.scalar(received) or 0
    answered = select(Appeal.outcome, func.count(Appeal.id)).where(_within(Appeal.answered_at, starts, ends), *here)
    made.answers.update({answer: count for answer, count in db.execute(answered.group_by(Appeal.outcome)) if answer})


def _sanctions(made: Report, territory: Territory | None) -> None:
    here = [Sanction.territory_id == territory.id] if territory else []
    query = select(Sanction.kind, func.count(Sanction.id)).where(_within(Sanction.read_at, made.month.starts, made.month.ends), *here)
    query = query.where(Sanction.state.in_([SanctionState.CONFIRMED, SanctionState.LIFTED])).group_by(Sanction.kind)
    made.sanctions.update(dict(db.execute(query).all()))


def _readings(made: Report, territory: Territory | None) -> None:
    here = [SecondReading.territory_id == territory.id] if territory else []
    query = select(Decision.verdict, SecondReading.verdict, func.count(SecondReading.id))
    query = query.join(Decision, Decision.id == SecondReading.decision_id).where(*here).group_by(Decision.verdict, SecondReading.verdict)
    year = query.where(_within(SecondReading.read_at, made.month.plus(-11).starts, made.month.ends))
    made.pairs = {(first, second): count for first, second, count in db.execute(year) if second}
    for first, second, count in db.execute(query.where(_within(SecondReading.read_at, made.month.starts, made.month.ends))):
        made.read += count
        made.agreed += count if first == second else 0


# --- The second reading --------------------------------------------------------------------------------------------------


def percent_of(territory_id: int | None) -> int:
    """How many decisions in a hundred are read again."""
    found = db.scalar(rate_held(), {"territory_id": territory_id}) if territory_id else None
    return found or PERCENT


@cache
def rate_held() -> Select[int]:
    return select(ReadingRate.percent).where(ReadingRate.territory_id == bindparam("territory_id"))


def could_be_drawn() -> ColumnElement[bool]:
    """Decided for good by a person, in `bounds_of` a week, and not taken back; the words of what was erased are gone. Who decided may be
    forgotten since: the same draw is found all the same."""
    by_hand = and_(~Decision.is_automated, published(), Decision.verdict.in_(COMPARED))
    return and_(by_hand, Decision.at >= bindparam("starts"), Decision.at < bindparam("ends"))


def bounds_of(week: date) -> dict[str, datetime]:
    return {"starts": midnight(week), "ends": midnight(week + timedelta(days=7))}


def drawable(territory_id: int | None, week: date) -> list[int]:
    """The numbers of the decisions a week's draw is made from, in order."""
    return list(db.scalars(numbers_decided(is_region=territory_id is None), bounds_of(week) | {"territory_id": territory_id}))


@cache
def numbers_decided(*, is_region: bool) -> Select[int]:
    here = Case.territory_id.is_(None) if is_region else Case.territory_id == bindparam("territory_id")
    return select(Decision.id).join(Case, Case.id == Decision.case_id).where(here, could_be_drawn()).order_by(Decision.id)


def places_to_draw(week: date) -> list[int | None]:
    """Where somebody decided that week and nothing was drawn yet; None is the region."""
    drawn = set(db.scalars(places_drawn(), {"week": week}))
    return [each for each in db.scalars(places_decided(), bounds_of(week)) if each not in drawn]


@cache
def places_drawn() -> Select[int | None]:
    return select(ReadingDraw.territory_id).where(ReadingDraw.week == bindparam("week"))


@cache
def places_decided() -> Select[int | None]:
    return select(Case.territory_id).distinct().join(Decision, Decision.case_id == Case.id).where(could_be_drawn())


def draws() -> Sequence[ReadingDraw]:
    return db.scalars(select(ReadingDraw).order_by(ReadingDraw.id)).all()


def in_place(territory_id: int | None) -> ColumnElement[bool]:
    return SecondReading.territory_id == territory_id if territory_id is not None else SecondReading.territory_id.is_(None)


def to_read(territory_id: int | None, person: Person) -> Sequence[SecondReading]:
    """What this person may read again here, the oldest draw first: not what they decided, nor what they wrote."""
    loaded = joinedload(SecondReading.decision).joinedload(Decision.content)
    mine = or_(Decision.by_id == person.id, Content.author_id == person.id)
    query = select(SecondReading).join(SecondReading.decision).join(Decision.content)
    query = query.where(in_place(territory_id), SecondReading.read_at.is_(None), ~func.coalesce(mine, False))
    query = query.options(loaded.options(*BODIES), loaded.joinedload(Content.space).options(*BODIES), joinedload(SecondReading.draw))
    return db.scalars(query.order_by(SecondReading.draw_id, SecondReading.id).limit(100)).all()


def waiting_for_others(territory_id: int | None, person: Person) -> int:
    """What only somebody else may read."""
    mine = or_(Decision.by_id == person.id, Content.author_id == person.id)
    query = select(func.count(SecondReading.id)).join(SecondReading.decision).join(Decision.content)
    return db.scalar(query.where(in_place(territory_id), SecondReading.read_at.is_(None), func.coalesce(mine, False))) or 0


def get_reading(reading_id: int) -> SecondReading:
    """With the decision, its text and where it stands. Whoever shows it keeps the verdict to themselves."""
    loaded = joinedload(SecondReading.decision).joinedload(Decision.content)
    around = (loaded.joinedload(Content.space).options(*BODIES), loaded.joinedload(Content.parent).options(*BODIES))
    query = select(SecondReading).where(SecondReading.id == reading_id)
    return get_one(query.options(loaded.joinedload(Content.territory), loaded.joinedload(Content.author), *around))


def words_read(decision: Decision) -> Revision | None:
    """The version that was decided on, as its author wrote it."""
    return db.scalar(select(Revision).where(Revision.content_id == decision.content_id, Revision.n == decision.revision))


def disagreements(territory_id: int | None) -> Sequence[SecondReading]:
    """Of the last twelve months, the latest first: for the manager, who may take a decision up again."""
    loaded = joinedload(SecondReading.decision)
    query = select(SecondReading).where(
        in_place(territory_id), SecondReading.agrees.is_(False), SecondReading.read_at > clock.from_now(days=-365)
    )
    query = query.options(
        loaded.joinedload(Decision.content).options(*BODIES), loaded.joinedload(Decision.article), joinedload(SecondReading.article)
    )
    return db.scalars(query.order_by(SecondReading.read_at.desc()).limit(50)).all()


def counts_read(territory_id: int | None) -> tuple[int, int]:
    """Second readings given in the last twelve months, and how many agreed."""
    query = select(func.count(SecondReading.id), func.count(case((SecondReading.agrees.is_(True), 1))))
    read, agreed = db.execute(query.where(in_place(territory_id), SecondReading.read_at > clock.from_now(days=-365))).one()
    return read, agreed
