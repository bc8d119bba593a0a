"""Work to do after the transaction: a row written in the same transaction, so never lost and never premature.

A job names a thing, it carries no data: doing one twice, late or out of order is harmless. Jobs are claimed
(committed), worked, then acknowledged (committed): a worker killed in between leaves a lease that runs out.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Index, delete, event, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock
from app.core.db import Base, Session, add_row, db, transaction
from app.core.logs import log
from app.core.privacy import NOTHING_PERSONAL

LEASE = timedelta(seconds=30)  # a working worker renews it; a killed one lets it run out
BACKOFF = (5, 30, 120, 600, 3600, 6 * 3600)  # seconds before each new try; then the job waits for a person
BATCH = 500

Handler = Callable[[Sequence[str]], None]


@dataclass(frozen=True)
class Topic:
    do: Handler
    leader_only: bool = False  # one worker at a time, the leader, may do it: it writes the index
    apart: bool = False  # it waits for other machines, or takes long: a thread of its own, so that nothing else waits with it


class Bell:
    """Rung by a commit that queued work. Any number of threads may listen; each gives the count it has already heard."""

    def __init__(self) -> None:
        self.rings = 0
        self._changed = threading.Condition()

    def ring(self) -> None:
        with self._changed:
            self.rings += 1
            self._changed.notify_all()

    def wait(self, heard: int, timeout: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self.rings != heard, timeout)


_topics: dict[str, Topic] = {}
_held: set[int] = set()  # the jobs this process is at work on
bell = Bell()


class OutboxJob(Base):
    __tablename__ = "outbox_jobs"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (Index("ix_outbox_jobs_waiting", "topic", "due_at", "id"),)

    topic: Mapped[str]
    key: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(default=clock.now)
    attempts: Mapped[int] = mapped_column(default=0)  # tries begun, those a crash cut short included
    leased_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    is_dead: Mapped[bool] = mapped_column(default=False)


def handles(topic: str, *, leader_only: bool = False, apart: bool = False) -> Callable[[Handler], Handler]:
    """Register the function that does a batch of this topic's keys (no duplicates among them)."""

    def register(handler: Handler) -> Handler:
        _topics[topic] = Topic(handler, leader_only, apart)
        return handler

    return register


def topics() -> list[str]:
    return list(_topics)


def registered() -> dict[str, Topic]:
    return dict(_topics)


def enqueue(topic: str, key: int | str, due_at: datetime | None = None) -> None:
    add_row(OutboxJob, {"topic": topic, "key": str(key), "due_at": due_at or clock.now()})
    db().info["queued"] = True


def cancel(topic: str, key: int | str) -> None:
    """Take back what has not been claimed yet."""
    db.execute(delete(OutboxJob).where(OutboxJob.topic == topic, OutboxJob.key == str(key), OutboxJob.leased_until.is_(None)))


@event.listens_for(Session, "after_commit")
def ring(session) -> None:
    if not session.in_nested_transaction() and session.info.pop("queued", False):  # the end of a savepoint is not a commit
        bell.ring()


@event.listens_for(Session, "after_rollback")
def forget(session) -> None:
    session.info.pop("queued", None)


def is_due() -> ColumnElement[bool]:
    moment = clock.now()
    lease_is_over = or_(OutboxJob.leased_until.is_(None), OutboxJob.leased_until < moment)
    return (OutboxJob.due_at <= moment) & ~OutboxJob.is_dead & lease_is_over


def due_topics() -> set[str]:
    """The topics that have something to do now: one read, that never takes the write lock."""
    found = set(db.scalars(select(OutboxJob.topic).where(is_due()).distinct()))
    db.rollback()
    return found


def waiting(topic: str | None = None) -> int:
    """How many jobs have not been done; dead ones apart."""
    query = select(func.count(OutboxJob.id)).where(~OutboxJob.is_dead)
    return db.scalar(query.where(OutboxJob.topic == topic) if topic else query) or 0


def drain(topic: str, limit: int = BATCH) -> int:
    """Do the oldest due jobs of one topic as one batch; returns how many. A failed batch is retried one by one, later."""
    claimed = claim(topic, limit)
    if not claimed:
        return 0
    ids = [job_id for job_id, _ in claimed]
    _held.update(ids)
    try:
        _topics[topic].do(list(dict.fromkeys(key for _, key in claimed)))
    except Exception as error:
        log.exception("outbox job failed", topic=topic, jobs=len(ids))
        db.rollback()
        put_back(ids, error)
        return 0
    finally:
        _held.difference_update(ids)
    with transaction():
        db.execute(delete(OutboxJob).where(OutboxJob.id.in_(ids)))
    return len(ids)


def claim(topic: str, limit: int) -> list[tuple[int, str]]:
    """Lease the jobs to do next. What was tried before, and failed or fell with its worker, is done alone:
    it cannot hold others back, and if it kills every worker that takes it, it dies in the end."""
    due = (OutboxJob.topic == topic, is_due())
    looked = db.scalar(select(OutboxJob.id).where(*due).limit(1))  # an empty queue costs a read, never the write lock
    db.rollback()
    if looked is None:
        return []
    with transaction():
        query = (
            select(OutboxJob.id, OutboxJob.key, OutboxJob.attempts).where(*due).order_by(OutboxJob.attempts, OutboxJob.due_at, OutboxJob.id)
        )
        rows = db.execute(query.limit(limit).with_for_update(skip_locked=True)).all()
        rows = [row for row in rows if not row.attempts] or rows[:1]
        if rows and rows[0].attempts > len(BACKOFF):
            db.execute(
                update(OutboxJob).where(OutboxJob.id == rows[0].id).values(is_dead=True, last_error="The worker stopped at each try.")
            )
            return []
        taken = update(OutboxJob).where(OutboxJob.id.in_([row.id for row in rows]))
        db.execute(taken.values(leased_until=clock.now() + LEASE, attempts=OutboxJob.attempts + 1))
    return [(row.id, row.key) for row in rows]


def renew_leases() -> None:
    """Keep what this process is still working on from being taken for abandoned."""
    if held := list(_held):
        with transaction():
            db.execute(update(OutboxJob).where(OutboxJob.id.in_(held)).values(leased_until=clock.now() + LEASE))


def put_back(ids: list[int], error: Exception) -> None:
    with transaction():
        for job in db.scalars(select(OutboxJob).where(OutboxJob.id.in_(ids))):
            job.is_dead = job.attempts > len(BACKOFF)
            job.due_at = clock.from_now(seconds=BACKOFF[min(job.attempts, len(BACKOFF)) - 1])
            job.leased_until = None
            job.last_error = describe(error)


def describe(error: Exception) -> str:
    """The kind of an error and its code. Its message may hold an address or a text: it stays out of the table."""
    code = getattr(error, "smtp_code", None) or getattr(error, "errno", None) or getattr(getattr(error, "orig", None), "sqlstate", None)
    return f"{type(error).__name__} {code or ''}".strip()


def revive(topic: str | None = None) -> int:
    """Give dead jobs a new life; returns how many. For an operator, once the cause is mended."""
    dead = select(OutboxJob).where(OutboxJob.is_dead)
    jobs = db.scalars(dead.where(OutboxJob.topic == topic) if topic else dead).all()
    for job in jobs:
        job.is_dead, job.attempts, job.due_at, job.leased_until = False, 0, clock.now(), None
    if jobs:
        db().info["queued"] = True
    return len(jobs)


def run_due(only: Sequence[str] | None = None) -> int:
    """One round over every topic; returns how many jobs were done."""
    return sum(drain(topic) for topic in (only or topics()))
