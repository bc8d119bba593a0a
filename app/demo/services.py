"""Makes the demonstration region on an empty database. Like any service it flushes; who calls commits, all or nothing."""

from flask import current_app
from sqlalchemy import delete, select, update

from app.accounts.models import Identity
from app.core import clock, stamps
from app.core.clock import PARIS
from app.core.db import db
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.mail import MailMessage
from app.core.outbox import OutboxJob
from app.demo import (
    activities,
    afterwards,
    ballots,
    catalogue,
    editorial,
    follows,
    links,
    moderation,
    people,
    places,
    projects,
    redress,
    transparency,
)
from app.demo.people import PASS_PHRASE, log_ins
from app.demo.story import Story
from app.notifications.models import Notification
from app.search import sync
from app.territories.models import Territory

RECENT = 20  # days during which a message is still new

__all__ = ["is_empty", "is_loaded", "load", "log_in_addresses", "log_ins"]


def is_empty() -> bool:
    return db.scalar(select(Territory.id).limit(1)) is None


def is_loaded() -> bool:
    """Is it the demonstration that fills the base?"""
    return db.scalar(select(Identity.id).where(Identity.email == f"{people.FIRST}{people.DOMAIN}")) is not None


def load() -> None:
    """The whole region, dated from today."""
    if not is_empty():
        raise DomainError(_("La base contient déjà des territoires : la démonstration ne se charge que dans une base vide."))
    story = planned()
    stamps.bump(stamps.EVERYTHING)  # once, rather than each page at each act
    addresses = current_app.test_request_context(base_url=current_app.config["BASE_URL"])  # letters hold them
    with people.passwords_meanwhile(), sync.all_queued_at_the_end(), addresses:
        story.tell()
    ballots.cast(story)
    leave_letters_unsent()


def planned() -> Story:
    """All that will be told, seen from now."""
    now = clock.now()
    story = Story(today=now.astimezone(PARIS).date(), told_at=now)
    for part in (people, places, projects, activities, afterwards, catalogue, editorial, links, moderation, redress, transparency, follows):
        part.plan(story)
    return story


def leave_letters_unsent() -> None:
    """Nobody of the demonstration has a mailbox: what was written to them in the past counts as sent, and long ago as read."""
    db.execute(update(MailMessage).where(MailMessage.sent_at.is_(None)).values(sent_at=MailMessage.created_at))
    db.execute(delete(OutboxJob).where(OutboxJob.topic == "mail"))
    long_ago = Notification.shown_at < clock.from_now(days=-RECENT)
    db.execute(update(Notification).where(long_ago).values(read_at=Notification.shown_at).execution_options(synchronize_session=False))


def log_in_addresses() -> list[str]:
    """Lines to print: everyone with their address, and the pass-phrase they share."""
    found = log_ins()
    width = max((len(address) for _name, address, _powers in found), default=0)
    lines = [f"  {address:<{width}}  {name} ({powers})" for name, address, powers in found]
    return [*lines, "", f"  La phrase de passe, la même pour tous\u00a0: {PASS_PHRASE}"]
