"""One transaction a request: readers cannot write, writers take turns, and what fails leaves nothing."""

import threading

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from app.core import db as database
from app.core.db import db, insert_or_ignore, one_of, transaction
from app.core.once import FormKey
from app.core.outbox import OutboxJob

WRITERS, TURNS = 32, 5


def count(committed) -> int:
    db.rollback()
    return db.scalar(select(func.sum(OutboxJob.attempts))) or 0


def test_writers_that_read_first_all_succeed(committed):
    """K07: read, then write, 32 at once. Red without `BEGIN IMMEDIATE` (`TurnTaking.begin` beginning plainly): "database is locked".

    On PostgreSQL the increment is one statement: it waits for the row, and loses none.
    """
    with transaction():
        db.add(OutboxJob(topic="never", key="1", attempts=0))
    failures: list[Exception] = []

    def write():
        with committed.app_context():
            for _ in range(TURNS):
                try:
                    with transaction():
                        db.scalar(select(OutboxJob.attempts))
                        db.execute(update(OutboxJob).values(attempts=OutboxJob.attempts + 1).execution_options(synchronize_session=False))
                except DBAPIError as error:
                    failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert count(committed) == WRITERS * TURNS


def test_a_transaction_that_only_reads_cannot_write(committed):
    db.rollback()
    token = database.writing.set(False)
    try:
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            insert_or_ignore(OutboxJob, {"topic": "x", "key": "1", "attempts": 0, "is_dead": False})
    finally:
        db.rollback()
        database.writing.reset(token)


def test_what_fails_leaves_nothing_and_gives_its_turn_up(committed):
    with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012
        db.add(OutboxJob(topic="never", key="1", attempts=7))
        db.flush()
        _ = 1 / 0
    with transaction():
        db.add(OutboxJob(topic="never", key="2", attempts=1))
    assert count(committed) == 1


def test_a_row_that_is_there_is_told_from_one_that_was_added():
    fresh = {"key": "k", "digest": "d", "sending": "s"}
    from app.core import clock

    fresh["created_at"] = clock.now()
    assert insert_or_ignore(FormKey, fresh, returning=FormKey.id) is not None
    assert insert_or_ignore(FormKey, fresh, returning=FormKey.id) is None


def test_one_statement_finds_what_is_in_lists_of_any_length():
    for n in range(5):
        db.add(OutboxJob(topic="never", key=str(n), attempts=n))
    db.flush()
    query = select(OutboxJob.attempts).where(OutboxJob.topic == "never", one_of(OutboxJob.attempts, "wanted")).order_by(OutboxJob.attempts)
    for wanted in ([], [3], [4, 0, 4, 999], range(1000)):
        assert db.scalars(query, {"wanted": wanted}).all() == sorted(set(wanted) & set(range(5)))
    assert "= 1" not in str(query.compile(db.get_bind()))  # `(x IN …) = 1` is true where `x IN …` is, but no index serves it


def test_primary_keys_never_come_back():
    row = OutboxJob(topic="never", key="1")
    db.add(row)
    db.commit()
    old = row.id
    db.delete(row)
    db.commit()
    fresh = OutboxJob(topic="never", key="2")
    db.add(fresh)
    db.commit()
    assert fresh.id > old
