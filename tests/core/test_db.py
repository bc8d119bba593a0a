"""One transaction a request: readers cannot write, writers take turns, and what fails leaves nothing."""

import threading
from contextlib import contextmanager

import pytest
from flask import request
from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.exc import DBAPIError

from app.core import db as database
from app.core.db import db, insert_or_ignore, one_of, stream, transaction
from app.core.forms import Form, refusals_in
from app.core.once import FormKey
from app.core.outbox import OutboxJob

WRITERS, TURNS = 32, 5


def count(committed) -> int:
    db.rollback()
    return db.scalar(select(func.sum(OutboxJob.attempts))) or 0


@contextmanager
def reading():
    db.rollback()
    token = database.writing.set(False)
    try:
        yield
    finally:
        db.rollback()
        database.writing.reset(token)


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
    with reading(), pytest.raises(DBAPIError, match=r"readonly|read-only"):
        insert_or_ignore(OutboxJob, {"topic": "x", "key": "1", "attempts": 0, "is_dead": False})


# --- PostgreSQL: what reads has connections of its own ---------------------------------------------------------------------


def end_connections(app, but: int = 0) -> None:
    """As a server that restarts, or an operator, does: the database ends every connection to this database but one."""
    outside = create_engine(app.extensions["engine"].url, isolation_level="AUTOCOMMIT")
    with outside.connect() as connection:
        others = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid NOT IN (:me, :but)"
        )
        me = connection.scalar(text("SELECT pg_backend_pid()"))
        connection.execute(others, {"me": me, "but": but})
        while connection.scalar(text("SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()")) > bool(but):
            pass
    outside.dispose()


@pytest.mark.postgres
def test_a_reading_is_not_in_a_transaction_but_what_streams_is(committed):
    with reading():
        db.scalar(select(func.count(OutboxJob.id)))
        assert db.connection().connection.dbapi_connection.info.transaction_status.name == "IDLE"
        assert list(stream(select(OutboxJob.id), 10)) == []  # a cursor of the server's: without a transaction it is refused
        assert db.scalar(text("SHOW transaction_read_only")) == "on"
    db.scalar(select(func.count(OutboxJob.id)))
    assert db.connection().connection.dbapi_connection.info.transaction_status.name == "INTRANS"


@pytest.mark.postgres
def test_a_form_that_is_only_shown_asks_for_no_savepoint(committed):
    """Outside of a transaction PostgreSQL refuses one: red when `refusals_in` always begins it."""
    with committed.test_request_context("/"), reading():
        form = Form()
        with refusals_in(form):
            assert db.scalar(select(func.count(OutboxJob.id))) == 0
    assert form.status == 200


@pytest.mark.postgres
def test_a_connection_the_server_has_closed_is_not_used_again(committed):
    """Red without `refuse_the_dead`."""
    for _round in range(2):
        with reading():
            assert db.scalar(select(func.count(OutboxJob.id))) == 0
        with transaction():
            db.scalar(select(func.count(OutboxJob.id)))
        end_connections(committed)


@pytest.mark.postgres
def test_what_only_reads_is_read_again_when_its_connection_breaks_and_an_act_is_not(committed):
    """Red without `may_run_again` for a page; for an act nobody can say whether it was done."""
    asked = []

    def breaks_once():
        asked.append(request.method)
        if asked.count(request.method) == 1:
            db.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return str(db.scalar(select(func.count(OutboxJob.id))))

    committed.add_url_rule("/breaks", view_func=breaks_once, methods=["GET", "POST"])
    with committed.test_request_context("/breaks"):
        assert committed.full_dispatch_request().data == b"0"
    assert asked == ["GET", "GET"]
    with committed.test_request_context("/breaks", method="POST"):
        assert committed.full_dispatch_request().status_code == 503
    assert asked == ["GET", "GET", "POST"]


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
