"""What keeps votes single, taken away: only for measurements that must be seen red."""

from sqlalchemy import UniqueConstraint, select

from app.core.db import TurnTaking, db


def disarm() -> None:
    from app.contents import services
    from app.contents.models import Vote

    for constraint in [each for each in Vote.__table__.constraints if isinstance(each, UniqueConstraint)]:
        Vote.__table__.constraints.discard(constraint)
    kept = services.insert_or_ignore

    def look_then_insert(table, values, *, returning=None):
        if table is not Vote:
            return kept(table, values, returning=returning)
        known = select(Vote.id).where(*(getattr(Vote, name) == values[name] for name in ("content_id", "person_id", "scale")))
        if db.scalars(known.limit(1)).first() is not None:
            return None
        vote = Vote(**values)
        db.add(vote)
        db.flush()
        return vote.id

    services.insert_or_ignore = look_then_insert
    TurnTaking.begin = begin_without_turn


def begin_without_turn(self, write: bool) -> None:
    """A transaction that takes the lock at its first write only, as Python's sqlite3 does."""
    if self.reads_only == write:
        self.execute(f"PRAGMA query_only = {'OFF' if write else 'ON'}")
        self.reads_only = not write
    self.execute("BEGIN")
