"""Stamps: names of what pages show ("region", "territory:3", "content:56"), bumped by the transaction that changes it.

A process that keeps pages learns of new stamps by one cheap read, and drops what shows them.
On SQLite the stamps are rows, and `PRAGMA data_version` says in 4 µs whether anyone committed: every change is seen by
the next request of any process. On PostgreSQL a stamp is a notification, sent when the transaction commits and heard by
one thread in each process; the table stays empty. While that thread is not connected, nothing may be kept.
"""

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from functools import cache

from flask import Flask
from sqlalchemy import bindparam, event, func, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Session, db, is_postgres
from app.core.logs import log
from app.core.privacy import NOTHING_PERSONAL

EVERYTHING = "everything"  # every kept page shows this one: settings, imports of thousands of things
REMEMBERED = 20_000  # names a process remembers; past that it starts afresh and everything kept is stale once
AT_ONCE = 500  # names in one statement
CHANNEL, HEARD = "stamps", "stamps_heard"
LISTENER = "beffroi stamps"  # how listening connections are known in pg_stat_activity
BEAT, PATIENCE, RETRY = 2.0, 5.0, 1.0  # seconds: between signs of life, without one, before connecting again
STRICT_WAIT = 1.0  # seconds
NOTIFY = text("SELECT pg_notify(:channel, name) FROM unnest(CAST(:names AS text[])) AS name")


class Stamp(Base):
    __tablename__ = "stamps"
    __personal__ = NOTHING_PERSONAL

    name: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(index=True)


def bump(*names: str, strict: bool = False) -> None:
    """Say, in the transaction that changes something, which stamps it changes.

    With `strict` (decisions of moderation), the commit returns once every process has heard, or after one second:
    the very next request, wherever it goes, sees the change. Only PostgreSQL needs the wait (a few milliseconds).
    """
    assert all(name[:1].isalpha() for name in names)
    bumped: set[str] = db().info.setdefault("bumped", set())  # nobody sees this transaction before its end: once is enough
    names = () if EVERYTHING in bumped else tuple(name for name in dict.fromkeys(names) if name not in bumped)
    bumped.update(names)
    for start in range(0, len(names), AT_ONCE):
        some = list(names[start : start + AT_ONCE])
        if is_postgres():
            db.execute(NOTIFY, {"channel": CHANNEL, "names": some})
        else:
            db.execute(one_more(), [{"name": name} for name in some])
    if strict and is_postgres():
        db().info["strict stamps"] = True


@cache
def one_more() -> Insert:
    """One writer at a time: the greatest version plus one is a clock that never runs backwards.

    For one row, sent for each name: it is compiled once, where a list of rows would be at every call (3 ms of each request).
    """
    tick = select(func.coalesce(func.max(Stamp.version), 0) + 1).scalar_subquery()
    insert = sqlite.insert(Stamp.metadata.tables[Stamp.__tablename__]).values(name=bindparam("name"), version=tick)
    return insert.on_conflict_do_update(index_elements=["name"], set_={"version": insert.excluded.version})


@event.listens_for(Session, "after_transaction_end")
def forget_bumped(session, ended) -> None:
    """A savepoint that is undone takes its stamps with it: what comes after bumps them again. A flush ends nothing."""
    if ended.nested or ended.parent is None:
        session.info.pop("bumped", None)


@event.listens_for(Session, "after_commit")
def wait_until_heard(session) -> None:
    if not session.in_nested_transaction() and session.info.pop("strict stamps", False):
        confirm(session.get_bind().engine)


class Watch:
    """What one process has learnt. `look()` gives the moment, `changed(names, since)` what moved after it.

    Readers take no lock: a name's version is always written before the moment that announces it.
    """

    def __init__(self) -> None:
        self.moment = 0
        self.floor = 0  # whatever is older is stale
        self.versions: dict[str, int] = {}

    def look(self) -> int | None:
        """The present moment, or None when this process cannot know of changes and must keep nothing."""
        raise NotImplementedError

    def changed(self, names: Iterable[str], since: int) -> bool:
        """Was any of these bumped after that moment? May say yes for no, never no for yes."""
        versions = self.versions
        return since < self.floor or versions.get(EVERYTHING, 0) > since or any(versions.get(name, 0) > since for name in names)

    def note(self, names: Sequence[str]) -> None:
        """These were bumped."""
        if len(self.versions) + len(names) > REMEMBERED:
            self.start_afresh()
            return
        moment = self.moment + 1
        for name in names:
            self.versions[name] = moment
        self.moment = moment

    def start_afresh(self) -> None:
        """Anything may have been bumped."""
        self.floor = self.moment + 1
        self.versions = {}
        self.moment = self.floor

    def close(self) -> None:
        """Let go of the connection; the next look opens another."""


class NoWatch(Watch):
    """A database in memory has no second connection to watch it from."""

    def look(self) -> None:
        return None


