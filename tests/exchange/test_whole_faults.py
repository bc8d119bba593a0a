"""The files of the catalogue when workers meet, are killed, or find the disk full. Real commits, real processes, a real full device."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from app.core import clock, outbox
from app.core.db import db, transaction
from app.core.outbox import OutboxJob
from app.exchange import whole
from app.files import storage, tasks
from app.initiatives import queries
from tests.exchange.test_whole import ROOT, person, publish, titles, waiting
from tests.factories import make_person, restrict


@pytest.fixture
def curator(committed):
    return make_person(roles=[("curator", None)]).id


@pytest.fixture
def sheets(curator):
    """Two published sheets, by their titles, and the files that show them."""
    with transaction():
        found = {title: publish(title, by=curator) for title in ("Conseil de quartier", "Budget participatif")}
    assert whole.make()
    return found


@pytest.fixture
def given(committed):
    """The titles in the JSON file that a visitor is given now."""
    client = committed.test_client()
    return lambda: titles(client.get("/donnees/catalogue.json", buffered=True))


@pytest.fixture
def publish_one(curator):
    def publish_one(title: str) -> None:
        with transaction():
            publish(title, by=curator)

    return publish_one


@pytest.fixture
def take_back(curator):
    def take_back(sheet_id: int) -> None:
        with transaction():
            restrict(queries.get_sheet(sheet_id), by=person(curator))

    return take_back


class Slow:
    """A worker, in a thread, that stops once it has read the catalogue, until it is let go."""

    def __init__(self, app, do: Callable[[], object]):
        self.app, self.do, self.result = app, do, None
        self.has_read, self.may_go_on = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        assert self.has_read.wait(60)

    def run(self):
        with self.app.app_context():
            self.result = self.do()

    def go_on(self):
        self.may_go_on.set()
        self.thread.join(60)
        assert not self.thread.is_alive()
        return self.result


@pytest.fixture
def slow(committed, monkeypatch):
    every_sheet = whole.every_sheet

    def read():
        yield from list(every_sheet())
        worker = next((each for each in started if each.thread is threading.current_thread()), None)
        if worker is not None and not worker.may_go_on.is_set():
            worker.has_read.set()
            worker.may_go_on.wait(60)

    started: list[Slow] = []
    monkeypatch.setattr(whole, "every_sheet", read)

    class Started(Slow):
        def __init__(self, do):
            started.append(self)
            super().__init__(committed, do)

    yield Started
    for each in started:
        each.go_on()


def test_a_worker_that_was_slow_does_not_put_its_files_over_newer_ones(sheets, given, slow, publish_one, take_back):
    """Seen red without the count of what it was made for: the sheet taken back was in the files again, for good."""
    publish_one("Plan vélo")
    late = slow(whole.make)
    take_back(sheets["Budget participatif"])
    assert whole.make()
    assert late.go_on() is False
    assert given() == ["Conseil de quartier", "Plan vélo"]
    assert waiting() == []


def test_of_two_workers_the_second_makes_again_what_the_first_did_not_show(sheets, given, slow, publish_one, take_back):
    """Seen red without the second try: nothing said any longer that the files were untrue."""
    publish_one("Plan vélo")
    first = slow(whole.make)
    take_back(sheets["Budget participatif"])
    second = slow(lambda: whole.work([]))
    assert first.go_on() is True
    assert waiting() == ["untrue"]
    assert given() == ["Conseil de quartier", "Plan vélo"]
    second.go_on()
    assert waiting() == []
    assert given() == ["Conseil de quartier", "Plan vélo"]
    assert len(whole.present()) == 6


KILLED = """
import time
from app import create_app
from app.core import outbox
from app.exchange import whole
from config import Config

every_sheet = whole.every_sheet

def slow():
    for about in every_sheet():
        yield about
        print("writing", flush=True)
        time.sleep(600)

whole.every_sheet = slow
with create_app(Config).app_context():
    outbox.drain(whole.TOPIC)
"""


def test_a_worker_killed_while_it_writes_leaves_the_older_files_and_another_makes_new_ones(
    committed, sheets, given, publish_one, at, run_worker
):
    publish_one("Plan vélo")
    make_due()
    settings = {"INSTANCE_DIR": str(committed.config["INSTANCE_DIR"]), "DATABASE_URL": committed.config["DATABASE_URL"]}
    worker = subprocess.Popen([sys.executable, "-c", KILLED], cwd=ROOT, env=os.environ | settings, stdout=subprocess.PIPE, text=True)
    try:
        assert any(line.strip() == "writing" for line in worker.stdout)
    finally:
        worker.kill()
        worker.communicate()
    begun = list((storage.root() / storage.NEW).iterdir())
    assert begun
    assert given() == ["Conseil de quartier", "Budget participatif"]
    run_worker(whole.TOPIC)
    assert waiting() == ["behind"]  # the lease of who was killed still runs
    later = clock.from_now(seconds=31)
    at(later)
    run_worker(whole.TOPIC)
    assert given() == ["Conseil de quartier", "Budget participatif", "Plan vélo"]
    much_later = clock.from_now(hours=2)
    at(much_later)
    tasks.sweep()
    assert not any(path.exists() for path in begun)


@pytest.fixture
def disk(monkeypatch, committed):
    """`disk("full")`: what is begun lies on a device without room; `disk("free")`: as before."""
    begin = storage.begin

    def begin_without_room():
        path = begin()
        path.unlink()
        path.symlink_to("/dev/full")
        return path

    return lambda state: monkeypatch.setattr(storage, "begin", begin_without_room if state == "full" else begin)


def test_on_a_full_disk_the_older_files_stay_and_newer_ones_come_once_there_is_room(sheets, given, publish_one, disk, at, run_worker):
    publish_one("Plan vélo" + "é" * 200)
    make_due()
    disk("full")
    run_worker(whole.TOPIC)
    assert given() == ["Conseil de quartier", "Budget participatif"]
    assert db.scalars(select(OutboxJob.last_error).where(OutboxJob.topic == whole.TOPIC)).all() == ["OSError 28"]
    assert not list((storage.root() / storage.NEW).iterdir())
    disk("free")
    later = clock.from_now(seconds=6)
    at(later)
    run_worker(whole.TOPIC)
    assert len(given()) == 3


def test_on_a_full_disk_what_is_untrue_is_not_given_and_the_answer_says_to_come_back(committed, sheets, take_back, disk):
    client = committed.test_client()
    take_back(sheets["Budget participatif"])
    disk("full")
    for ending in whole.FORMS:
        answer = client.get(f"/donnees/catalogue.{ending}")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert "Demandez-le de nouveau" in (json.loads(answer.data)["message"] if ending == "json" else answer.text)
    disk("free")
    assert titles(client.get("/donnees/catalogue.json", buffered=True)) == ["Conseil de quartier"]


def make_due() -> None:
    with transaction():
        db.execute(update(OutboxJob).where(OutboxJob.topic == whole.TOPIC).values(due_at=clock.now()))
    assert whole.TOPIC in outbox.due_topics()
