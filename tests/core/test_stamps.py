import sqlite3
import threading
import time

import pytest
from sqlalchemy import text

from app.core import stamps
from app.core.db import db, transaction
from app.core.stamps import EVERYTHING, bump
from tests.conftest import database_url
from tests.core.kept import Elsewhere, change_title, create_tables, kept_app, until


@pytest.fixture(autouse=True, name="transaction")
def no_outer_transaction():
    """Commits are real here: nothing to roll back."""


@pytest.fixture
def site(tmp_path):
    app = kept_app(database_url("kept", tmp_path))
    create_tables(app)
    with app.app_context():
        until(app.extensions["stamps"].look)
        yield app
    app.extensions["stamps"].close()
    app.extensions["engine"].dispose()


@pytest.fixture
def watch(site):
    return site.extensions["stamps"]


def look(watch) -> int:
    return until(watch.look)


def test_a_bump_is_learnt_and_others_are_not_touched(watch):
    before = look(watch)
    with transaction():
        bump("content:5", "region")
    until(lambda: look(watch) > before)
    until(lambda: watch.changed(["content:5"], before) and watch.changed(["content:6", "region"], before))
    assert not watch.changed(["content:6", "territory:5"], before)
    assert not watch.changed(["content:5"], look(watch))


def test_every_bump_of_the_same_name_counts(watch):
    for _ in range(3):
        before = look(watch)
        with transaction():
            bump("region", "region")
        until(lambda before=before: look(watch) > before and watch.changed(["region"], before))


def test_what_is_rolled_back_bumps_nothing(watch):
    before = look(watch)
    with transaction():
        bump("content:5")
        db.rollback()
    with transaction():
        undone = db.begin_nested()
        bump("content:6")
        undone.rollback()
        bump("content:7")
    until(lambda: look(watch) > before and watch.changed(["content:7"], before))
    assert not watch.changed(["content:5", "content:6"], before)


def test_a_bump_undone_with_its_savepoint_can_be_made_again(watch):
    before = look(watch)
    with transaction():
        undone = db.begin_nested()
        bump("content:6")
        undone.rollback()
        bump("content:6")
    until(lambda: look(watch) > before and watch.changed(["content:6"], before))


def test_everything_is_shown_by_every_page(watch):
    before = look(watch)
    with transaction():
        bump(EVERYTHING)
    until(lambda: look(watch) > before)
    assert watch.changed(["content:5"], before)


def test_who_moved_everything_need_say_nothing_more(watch):
    before = look(watch)
    with transaction():
        bump(EVERYTHING)
        bump("content:5")
    until(lambda: look(watch) > before and watch.changed(["content:5"], before))
    assert "content:5" not in watch.versions
    middle = look(watch)
    with transaction():
        bump("content:5")
    until(lambda: look(watch) > middle and watch.changed(["content:5"], middle))


def test_more_names_than_a_process_remembers_make_everything_stale_once(watch, monkeypatch):
    monkeypatch.setattr(stamps, "REMEMBERED", 40)
    monkeypatch.setattr(stamps, "AT_ONCE", 30)
    before = look(watch)
    with transaction():
        bump(*(f"content:{number}" for number in range(100)))
    until(lambda: look(watch) > before and watch.changed(["never:1"], before))
    settled(watch)
    assert len(watch.versions) <= 40
    assert not watch.changed(["never:1"], look(watch))


def settled(watch):
    moment = -1
    while moment != look(watch):
        moment = look(watch)
        time.sleep(0.05)


def test_a_change_in_another_process_is_learnt_within_a_second(site, watch):
    elsewhere = Elsewhere(site.config["DATABASE_URL"])
    try:
        for turn in range(20):
            before = look(watch)
            elsewhere.ask("change", 1, f"title {turn}")
            assert look(watch) > before, "a strict change is known when it is answered"
            assert watch.changed(["thing:1"], before)
    finally:
        elsewhere.close()


def test_threads_learn_together(site, watch):
    """Eight threads look again and again; once a strict change is committed, none of them may still believe in the past."""
    wrong, stop = [], threading.Event()
    committed = {"moment": look(watch), "count": 0}

    def reader():
        while not stop.is_set():
            told = dict(committed)
            if told["count"] and not (watch.look() is not None and watch.changed(["thing:1"], told["moment"])):
                wrong.append(told)
            time.sleep(0.001)

    threads = [threading.Thread(target=reader) for _ in range(8)]
    for thread in threads:
        thread.start()
    for turn in range(30):
        moment = look(watch)
        change_title(1, f"turn {turn}", strict=True)
        committed = {"moment": moment, "count": turn + 1}
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_without_its_table_nothing_may_be_kept(tmp_path):
    missing = stamps.SqliteWatch(str(tmp_path / "absent.db"))
    assert missing.look() is None
    assert not (tmp_path / "absent.db").exists()
    sqlite3.connect(tmp_path / "empty.db").close()
    empty = stamps.SqliteWatch(str(tmp_path / "empty.db"))
    assert empty.look() is None
    with sqlite3.connect(tmp_path / "empty.db") as connection:
        connection.execute("CREATE TABLE stamps (id INTEGER PRIMARY KEY, name TEXT UNIQUE, version INTEGER)")
    connection.close()
    assert empty.look() is not None
    empty.close()


