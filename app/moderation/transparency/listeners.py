"""Whatever the public pages of moderation are made of moves their stamp, in the same transaction."""

from sqlalchemy import event
from sqlalchemy.orm import Session as OrmSession

from app.core import stamps
from app.core.db import Session
from app.moderation.appeals.models import Appeal
from app.moderation.models import Decision
from app.moderation.sanctions.models import Sanction
from app.moderation.transparency.models import SecondReading

STAMP = "moderation"  # one for all places: decisions come by hand, and a page is made again in milliseconds


def bump_stamp(session: OrmSession, _context) -> None:
    if any(isinstance(thing, Decision | Appeal | Sanction | SecondReading) for thing in session.new | session.dirty | session.deleted):
        stamps.bump(STAMP)


def listen() -> None:
    if not event.contains(Session, "after_flush", bump_stamp):
        event.listen(Session, "after_flush", bump_stamp)
