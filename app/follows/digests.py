"""One letter a day to whom asked to be told, however many searches and however many results; none when there is nothing.

The worker names each person once a day; the letter and the mark of what was told are one transaction. The letter holds
numbers, not titles: what is hidden between the writing and the sending is not in it.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from app.accounts.models import Identity, Person
from app.contents import kinds
from app.contents.models import Content
from app.core import clock, mail, outbox
from app.core.db import db, transaction
from app.core.urls import path_for
from app.core.worker import every
from app.follows import links, queries
from app.follows.models import SavedSearch

TOPIC = "alerts"
HOUR = time(7)  # in Paris
SHOWN = 8  # results of one search in a letter
LATE = timedelta(minutes=5)  # what was published since may not be in the index yet: it is for tomorrow


def last_round() -> datetime:
    """The latest morning at which letters were due."""
    now = clock.now().astimezone(clock.PARIS)
    today = datetime.combine(now.date(), HOUR, clock.PARIS)
    return today if today <= now else datetime.combine(now.date() - timedelta(days=1), HOUR, clock.PARIS)


@every(minutes=15)
def queue_digests() -> None:
    for person_id in queries.alerted(last_round() - LATE):
        outbox.enqueue(TOPIC, person_id)


@outbox.handles(TOPIC)
def write_digests(keys: Sequence[str]) -> None:
    for key in keys:
        with transaction():
            write_digest(int(key))


def write_digest(person_id: int) -> mail.MailMessage | None:
    """The letter of one person, if there is something to tell. Doing it twice the same day tells nothing twice."""
    until = last_round() - LATE
    mine = select(SavedSearch).where(SavedSearch.person_id == person_id, SavedSearch.is_alerted, SavedSearch.looked_at < until)
    searches = db.scalars(mine.order_by(SavedSearch.id).with_for_update()).all()
    told: list[dict[str, Any]] = []
    for search in searches:
        found = [content.id for content in queries.published_between(search, search.looked_at, until)]
        if found:
            path = path_for("search.results") + f"?{search.address}&sort=date"
            told.append({"label": search.label, "path": path, "ids": found[:SHOWN], "more": max(0, len(found) - SHOWN)})
        search.looked_at = until
    db.flush()
    to = db.execute(
        select(Person, Identity.email)
        .join(Identity, Identity.person_id == Person.id)
        .where(Person.id == person_id, Person.closed_at.is_(None))
    ).one_or_none()
    if not told or to is None or not to[0].is_confirmed:
        return None
    stop = path_for("follows.stop", token=links.sign(links.STOP, to[0].public_id))
    return mail.send("search_alerts", to[1], person_id=person_id, name=to[0].name, searches=told, unsubscribe=stop)


def still_public(searches: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a letter shows of each search: its results that are public at the moment of writing."""
    shown = queries.public_among([number for search in searches for number in search["ids"]])
    return [{**search, "items": [line_of(shown[number]) for number in search["ids"] if number in shown]} for search in searches]


def line_of(content: Content) -> dict[str, str]:
    place = content.territory.short_name if content.territory else ""
    return {"title": content.title, "kind": kinds.kind_label(content), "place": place, "path": kinds.permalink(content)}
