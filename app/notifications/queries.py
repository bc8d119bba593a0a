from sqlalchemy import Select, func, select

from app.accounts.models import Person
from app.core import clock
from app.core.db import db
from app.notifications.models import Notification


def messages_of(person: Person) -> Select[Notification]:
    """Shown by now, the latest first."""
    query = select(Notification).where(Notification.person_id == person.id, Notification.shown_at <= clock.now())
    return query.order_by(Notification.shown_at.desc(), Notification.id.desc())


def unread_count(person: Person) -> int:
    query = select(func.count(Notification.id)).where(
        Notification.person_id == person.id, Notification.read_at.is_(None), Notification.shown_at <= clock.now()
    )
    return db.scalar(query) or 0
