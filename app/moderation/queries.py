"""Reads of the desk: what each loads and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Person, RoleName
from app.accounts.rules import moderator_of
from app.contents.models import Content, Redaction, State
from app.contents.queries import BODIES
from app.core.db import db, get_one
from app.core.i18n import _
from app.moderation.models import RESTRICTIVE, Case, Cause, Decision, Message, Regime, Report, Settings, Statement, Verdict
from app.territories.models import CharterArticle, Territory

TARGET_HOURS = 24


def settings_of(territory_id: int | None) -> Settings:
    """The territory's settings, or the default ones (not saved)."""
    found = db.scalar(select(Settings).where(Settings.territory_id == territory_id)) if territory_id else None
    return found or Settings(territory_id=territory_id, regime=Regime.AFTER, target_hours=TARGET_HOURS)


def waiting(territory_id: int | None) -> Select[Case]:
    """Open cases of a territory (None: the region's): what is hidden first, then what waits to be published, the oldest first."""
    return (
        select(Case)
        .where(Case.territory_id == territory_id if territory_id is not None else Case.territory_id.is_(None), Case.is_open)
        .options(joinedload(Case.content).options(*BODIES), joinedload(Case.claimed_by))
        .join(Case.content)
        .order_by(case((Content.state == State.HIDDEN, 0), (Case.cause == Cause.GATE, 1), else_=2), Case.opened_at, Case.id)
    )


@dataclass(frozen=True)
class Summary:
    count: int
    oldest: datetime | None


def summary_of(territory_id: int | None) -> Summary:
    here = Case.territory_id == territory_id if territory_id is not None else Case.territory_id.is_(None)
    count, oldest = db.execute(select(func.count(Case.id), func.min(Case.opened_at)).where(here, Case.is_open)).one()
    return Summary(count, oldest)


def get_case(case_id: int) -> Case:
    """A case with the whole text and where it stands."""
    whole = joinedload(Case.content)
    query = (
        select(Case)
        .where(Case.id == case_id)
        .options(
            whole.joinedload(Content.territory),
            whole.joinedload(Content.author),
            whole.joinedload(Content.parent).options(*BODIES),
            whole.joinedload(Content.space).options(*BODIES),
            joinedload(Case.claimed_by),
        )
    )
    return get_one(query)


def reports_of(content_id: int) -> Sequence[Report]:
    """Those that count: a person's, and a visitor's once confirmed. Oldest first."""
    query = select(Report).where(Report.content_id == content_id, Report.confirmed_at.is_not(None))
    return db.scalars(query.options(joinedload(Report.article), joinedload(Report.person)).order_by(Report.created_at, Report.id)).all()


def report_counts(content_ids: Sequence[int]) -> dict[int, int]:
    query = select(Report.content_id, func.count(Report.id)).where(Report.content_id.in_(content_ids), Report.confirmed_at.is_not(None))
    return {row[0]: row[1] for row in db.execute(query.group_by(Report.content_id))} if content_ids else {}


def decisions_of(case_id: int) -> Sequence[Decision]:
    query = select(Decision).where(Decision.case_id == case_id).options(joinedload(Decision.article), joinedload(Decision.by))
    return db.scalars(query.order_by(Decision.id.desc())).all()


def decisions_in(territory_id: int | None) -> Select[Decision]:
    """The territory's register, latest first."""
    here = Content.territory_id == territory_id if territory_id is not None else Content.territory_id.is_(None)
    query = select(Decision).join(Decision.content).where(here)
    return query.options(joinedload(Decision.article), joinedload(Decision.by), joinedload(Decision.content).options(*BODIES)).order_by(
        Decision.id.desc()
    )


def get_decision(decision_id: int) -> Decision:
    loaded = joinedload(Decision.content)
    query = select(Decision).where(Decision.id == decision_id)
    around = (loaded.joinedload(Content.territory), loaded.joinedload(Content.space).options(*BODIES))
    return get_one(query.options(*around, joinedload(Decision.article), joinedload(Decision.by)))


def last_decision(case_id: int) -> Decision | None:
    query = select(Decision).where(Decision.case_id == case_id).options(joinedload(Decision.by))
    return db.scalars(query.order_by(Decision.id.desc()).limit(1)).one_or_none()


RESTRICTED = {State.HIDDEN, State.REMOVED, State.REFUSED}


def standing_restriction(content_id: int) -> Decision | None:
    """The last decision that hid, refused, removed or held this text, and was neither undone nor overturned."""
    verdicts = RESTRICTIVE - {Verdict.REDACT}
    query = select(Decision).where(Decision.content_id == content_id, Decision.verdict.in_(verdicts), stands())
    return db.scalars(query.options(joinedload(Decision.article)).order_by(Decision.id.desc()).limit(1)).one_or_none()


