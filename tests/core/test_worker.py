"""The worker, as real processes: killed, stopped, in pairs."""

import json
import os
import signal
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from app.core import clock, health, outbox, worker
from app.core.db import Session, db, transaction
from tests.conftest import database_url
from tests.core import small
from tests.core.kills import free_port

pytestmark = pytest.mark.no_database


@pytest.fixture
def place(tmp_path):
    """An empty database, an instance folder, and processes that end with the test."""
    before = dict(Session.kw)
    place = Place(tmp_path)
    yield place
    for process in place.processes:
        if process.poll() is None:
            process.kill()
        process.wait()
    place.outside.engine.dispose()
    db.remove()
    place.app.extensions["engine"].dispose()
    Session.configure(**before)


class Place:
    def __init__(self, folder):
        self.folder, self.url, self.processes = folder, database_url("worker", folder), []
        db.remove()
        self.app = small.small_app(self.url, folder, TESTING=True)
        Session.configure(join_transaction_mode="conditional_savepoint")
        small.create_tables(self.app)
        self.outside = small.Outside(self.url)

    def start_worker(self, **environment):
        process = small.start(self.url, self.folder, **environment)
        self.processes.append(process)
        return process

    def enqueue(self, topic, *keys):
        with self.app.app_context(), transaction():
            for key in keys:
                outbox.enqueue(topic, key)

    def waiting(self, topic):
        return self.outside.rows("SELECT count(*) FROM outbox_jobs WHERE topic = :topic", topic=topic)[0][0]

    def leaders(self):
        return [row.name for row in self.outside.rows("SELECT name FROM worker_beats WHERE is_leader")]

    def leader(self):
        """The process that leads, once there is exactly one."""
        names = small.until(lambda: self.leaders() or None)
        return next(process for process in self.processes if f":{process.pid}:" in names[0])


def test_a_worker_does_what_waits_and_what_comes(place):
    place.enqueue("work", "before")
    place.start_worker()
    small.until(lambda: "before" in place.outside.done())
    place.enqueue("work", "after")
    place.enqueue("index", "document")
    small.until(lambda: {"after", "index document"} <= set(place.outside.done()))
    small.until(lambda: place.waiting("work") == 0)


def test_a_stopped_worker_finishes_its_batch(place):
    place.enqueue("work", *range(20))
    process = place.start_worker(SLOW="1.5")
    small.until(lambda: "begun 0" in place.outside.done())
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert sum(not job.startswith("begun") for job in place.outside.done()) == 20
    assert place.waiting("work") == 0
    assert place.outside.rows("SELECT * FROM worker_beats") == []


def test_a_killed_worker_loses_nothing(place):
    place.enqueue("work", *range(20))
    process = place.start_worker(SLOW="30", LEASE="2")
    small.until(lambda: "begun 19" in place.outside.done())
    process.kill()
    process.wait()
    assert place.waiting("work") == 20
    place.start_worker(LEASE="2")
    small.until(lambda: place.waiting("work") == 0, 30)
    assert {str(n) for n in range(20)} <= set(place.outside.done())


def test_a_batch_longer_than_its_lease_is_not_given_to_another_worker(place):
    place.enqueue("work", "long")
    for _ in range(2):
        place.start_worker(SLOW="5", LEASE="2", BEAT="0.5")
    small.until(lambda: "long" in place.outside.done(), 30)
    time.sleep(1)
    assert place.outside.done().count("begun long") == 1


def test_of_two_workers_one_leads_and_the_other_takes_over(place):
    """K08."""
    first, second = place.start_worker(BEAT="0.5"), place.start_worker(BEAT="0.5")
    small.until(lambda: len(place.outside.rows("SELECT * FROM worker_beats")) == 2)
    leader = place.leader()
    time.sleep(2)
    assert len(place.leaders()) == 1
    other = second if leader is first else first
    place.enqueue("index", *range(10))
    small.until(lambda: place.waiting("index") == 0)
    assert {row.process for row in place.outside.rows("SELECT process FROM done WHERE job LIKE 'index%'")} == {leader.pid}
    leader.kill()
    place.enqueue("index", "after")
    small.until(lambda: "index after" in place.outside.done())
    assert {row.process for row in place.outside.rows("SELECT process FROM done WHERE job = 'index after'")} == {other.pid}


def test_the_second_worker_shares_the_work_on_postgresql_and_stands_by_on_sqlite(place):
    place.start_worker(SLOW="0.2")
    leader = place.leader()
    second = place.start_worker(SLOW="0.2")
    small.until(lambda: len(place.outside.rows("SELECT * FROM worker_beats")) == 2)
    for n in range(20):
        place.enqueue("work", n)
        time.sleep(0.1)
    small.until(lambda: place.waiting("work") == 0)
    done = [job for job in place.outside.done() if not job.startswith("begun")]
    assert sorted(done, key=int) == [str(n) for n in range(20)]
    workers = {row.process for row in place.outside.rows("SELECT process FROM done")}
    assert workers == ({leader.pid, second.pid} if place.url.startswith("postgres") else {leader.pid})