class SqliteWatch(Watch):
    def __init__(self, path: str):
        super().__init__()
        self.path = path
        self.lock = threading.Lock()
        self.connection: sqlite3.Connection | None = None
        self.process = 0
        self.last_data: int | None = None
        self.last = 0  # the greatest version read
        self.inherited: list[sqlite3.Connection] = []  # opened before a fork: not ours to use, nor to close

    def look(self) -> int | None:
        with self.lock:
            try:
                if self.connection is None or self.process != os.getpid():
                    self.connect()
                assert self.connection is not None
                data = self.connection.execute("PRAGMA data_version").fetchone()[0]
                if data != self.last_data:
                    self.learn()
                    self.last_data = data  # read before learning: a commit in between is only looked at twice
            except sqlite3.Error as error:  # no file yet, no table yet, a full disk
                log.warning("stamps cannot be read", error=str(error))
                self.drop()
                return None
            return self.moment

    def connect(self) -> None:
        if self.connection is not None:
            self.inherited.append(self.connection)
        self.connection, self.last_data, self.process = None, None, os.getpid()
        if not os.path.exists(self.path):
            raise sqlite3.OperationalError("no database yet")
        self.connection = sqlite3.connect(self.path, isolation_level=None, timeout=5, check_same_thread=False)
        self.connection.execute("PRAGMA query_only = ON")

    def learn(self) -> None:
        assert self.connection is not None
        last = self.connection.execute("SELECT max(version) FROM stamps").fetchone()[0] or 0
        if last == self.last and self.last_data is not None:
            return  # someone wrote something that no page shows
        news = self.connection.execute(
            "SELECT name, version FROM stamps WHERE version > ? ORDER BY version LIMIT ?", (self.last, REMEMBERED + 1)
        ).fetchall()
        if self.last_data is None or last < self.last:  # just connected, or an older database was restored under us
            self.start_afresh()
        else:
            self.note([name for name, _ in news])
        self.last = max(last, news[-1][1] if news else 0)

    def drop(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None and self.process == os.getpid():
            connection.close()

    def close(self) -> None:
        with self.lock:
            self.drop()


class PostgresWatch(Watch):
    def __init__(self, engine: Engine):
        super().__init__()
        self.engine = engine
        self.lock = threading.Lock()
        self.process = 0
        self.alive_until = 0.0
        self.stopping = threading.Event()
        self.thread: threading.Thread | None = None

    def look(self) -> int | None:
        if self.process != os.getpid():
            self.start()
        return self.moment if self.alive_until > time.monotonic() else None

    def start(self) -> None:
        with self.lock:
            if self.process == os.getpid():
                return
            self.alive_until = 0.0
            self.stopping = threading.Event()
            self.thread = threading.Thread(target=self.run, args=(self.stopping,), name="stamps", daemon=True)
            self.thread.start()
            self.process = os.getpid()

    def run(self, stopping: threading.Event) -> None:
        import psycopg

        while not stopping.is_set():
            connection = None
            try:
                connection = open_connection(self.engine)
                connection.execute(f"LISTEN {CHANNEL}")
                self.hear_oneself(connection)
                connection.execute(f"SET application_name = '{LISTENER}'")
                self.start_afresh()  # whatever was said while nobody listened
                log.info("stamps are heard")
                self.follow(connection, stopping)
            except (psycopg.Error, OSError) as error:
                log.warning("stamps are not heard", error=type(error).__name__)
            finally:
                self.alive_until = 0.0
                if connection is not None:
                    connection.close()
            stopping.wait(RETRY)

    def hear_oneself(self, connection) -> None:
        """A pooler that lends a connection for one transaction would leave us deaf; better to know."""
        import psycopg

        word = "." + secrets.token_hex(8)
        connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, word))
        if not any(note.payload == word for note in connection.notifies(timeout=PATIENCE, stop_after=1)):
            raise psycopg.OperationalError("LISTEN does not work through this connection")

    def follow(self, connection, stopping: threading.Event) -> None:
        beat = 0.0
        while not stopping.is_set():
            if time.monotonic() >= beat:
                connection.execute("SELECT 1")
                beat = time.monotonic() + BEAT
                self.alive_until = time.monotonic() + PATIENCE
            asked = [word for note in connection.notifies(timeout=0.5, stop_after=1) if (word := self.hear(note.payload))]
            for word in asked:
                connection.execute("SELECT pg_notify(%s, %s)", (HEARD, word))

    def hear(self, payload: str) -> str | None:
        """Take note of one stamp; a word starting with `?` asks for a sign that all before it was heard."""
        if payload.startswith("?"):
            return payload
        if not payload.startswith("."):
            self.note([payload])
        return None

    def close(self) -> None:
        with self.lock:
            thread, self.thread, self.process = self.thread, None, 0
            self.stopping.set()
        if thread is not None and thread.is_alive():
            thread.join(5)


def open_connection(engine: Engine):
    """A connection of its own, outside of the pool, each statement its own transaction."""
    import psycopg

    _, named = engine.dialect.create_connect_args(engine.url)
    return psycopg.connect(**{"connect_timeout": 5, **named}, autocommit=True)


def confirm(engine: Engine) -> bool:
    """Wait until every listening process has heard all that was committed before; False when one did not in time.

    Notifications arrive in the order of commits, so an answer to a question asked now says that the past was heard.
    """
    import psycopg

    word = "?" + secrets.token_hex(8)
    ends = time.monotonic() + STRICT_WAIT
    try:
        with open_connection(engine) as connection:
            connection.execute(f"LISTEN {HEARD}")
            listeners = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
            silent = {pid for (pid,) in connection.execute(listeners, (LISTENER,))}
            if silent:
                connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, word))
            while silent and (left := ends - time.monotonic()) > 0:
                silent -= {note.pid for note in connection.notifies(timeout=left, stop_after=1) if note.payload == word}
    except (psycopg.Error, OSError) as error:  # what was decided is committed: others hear of it a little later
        log.warning("stamps not confirmed", error=type(error).__name__)
        return False
    if silent:
        log.warning("stamps not confirmed", processes=len(silent))
    return not silent


def watch_for(engine: Engine) -> Watch:
    if engine.dialect.name == "postgresql":
        return PostgresWatch(engine)
    path = engine.url.database
    return SqliteWatch(path) if path and path != ":memory:" and "mode=memory" not in path else NoWatch()


def init_app(app: Flask) -> None:
    app.extensions["stamps"] = watch_for(app.extensions["engine"])