def last_sealing(content_id: int) -> Decision | None:
    """The last decision that closed versions to the public, overturned or not."""
    query = select(Decision).where(Decision.content_id == content_id, Decision.verdict.in_(RESTRICTIVE), Decision.undone_at.is_(None))
    return db.scalars(query.order_by(Decision.id.desc()).limit(1)).one_or_none()


def stands() -> ColumnElement[bool]:
    return Decision.undone_at.is_(None) & Decision.overturned_at.is_(None)


def was_restricted(content_id: int) -> bool:
    """Did a person ever restrict this text, rightly as far as is known?"""
    query = select(Decision.id).where(
        Decision.content_id == content_id, Decision.verdict.in_(RESTRICTIVE), stands(), ~Decision.is_automated
    )
    return db.scalar(query.limit(1)) is not None


def was_reported(content_id: int) -> bool:
    return db.scalar(select(Report.id).where(Report.content_id == content_id, Report.confirmed_at.is_not(None)).limit(1)) is not None


def motive_of(content: Content) -> str:
    """Why a part of it, or all, is not shown now: the title of an article. Empty for what is shown whole, and for what waits."""
    if content.state == State.PUBLISHED:
        cut = select(CharterArticle.title).join(Redaction, Redaction.article_id == CharterArticle.id)
        cut = cut.where(Redaction.content_id == content.id, Redaction.revision == content.revision, Redaction.lifted_at.is_(None))
        return db.scalar(cut.order_by(Redaction.created_at.desc()).limit(1)) or ""
    if content.state in RESTRICTED:
        standing = standing_restriction(content.id)
        return standing.article.title if standing and standing.article else ""
    return ""


def statement_of(decision_id: int) -> Statement | None:
    return db.scalars(select(Statement).where(Statement.decision_id == decision_id)).one_or_none()


def messages_of(case_id: int) -> Sequence[Message]:
    """What the team and the author said to each other about a case, in order."""
    return db.scalars(
        select(Message).where(Message.case_id == case_id).options(joinedload(Message.by)).order_by(Message.at, Message.id)
    ).all()


def last_asked(case_id: int) -> Message | None:
    """The last word of the team to the author."""
    query = select(Message).where(Message.case_id == case_id, ~Message.is_from_author).options(joinedload(Message.by))
    return db.scalars(query.order_by(Message.id.desc()).limit(1)).one_or_none()


@dataclass(frozen=True)
class Record:
    """What an author did before in this territory, in figures."""

    published: int
    restricted: int


def record_of(content: Content) -> Record:
    if content.author_id is None:
        return Record(0, 0)
    query = select(Content.state, func.count(Content.id)).where(Content.author_id == content.author_id, Content.id != content.id)
    found = dict(db.execute(query.group_by(Content.state)).all())
    return Record(found.get(State.PUBLISHED, 0), sum(found.get(state, 0) for state in (State.HIDDEN, State.REMOVED, State.REFUSED)))


def has_been_published(person_id: int, territory_id: int | None) -> bool:
    """Has anything of theirs been accepted in this territory?"""
    query = select(Content.id).where(Content.author_id == person_id, Content.territory_id == territory_id, Content.state == State.PUBLISHED)
    return db.scalar(query.limit(1)) is not None


def articles_for(content: Content) -> Sequence[CharterArticle]:
    """The charter a content is held to: its territory's articles in force."""
    query = select(CharterArticle).where(CharterArticle.territory_id == content.territory_id, CharterArticle.replaced_at.is_(None))
    return db.scalars(query.order_by(CharterArticle.number)).all()


def get_territory_or_region(slug: str) -> Territory | None:
    """None stands for the region."""
    return None if slug == "region" else get_one(select(Territory).where(Territory.slug == slug))


@dataclass(frozen=True)
class Desk:
    """A place where somebody moderates: a territory's, or the region's."""

    slug: str
    name: str
    summary: Summary


class Region:
    """Stands for the region where a rule asks for a place."""

    id = territory_id = None


REGION = Region()


def desks_of(person: Person) -> list[Desk]:
    """The desks this person may sit at, by name; the region's last."""
    if person.is_anonymous:
        return []
    query = select(Territory).where(Territory.id.in_(person.territories_as(RoleName.MODERATOR, RoleName.MANAGER))).order_by(Territory.name)
    desks = [Desk(each.slug, each.short_name, summary_of(each.id)) for each in db.scalars(query) if moderator_of(person, each)]
    if moderator_of(person, REGION):
        desks.append(Desk("region", _("Région"), summary_of(None)))
    return desks
