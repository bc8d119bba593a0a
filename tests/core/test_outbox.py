"""The outbox: nothing is lost, nothing is premature, nobody holds the others back."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core import clock, outbox
from app.core.db import Session, db, transaction
from app.core.outbox import BACKOFF, LEASE, OutboxJob
from tests.conftest import database_url
from tests.core import small

pytestmark = pytest.mark.no_database
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def app(tmp_path):
    """A database of its own: claims and acknowledgements are commits."""
    before = dict(Session.kw)
    db.remove()
    app = small.small_app(database_url("outbox", tmp_path), tmp_path, TESTING=True)
    Session.configure(join_transaction_mode="conditional_savepoint")
    small.create_tables(app)
    with app.app_context():
        yield app
    db.remove()
    app.extensions["engine"].dispose()
    Session.configure(**before)


@pytest.fixture
def seen(monkeypatch, app):
    """What the handler of `test` was given, batch by batch. Keys that start with "bad" fail."""
    batches: list[list[str]] = []

    def handle(keys):
        batches.append(list(keys))
        if any(key.startswith("bad") for key in keys):
            raise ValueError("marie@example.org does not want it")

    monkeypatch.setitem(outbox._topics, "test", outbox.Topic(handle))
    return batches


def enqueue(*keys, **values):
    with transaction():
        for key in keys:
            outbox.enqueue("test", key, **values)


def jobs():
    columns = (OutboxJob.key, OutboxJob.attempts, OutboxJob.is_dead, OutboxJob.leased_until, OutboxJob.due_at, OutboxJob.last_error)
    found = db.execute(select(*columns).order_by(OutboxJob.id)).all()
    db.rollback()
    return found


def test_what_is_rolled_back_queues_nothing(seen):
    heard = outbox.bell.rings

    def fail_after_queuing():
        with transaction():
            outbox.enqueue("test", 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_queuing()
    enqueue()
    assert jobs() == []
    assert outbox.bell.rings == heard


def test_the_bell_rings_at_the_commit_not_at_the_end_of_a_savepoint(seen):
    heard = outbox.bell.rings
    with transaction():
        with db.begin_nested():
            outbox.enqueue("test", 1)
            db.flush()
        assert outbox.bell.rings == heard
    assert outbox.bell.rings == heard + 1


def test_a_batch_is_given_each_key_once_and_then_forgotten(seen):
    enqueue("a", "b", "a")
    assert outbox.drain("test") == 3
    assert seen == [["a", "b"]]
    assert jobs() == []
    assert outbox.drain("test") == 0


def test_nothing_is_done_before_its_time(seen, at):
    at(NOON)
    enqueue("undo", due_at=NOON + timedelta(seconds=30))
    assert outbox.drain("test") == 0
    assert outbox.due_topics() == set()
    at(NOON + timedelta(seconds=30))
    assert outbox.due_topics() == {"test"}
    assert outbox.drain("test") == 1


def test_what_was_not_claimed_can_be_taken_back(seen):
    enqueue("a", "b")
    outbox.claim("test", 1)
    with transaction():
        outbox.cancel("test", "a")
        outbox.cancel("test", "b")
    assert [job.key for job in jobs()] == ["a"]


def test_a_claimed_job_is_nobody_elses_until_its_lease_is_over(seen, at):
    at(NOON)
    enqueue("a")
    assert len(outbox.claim("test", 10)) == 1
    at(NOON + LEASE - timedelta(seconds=1))
    assert outbox.claim("test", 10) == []
    at(NOON + LEASE + timedelta(seconds=1))
    assert len(outbox.claim("test", 10)) == 1


def test_a_long_batch_keeps_its_lease(seen, at, monkeypatch):
    at(NOON)
    enqueue("a")

    def slow(keys):
        at(NOON + timedelta(seconds=25))
        outbox.renew_leases()
        at(NOON + timedelta(seconds=50))
        assert outbox.claim("test", 10) == []

    monkeypatch.setitem(outbox._topics, "test", outbox.Topic(slow))
    assert outbox.drain("test") == 1
    assert not outbox._held


def test_a_failed_batch_is_retried_one_by_one_and_only_the_bad_one_stays(seen, at):
    at(NOON)
    enqueue("a", "bad", "c")
    assert outbox.drain("test") == 0
    assert {job.leased_until for job in jobs()} == {None}
    at(NOON + timedelta(seconds=BACKOFF[0]))
    enqueue("fresh")
    while outbox.due_topics():
        outbox.drain("test")
    assert seen == [["a", "bad", "c"], ["fresh"], ["a"], ["bad"], ["c"]]
    assert [(job.key, job.attempts) for job in jobs()] == [("bad", 2)]


def test_a_job_that_always_fails_waits_longer_and_longer_then_for_a_person(seen, at):
    moment = NOON
    at(moment)
    enqueue("bad")
    for pause in BACKOFF:
        outbox.drain("test")
        at(moment + timedelta(seconds=pause - 1))
        assert outbox.due_topics() == set()
        moment += timedelta(seconds=pause)
        at(moment)
        assert outbox.due_topics() == {"test"}
    outbox.drain("test")
    (job,) = jobs()
    assert job.is_dead
    assert len(seen) == len(BACKOFF) + 1
    assert outbox.waiting() == 0
    at(moment + timedelta(days=30))
    assert outbox.due_topics() == set()
    with transaction():
        assert outbox.revive("test") == 1
    assert outbox.due_topics() == {"test"}


def test_an_error_is_kept_without_what_it_quotes(seen):
    enqueue("bad")
    outbox.drain("test")
    assert jobs()[0].last_error == "ValueError"


def test_a_job_that_kills_its_worker_harms_its_batch_once_and_dies_in_the_end(seen, at):
    moment = NOON
    at(moment)
    enqueue("poison", "b")
    assert len(outbox.claim("test", 10)) == 2  # and the worker dies
    sizes = []
    for _try in range(20):
        moment += LEASE + timedelta(seconds=1)
        at(moment)
        claimed = outbox.claim("test", 10)
        if not claimed and not outbox.due_topics():
            break
        sizes.append(len(claimed))
    assert max(sizes) == 1
    assert [(job.is_dead, job.attempts) for job in jobs()] == [(True, len(BACKOFF) + 1)] * 2


def test_parallel_workers_never_claim_the_same_job(app, seen):
    enqueue(*range(300))
    taken: list[int] = []
    start = threading.Barrier(8)

    def take():
        with app.app_context():
            start.wait()
            while claimed := outbox.claim("test", 7):
                taken.extend(job_id for job_id, _ in claimed)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken))
    # PostgreSQL: a worker that finds every row locked leaves them to those who hold them, and goes home.
    left = 300 - len(taken)
    while claimed := outbox.claim("test", 100):
        left -= len(claimed)
    assert left == 0


def test_time_is_read_from_our_clock(seen, at):
    at(NOON)
    enqueue("a")
    assert jobs()[0].due_at == clock.now() == NOON
