"""Reads about people: each says what it loads."""

from collections.abc import Sequence

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from app.accounts.models import Identity, Person, Role, RoleName, Token, TokenPurpose
from app.core import clock
from app.core.db import db, get_one


def get_person(person_id: int) -> Person:
    """With roles and the territories they are held in."""
    return get_one(select(Person).where(Person.id == person_id).options(joinedload(Person.roles).joinedload(Role.territory)))


def get_profile(public_id: str) -> Person:
    return get_one(select(Person).where(Person.public_id == public_id).options(joinedload(Person.roles).joinedload(Role.territory)))


def find_identity(email: str) -> Identity | None:
    """By normalised address, with the person and their roles."""
    query = select(Identity).where(Identity.email == email).options(joinedload(Identity.person, innerjoin=True).joinedload(Person.roles))
    return db.scalars(query).unique().one_or_none()


def get_identity(person_id: int) -> Identity:
    query = select(Identity).where(Identity.person_id == person_id)
    return get_one(query.options(joinedload(Identity.person, innerjoin=True).joinedload(Person.roles)))


def team_of(territory_id: int | None) -> Sequence[Role]:
    """Roles held in the territory, or in the region without one, with their people; by role, then name."""
    query = select(Role).join(Role.person).options(contains_eager(Role.person)).where(Role.territory_id == territory_id)
    return db.scalars(query.order_by(Role.name, Person.name, Role.id)).all()


def get_role(role_id: int) -> Role:
    query = (
        select(Role)
        .where(Role.id == role_id)
        .options(joinedload(Role.person, innerjoin=True).joinedload(Person.roles), joinedload(Role.territory))
    )
    return get_one(query)


def invitations_to(territory_id: int | None) -> Sequence[Token]:
    """Sent, and neither accepted nor expired; the latest first."""
    query = select(Token).where(
        Token.purpose == TokenPurpose.INVITE, Token.territory_id == territory_id, Token.used_at.is_(None), Token.expires_at > clock.now()
    )
    return db.scalars(query.order_by(Token.id.desc())).all()


def administrators() -> int:
    """How many may give the region's roles: neither closed nor suspended until further notice."""
    query = select(func.count(func.distinct(Role.person_id))).join(Role.person)
    held = query.where(
        Role.name == RoleName.ADMINISTRATOR, Role.territory_id.is_(None), Person.closed_at.is_(None), Person.suspended_at.is_(None)
    )
    return db.scalar(held) or 0


def people_named(words: str) -> Select[Person]:
    """For the administrator: open accounts by name or by whole address; those suspended first."""
    query = (
        select(Person)
        .outerjoin(Person.identity)
        .where(Person.closed_at.is_(None))
        .options(joinedload(Person.roles).joinedload(Role.territory))
    )
    if words:
        like = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        query = query.where(or_(Person.name.ilike(f"%{like}%", escape="\\"), Identity.email == words.casefold()))
    return query.order_by(Person.suspended_at.is_(None), Person.name, Person.id)