def test_a_database_in_memory_cannot_be_watched():
    from sqlalchemy import create_engine

    assert stamps.watch_for(create_engine("sqlite://")).look() is None


# SQLite


@pytest.fixture
def sqlite_watch(tmp_path):
    app = kept_app(f"sqlite:///{tmp_path}/kept.db")
    create_tables(app)
    with app.app_context():
        yield app.extensions["stamps"]
    app.extensions["stamps"].close()
    app.extensions["engine"].dispose()


def test_other_writes_move_nothing(sqlite_watch):
    before = look(sqlite_watch)
    with transaction():
        db.execute(text("UPDATE things SET title = 'other'"))
    assert look(sqlite_watch) == before


def test_an_older_database_restored_is_noticed(sqlite_watch):
    for _ in range(5):
        with transaction():
            bump("content:1")
    before = look(sqlite_watch)
    with transaction():
        db.execute(text("DELETE FROM stamps"))
        bump("content:2")
    assert look(sqlite_watch) > before
    assert sqlite_watch.changed(["content:3"], before)
    before = look(sqlite_watch)
    with transaction():
        bump("content:4")
    assert sqlite_watch.look() > before
    assert sqlite_watch.changed(["content:4"], before)


def test_a_connection_made_before_a_fork_is_not_used_after(sqlite_watch, monkeypatch):
    look(sqlite_watch)
    ours = sqlite_watch.connection
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert sqlite_watch.look() is not None
    assert sqlite_watch.connection is not ours
    sqlite_watch.close()
    sqlite_watch.inherited.remove(ours)
    ours.close()


# PostgreSQL


@pytest.mark.postgres
class TestNotifications:
    @pytest.fixture(autouse=True)
    def own_site(self, site, watch):
        self.site, self.watch = site, watch

    def listeners(self) -> list[int]:
        query = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = :name")
        with self.site.extensions["engine"].connect() as connection:
            return list(connection.scalars(query, {"name": stamps.LISTENER}))

    def test_a_lost_connection_makes_everything_stale(self):
        before = look(self.watch)
        [listener] = self.listeners()
        with self.site.extensions["engine"].connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": listener})
        until(lambda: self.watch.look() is None)
        with transaction():
            bump("content:9")
        after = look(self.watch)
        assert after > before
        assert self.watch.changed(["content:9"], before)
        assert self.watch.changed(["content:1"], before)

    def test_a_strict_change_waits_for_those_who_listen(self, monkeypatch):
        before = look(self.watch)
        heard = self.watch.note
        monkeypatch.setattr(self.watch, "note", lambda names: (time.sleep(0.2), heard(names)))
        change_title(1, "strict", strict=True)
        assert self.watch.changed(["thing:1"], before), "known when the commit returns, however slow the listener"

    def test_a_change_that_is_not_strict_does_not_wait(self, monkeypatch):
        before = look(self.watch)
        heard = self.watch.note
        monkeypatch.setattr(self.watch, "note", lambda names: (time.sleep(0.2), heard(names)))
        change_title(1, "soft")
        assert not self.watch.changed(["thing:1"], before)
        until(lambda: self.watch.changed(["thing:1"], before), 1)

    def test_one_who_never_answers_delays_a_strict_change_by_a_second_at_most(self):
        deaf = stamps.open_connection(self.site.extensions["engine"])
        deaf.execute(f"SET application_name = '{stamps.LISTENER}'")
        try:
            began = time.monotonic()
            assert not stamps.confirm(self.site.extensions["engine"])
            assert stamps.STRICT_WAIT <= time.monotonic() - began < stamps.STRICT_WAIT + 0.5
        finally:
            deaf.close()

    def test_a_silent_line_stops_the_cache_after_a_while(self, monkeypatch):
        look(self.watch)
        self.watch.alive_until = time.monotonic() - 0.01
        assert self.watch.look() is None
        until(lambda: self.watch.look() is not None)

    def test_savepoints_do_not_use_up_the_wait(self, monkeypatch):
        asked = []
        monkeypatch.setattr(stamps, "confirm", lambda engine: asked.append(engine))
        with transaction():
            with db.begin_nested():
                bump("content:3", strict=True)
            assert not asked
        assert len(asked) == 1
