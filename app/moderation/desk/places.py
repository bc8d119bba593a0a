"""Where one moderates. A place is a territory, or the region: `None` in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, false, or_, select

from app.accounts.models import Person, RoleName
from app.accounts.rules import moderator_of
from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.core.i18n import _
from app.moderation.models import Case, Settings
from app.moderation.queries import TARGET_HOURS
from app.territories.models import Territory


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
    named = among(list(ids)) if ids else []
    return tuple(each for each in (*named, region()) if moderator_of(person, each))


def among(ids: Sequence[int]) -> list[Place]:
    """These territories, by name. One query."""
    return [local(*row) for row in db.execute(with_hours().where(Territory.id.in_(ids)).order_by(Territory.name))]


def get_place(slug: str) -> Place:
    """The place at this address, whoever asks."""
    if slug == "region":
        return region()
    found = db.execute(with_hours().where(Territory.slug == slug)).one_or_none()
    if found is None:
        raise NotFound
    return local(*found)


def with_hours() -> Select[Territory, int | None]:
    """Territories, each with the delay it promises, if it said one."""
    return select(Territory, Settings.target_hours).outerjoin(Settings, Settings.territory_id == Territory.id)


def local(territory: Territory, hours: int | None) -> Place:
    return Place(territory.id, territory.slug, territory.short_name, hours or TARGET_HOURS, territory)


def region() -> Place:
    return Place(None, "region", _("Région"), TARGET_HOURS)


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
