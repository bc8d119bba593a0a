"""Accounts nobody uses any more: warned after two years less a month, erased after two years.

Those who hold a role are their territory's to remove: an installation never loses its team by waiting.
"""

from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from app.accounts import events, personal
from app.accounts.models import Person, Role
from app.core import clock, mail
from app.core.db import db
from app.core.formats import day
from app.core.worker import every

KEPT_DAYS = 730
NOTICE_DAYS = 30
BATCH = 200  # a day: a letter that brings nobody back costs nothing by waiting


def idle_since(moment: datetime) -> Select[Person]:
    """Open, confirmed accounts that nobody entered since `moment`, the longest idle first."""
    last_seen = func.coalesce(Person.last_seen_at, Person.created_at)
    query = select(Person).where(Person.closed_at.is_(None), Person.confirmed_at.is_not(None), last_seen < moment)
    return query.where(~select(Role.id).where(Role.person_id == Person.id).exists()).order_by(last_seen, Person.id).limit(BATCH)


@every(minutes=24 * 60)
def forget_idle_accounts() -> None:
    """Erase what was warned a month ago and stayed idle, then warn who comes next. Logging in makes the warning void."""
    over = idle_since(clock.from_now(days=-KEPT_DAYS)).where(Person.idle_warned_at < clock.from_now(days=-NOTICE_DAYS))
    for person_id in [person.id for person in db.scalars(over)]:
        person = db.scalars(select(Person).where(Person.id == person_id)).one()  # each erasure forgets what was loaded before
        events.account_closed.send(person)
        personal.erase(person)
    query = idle_since(clock.from_now(days=NOTICE_DAYS - KEPT_DAYS)).where(Person.idle_warned_at.is_(None))
    for person in db.scalars(query.options(joinedload(Person.identity))):
        person.idle_warned_at = clock.now()
        if person.identity:
            until = day(clock.from_now(days=NOTICE_DAYS))
            mail.send("account_idle", person.identity.email, person_id=person.id, name=person.name, until=until)
    db.flush()
