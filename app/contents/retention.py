"""Who changed the state of a text is kept for a time: what happened to it, when and why, for ever."""

from sqlalchemy import select, update

from app.contents.models import StateChange
from app.core.db import db, transaction
from app.core.privacy import kept_since
from app.core.worker import every

BATCH = 500  # rows in one transaction: others wait to write meanwhile


@every(minutes=24 * 60, own_transactions=True)
def forget_who_changed_states() -> None:
    while forget_some():
        pass


def forget_some() -> int:
    old = (StateChange.by_id.is_not(None), StateChange.at < kept_since(StateChange, "by_id"))
    with transaction():
        ids = db.scalars(select(StateChange.id).where(*old).order_by(StateChange.id).limit(BATCH)).all()
        db.execute(update(StateChange).where(StateChange.id.in_(ids)).values(by_id=None).execution_options(synchronize_session=False))
    return len(ids)
