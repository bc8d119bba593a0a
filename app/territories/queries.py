"""Reads about places: each says what it loads and in which order."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.core.db import db, get_one
from app.core.errors import NotFound
from app.territories.models import CharterArticle, LegalPage, Territory, TerritoryKind

REGION = "region"  # what stands in an address where a territory would, for what belongs to none


def get_territory(slug: str) -> Territory:
    """With the territory it is part of."""
    return get_one(select(Territory).where(Territory.slug == slug).options(joinedload(Territory.parent)))


def get_territory_or_region(slug: str) -> Territory | None:
    """None is the region."""
    return None if slug == REGION else get_territory(slug)


def get_by_id(territory_id: int) -> Territory:
    return get_one(select(Territory).where(Territory.id == territory_id).options(joinedload(Territory.parent)))


def find_by_code(code: str) -> Territory | None:
    """By INSEE or SIREN code."""
    return db.scalars(select(Territory).where((Territory.insee == code) | (Territory.siren == code))).one_or_none()


def all_territories() -> Sequence[Territory]:
    """Those that host their own consultations, by name."""
    return db.scalars(select(Territory).where(Territory.is_pilot).order_by(Territory.name)).all()


def children_of(territory: Territory) -> Sequence[Territory]:
    """The communes of an intercommunality that have their own space, by name."""
    return db.scalars(select(Territory).where(Territory.parent_id == territory.id, Territory.is_pilot).order_by(Territory.name)).all()


def tree() -> list[tuple[Territory, list[Territory]]]:
    """Every territory with a space, and under each intercommunality its communes; one query, by name."""
    territories = all_territories()
    known = {each.id for each in territories}
    roots = [each for each in territories if each.parent_id not in known]
    return [(root, [each for each in territories if each.parent_id == root.id]) for root in roots]


def possible_parents() -> Sequence[Territory]:
    return db.scalars(select(Territory).where(Territory.kind == TerritoryKind.EPCI, Territory.is_pilot).order_by(Territory.name)).all()


def charter_of(territory_id: int) -> Sequence[CharterArticle]:
    """The articles in force, by number."""
    query = select(CharterArticle).where(CharterArticle.territory_id == territory_id, CharterArticle.replaced_at.is_(None))
    return db.scalars(query.order_by(CharterArticle.number)).all()


def versions_of(territory_id: int, number: int) -> Sequence[CharterArticle]:
    """Every version of one article, the latest first."""
    query = select(CharterArticle).where(CharterArticle.territory_id == territory_id, CharterArticle.number == number)
    return db.scalars(query.order_by(CharterArticle.version.desc())).all()


def get_article(territory_id: int, number: int) -> CharterArticle:
    """The version in force."""
    found = next(iter(versions_of(territory_id, number)), None)
    if found is None or found.replaced_at is not None:
        raise NotFound
    return found


def pages_of(territory_id: int) -> Sequence[LegalPage]:
    return db.scalars(select(LegalPage).where(LegalPage.territory_id == territory_id).order_by(LegalPage.title)).all()


def get_page(territory_id: int, slug: str) -> LegalPage:
    return get_one(select(LegalPage).where(LegalPage.territory_id == territory_id, LegalPage.slug == slug))
