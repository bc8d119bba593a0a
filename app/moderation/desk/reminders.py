"""One letter a day at most to each agent for whom something waits, and to each manager whose territory is past its promised delay.

Nothing waits, nothing is sent. Who is written to is asked on the day itself: a right that was taken away takes the letter with it.
"""

from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import selectinload

from app.accounts.models import Person, Role, RoleName
from app.accounts.rules import manager_of
from app.core import clock
from app.core.db import db, insert_or_ignore
from app.core.formats import since
from app.core.urls import path_for
from app.core.worker import every
from app.moderation.desk import waiting
from app.moderation.desk.models import Reminder
from app.moderation.desk.places import Place, among, is_late, places_of, region
from app.moderation.models import Case
from app.notifications import services as notifications

MORNING = 8  # in Paris: the first tick after this hour sends the day's letters


@every(minutes=30)
def remind() -> int:
    """Returns how many were written to."""
    if clock.now().astimezone(clock.PARIS).hour < MORNING:
        return 0
    waiting = places_that_wait()
    overdue = [place for place in waiting if db.scalar(select(Case.id).where(*newly_late(place)).limit(1)) is not None]
    told: list[Place] = []
    written = 0
    for person in people_of(waiting):
        mine = [line for place in places_of(person) if place in waiting and (line := described(place, person))]
        late = [place for place in overdue if manager_of(person, place)]
        if (mine or late) and is_first_today(person):
            write(person, mine, [described(place, person) for place in late])
            told += late
            written += 1
    for place in told:
        db.execute(update(Case).where(*newly_late(place)).values(escalated_at=clock.now()).execution_options(synchronize_session=False))
    return written


def newly_late(place: Place) -> tuple[Any, ...]:
    """Cases past the promised delay that no manager was told of."""
    return Case.is_open, is_late([place]), Case.escalated_at.is_(None)


def places_that_wait() -> list[Place]:
    """The places that have an open case, by name; the region last."""
    ids = db.scalars(select(Case.territory_id).where(Case.is_open).distinct()).all()
    return [*among([each for each in ids if each is not None]), *([region()] if None in ids else [])]


def people_of(places: list[Place]) -> list[Person]:
    """Who holds a role there; what they may do of it is the rules' to say."""
    ids = [place.id for place in places if place.id is not None]
    there = [Role.territory_id.in_(ids)] + ([Role.name.in_((RoleName.CURATOR, RoleName.ADMINISTRATOR))] if len(ids) < len(places) else [])
    holders = select(Role.person_id).where(or_(*there))
    query = select(Person).where(Person.id.in_(holders), Person.closed_at.is_(None)).options(selectinload(Person.roles))
    return list(db.scalars(query.order_by(Person.id)))


def described(place: Place, person: Person) -> dict[str, Any] | None:
    """One line of the letter; None where nothing waits."""
    found = waiting.counts([place], person)
    if found.oldest is None:
        return None
    return {"place": place.name, "waiting": found.all, "late": found.late, "hours": place.target_hours, "oldest": since(found.oldest)}


def is_first_today(person: Person) -> bool:
    return insert_or_ignore(Reminder, {"person_id": person.id, "sent_on": clock.today()}, returning=Reminder.id) is not None


def write(person: Person, mine: list[dict[str, Any]], late: list[dict[str, Any] | None]) -> None:
    to = path_for("moderation.index") if mine else path_for("admin.index")
    notifications.notify(person, "desk_digest", url=to, lines=mine, overdue=late, waiting=sum(line["waiting"] for line in mine))