def test_a_topic_that_hangs_holds_only_itself(place):
    place.enqueue("far", "away")
    place.start_worker()
    small.until(lambda: place.outside.rows("SELECT * FROM outbox_jobs WHERE topic = 'far' AND attempts = 1"))
    place.enqueue("work", "near")
    small.until(lambda: "near" in place.outside.done(), 5)


def test_the_clock_ticks_at_the_start_and_what_it_asks_is_done(place):
    for name, moment in (("old", datetime(2020, 1, 1, tzinfo=UTC)), ("new", clock.now())):
        insert = "INSERT INTO worker_beats (name, is_leader, seen_at) VALUES (:name, :leads, :moment) RETURNING id"
        place.outside.rows(insert, name=name, leads=False, moment=moment if place.url.startswith("postgres") else str(moment))
    process = place.start_worker()
    small.until(
        lambda: "old" not in (names := [row.name for row in place.outside.rows("SELECT name FROM worker_beats")]) and "new" in names, 30
    )
    assert process.poll() is None


def test_a_worker_in_threads_is_woken_by_a_commit_of_its_process(place, monkeypatch):
    monkeypatch.setattr(worker, "POLL", 60.0)
    monkeypatch.setitem(outbox._topics, "here", outbox.Topic(lambda keys: done.set()))
    done = threading.Event()
    embedded = worker.Worker(place.app).start()
    try:
        small.until(lambda: embedded.leads and embedded.clock)
        time.sleep(0.5)
        place.enqueue("here", 1)
        assert done.wait(2)
    finally:
        embedded.stop()
    assert not embedded.is_alive()


def test_a_slot_of_the_clock_is_due_once(monkeypatch):
    task = worker.Periodic(lambda: None, minutes=10, own_transactions=False)
    noon = datetime(2026, 3, 2, 12, 0, 59, tzinfo=UTC)
    asked = worker.Clock.when(task)
    answers = []
    for minutes in (0, 1, 8.9, 9.1, 10, 30):
        monkeypatch.setattr(clock, "now", lambda minutes=minutes: noon + timedelta(minutes=minutes))
        answers.append(asked(noon))
    assert answers == [True, False, False, True, False, True]


def test_a_tick_is_queued_once_while_it_waits(place):
    with place.app.app_context():
        for _ in range(3):
            worker.queue_tick("core.worker.forget_form_keys")
    assert place.waiting("clock") == 1


def test_the_store_of_the_clock_holds_no_pickle(place):
    huey = worker.make_huey(f"sqlite:///{place.folder / 'jobs.db'}")
    huey.task(name="tick")(lambda: None)()
    (message,) = huey.storage.enqueued_items()
    assert json.loads(bytes(message))[1].endswith("tick")
    assert huey.dequeue() is not None
    huey.storage.close()


def stores():
    """The stores the clock can use; Redis and PostgreSQL where they are given."""
    redis = pytest.mark.skipif("TEST_REDIS_URL" not in os.environ, reason="Redis is absent (TEST_REDIS_URL)")
    return ["sqlite", pytest.param("redis", marks=redis), pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.mark.parametrize("store", stores())
def test_the_clock_ticks_on_every_store(place, monkeypatch, store):
    if store != "sqlite":
        monkeypatch.setitem(place.app.config, "JOBS_URL", os.environ["TEST_REDIS_URL"] if store == "redis" else place.url)
    ticking = worker.Clock(place.app)
    try:
        small.until(lambda: place.waiting("clock") == len(worker.periodic()))
    finally:
        ticking.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("Scheduler", "Worker-"))]


def test_a_clock_whose_store_is_away_stops_nothing_else(place, monkeypatch):
    monkeypatch.setitem(place.app.config, "JOBS_URL", f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setitem(outbox._topics, "here", outbox.Topic(lambda keys: done.set()))
    done = threading.Event()
    embedded = worker.Worker(place.app).start()
    try:
        place.enqueue("here", 1)
        assert done.wait(5)
        assert embedded.is_alive()
        assert embedded.clock is None
    finally:
        embedded.stop()


def test_the_silence_of_all_workers_is_noticed(place, monkeypatch):
    def sentence():
        with place.app.app_context():
            return worker.worker_is_alive()

    assert "flask worker" in sentence()
    process = place.start_worker()
    small.until(lambda: sentence() is None)
    process.kill()
    process.wait()
    assert sentence() is None
    late = clock.from_now(seconds=61)
    monkeypatch.setattr(clock, "now", lambda: late)
    assert "flask worker" in sentence()
    assert "worker" in health.serving_checks


def test_dead_jobs_are_shown_and_revived_by_command(place):
    place.enqueue("work", "a")
    place.outside.rows("UPDATE outbox_jobs SET is_dead = :yes RETURNING id", yes=True)
    with place.app.app_context():
        assert "1 tâches" in worker.outbox_moves()
        db.rollback()
    shown = small.run(place.url, place.folder, "outbox")
    assert "work : 1 en échec" in shown
    revived = small.run(place.url, place.folder, "outbox", "--revive")
    assert "work : 1 en attente" in revived
