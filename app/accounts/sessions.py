"""Open sessions. The cookie carries a random token, a row its hash; everything a session allows is read again at each request.

What ends a session ends it at once, whoever kept a copy of the cookie: the row is gone, or the person's epoch has moved.
"""

import secrets
from datetime import datetime
from functools import cache
from hashlib import sha256

from flask import Flask, g, has_request_context, session
from flask_login import AnonymousUserMixin, LoginManager
from sqlalchemy import Select, bindparam, delete, event, select, update
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts.models import LoginSession, Person, Role
from app.core import clock
from app.core.db import Session, db
from app.core.worker import every

KEY = "_user_id"  # where Flask-Login looks
SHORT, LONG = 12, 30 * 24  # hours: for this visit; on a device of one's own

manager = LoginManager()
manager.session_protection = None  # it only writes the caller's address into the cookie: phones change address all day


class Visitor(AnonymousUserMixin):
    """Nobody in particular, in the shape rules and queries expect."""

    id = None
    is_suspended = is_confirmed = False

    def has_role(self, role, territory_id=None) -> bool:
        return False

    def territories_as(self, *names) -> set[int]:
        return set()


manager.anonymous_user = Visitor


def digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def open_for(person: Person, hours: int = SHORT) -> dict[str, str | bool]:
    """Write the row of a new session; returns what the cookie must hold."""
    token = secrets.token_urlsafe(32)
    person.last_seen_at, person.idle_warned_at = clock.now(), None
    db.add(LoginSession(person_id=person.id, token_hash=digest(token), epoch=person.epoch, expires_at=clock.from_now(hours=hours)))
    db.flush()
    return {KEY: token, "_permanent": hours > SHORT}


def begin(person: Person, hours: int = SHORT) -> None:
    """Log this browser in, under a new token and with nothing left of what the cookie held before."""
    leave()
    session.update(open_for(person, hours))
    g._login_user = person


def leave() -> None:
    """Log this browser out: its row goes, its cookie is emptied, the CSRF token with it."""
    token = session.get(KEY)
    if isinstance(token, str):
        db.execute(delete(LoginSession).where(LoginSession.token_hash == digest(token)))
    session.clear()
    for kept in ("csrf_token", "_login_user"):
        g.pop(kept, None)


def end_all(person: Person) -> None:
    """End every session of this person. The epoch refuses one that another request is opening at this very moment."""
    db.flush()
    moved = update(Person).where(Person.id == person.id).values(epoch=Person.epoch + 1).returning(Person.epoch)
    set_committed_value(person, "epoch", db.scalar(moved.execution_options(synchronize_session=False)))
    db.execute(delete(LoginSession).where(LoginSession.person_id == person.id))


def is_long() -> bool:
    """Was this browser logged in for long?"""
    return bool(session.get("_permanent"))


@cache
def by_token() -> Select[datetime, int, Person, Role]:
    """One row a role. Made once, and no more than what is asked of it: every page of someone signed in begins with it."""
    query = select(LoginSession.expires_at, LoginSession.epoch, Person, Role).join(LoginSession.person)
    return query.outerjoin(Role, Role.person_id == Person.id).where(LoginSession.token_hash == bindparam("token_hash")).order_by(Role.id)


@manager.user_loader
def load(token: str) -> Person | None:
    """The person and their roles, in one query."""
    if not isinstance(token, str):
        return None
    rows = db.execute(by_token(), {"token_hash": digest(token)}).all()
    if not rows:
        return None
    expires_at, epoch, person, _role = rows[0]
    if expires_at <= clock.now() or epoch != person.epoch or person.closed_at:
        return None
    set_committed_value(person, "roles", [role for *_session, role in rows if role is not None])
    return person


@event.listens_for(Session, "after_soft_rollback")
def forget_who_is_here(_session, ended) -> None:
    """What was loaded in a transaction that is undone is stale: whoever asks next reads the person again."""
    if not ended.nested and has_request_context():
        g.pop("_login_user", None)


@every(minutes=60)
def forget_ended() -> None:
    db.execute(delete(LoginSession).where(LoginSession.expires_at < clock.now()).execution_options(synchronize_session=False))


def init_app(app: Flask) -> None:
    manager.init_app(app)
