"""Reads of sanctions: what each loads and in which order."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Person, Role, RoleName
from app.contents.models import Content
from app.core import clock
from app.core.db import db, get_one
from app.core.i18n import _
from app.moderation.models import Statement
from app.moderation.sanctions.models import Sanction, SanctionKind, SanctionState
from app.territories.models import CharterArticle, Territory


class Stage(StrEnum):
    WAITING = "waiting"  # for a second reader
    IN_FORCE = "in_force"
    ENDED = "ended"  # lifted, declined, over, or never read in time


def here(territory_id: int | None) -> ColumnElement[bool]:
    """Of a territory (None: the region's), about somebody: what was purged is counted elsewhere, and shown nowhere."""
    place = Sanction.territory_id == territory_id if territory_id is not None else Sanction.territory_id.is_(None)
    return and_(place, Sanction.person_id.is_not(None))


def at_stage(stage: Stage) -> ColumnElement[bool]:
    """By the clock: what has an end ends by itself."""
    lasts = or_(Sanction.ends_at.is_(None), Sanction.ends_at > clock.now())
    waiting = and_(Sanction.state == SanctionState.PROPOSED, lasts)
    in_force = and_(Sanction.state == SanctionState.CONFIRMED, lasts)
    return {Stage.WAITING: waiting, Stage.IN_FORCE: in_force, Stage.ENDED: ~or_(waiting, in_force)}[stage]


def sanctions_in(territory_id: int | None, stage: Stage) -> Select[Sanction]:
    """A territory's (None: the region's) at one stage: what waits from the oldest, the rest from the latest."""
    order = Sanction.proposed_at if stage == Stage.WAITING else Sanction.proposed_at.desc()
    query = select(Sanction).where(here(territory_id), at_stage(stage)).order_by(order, Sanction.id)
    return query.options(joinedload(Sanction.person), joinedload(Sanction.proposed_by), joinedload(Sanction.read_by))


def count_in(territory_id: int | None, stage: Stage) -> int:
    return db.scalar(select(func.count(Sanction.id)).where(here(territory_id), at_stage(stage))) or 0


def in_words(ids: Sequence[int | None], _person: Person) -> dict[int | None, str]:
    """What the back office says of each of these places where a sanction waits for its second reader. One query."""
    query = select(Sanction.territory_id, func.count(Sanction.id)).where(or_(*map(here, ids)), at_stage(Stage.WAITING))
    return {territory_id: _("%(n)s à relire", n=count) for territory_id, count in db.execute(query.group_by(Sanction.territory_id))}


def get_sanction(sanction_id: int) -> Sanction:
    """With its people (and the proposer's roles), its territory and its article."""
    proposer = joinedload(Sanction.proposed_by).joinedload(Person.roles)
    query = select(Sanction).where(Sanction.id == sanction_id, Sanction.person_id.is_not(None))
    query = query.options(proposer, joinedload(Sanction.person).joinedload(Person.roles).joinedload(Role.territory))
    return get_one(query.options(joinedload(Sanction.read_by), joinedload(Sanction.territory), joinedload(Sanction.article)))


def in_force_on(person: Person) -> Sequence[Sanction]:
    """What holds against a person now, provisional or confirmed, the latest first; with territories."""
    provisional = and_(Sanction.starts_at.is_not(None), at_stage(Stage.WAITING))
    query = select(Sanction).where(Sanction.person_id == person.id, or_(at_stage(Stage.IN_FORCE), provisional))
    return db.scalars(query.options(joinedload(Sanction.territory)).order_by(Sanction.id.desc())).all()


def told_to(person: Person) -> Sequence[Statement]:
    """The statements of reasons of every sanction this person was told of, the latest first."""
    query = select(Statement).join(Sanction, Statement.sanction_id == Sanction.id).where(Statement.person_id == person.id)
    return db.scalars(query.order_by(Statement.id.desc())).all()


def statement_of(sanction_id: int) -> Statement | None:
    return db.scalars(select(Statement).where(Statement.sanction_id == sanction_id)).one_or_none()


def is_waiting(person_id: int, territory_id: int | None, kind: SanctionKind) -> bool:
    """Is the same thing already proposed?"""
    query = select(Sanction.id).where(Sanction.person_id == person_id, here(territory_id), Sanction.kind == kind, at_stage(Stage.WAITING))
    return db.scalar(query.limit(1)) is not None


def suspension_of(person_id: int) -> Sanction | None:
    """The region's suspension of this account that holds now, urgent or confirmed."""
    holds = or_(at_stage(Stage.IN_FORCE), and_(Sanction.starts_at.is_not(None), at_stage(Stage.WAITING)))
    query = select(Sanction).where(Sanction.person_id == person_id, here(None), Sanction.kind == SanctionKind.SUSPENSION, holds)
    return db.scalars(query.order_by(Sanction.id.desc()).limit(1)).one_or_none()


def has_written_in(person_id: int, territory_id: int) -> bool:
    query = select(Content.id).where(Content.author_id == person_id, Content.territory_id == territory_id)
    return db.scalar(query.limit(1)) is not None


def articles_of(territory_id: int | None) -> Sequence[CharterArticle]:
    """The charter in force; the region has none."""
    query = select(CharterArticle).where(CharterArticle.territory_id == territory_id, CharterArticle.replaced_at.is_(None))
    return db.scalars(query.order_by(CharterArticle.number)).all() if territory_id else []


def places_for(agent: Person, person: Person) -> Sequence[Territory]:
    """The territories of this agent's roles where this person wrote, by name."""
    wrote = select(Content.territory_id).where(Content.author_id == person.id)
    mine = agent.territories_as(RoleName.MODERATOR, RoleName.MANAGER)
    query = select(Territory).where(Territory.id.in_(mine), Territory.id.in_(wrote)).order_by(Territory.name)
    return db.scalars(query).all() if mine else []
