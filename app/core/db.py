"""The database: base class, column types, session, and one transaction per request.

A safe request reads: its connection cannot write. Any other takes SQLite's write lock at its start, after a
file lock that gives each writer its turn (SQLite's own busy timeout lets the unluckiest of eight wait four seconds).

On PostgreSQL what reads has connections of its own, without transactions: there each statement sees what is committed when it
begins, in a transaction or not, and every round trip saved is a tenth of a page (docs/decisions/0006).
"""

import fcntl
import os
import select as sockets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, TypeVarTuple, cast
from weakref import WeakKeyDictionary

from flask import Flask, Response, request
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Enum,
    Executable,
    MetaData,
    Select,
    String,
    Text,
    bindparam,
    create_engine,
    event,
    insert,
    inspect,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, CursorResult, Engine, Result
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker
from sqlalchemy.orm import Session as PlainSession
from sqlalchemy.orm.attributes import PASSIVE_NO_INITIALIZE, get_history
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from app.core.errors import NotFound

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
BIGGEST_ID = 2**31 - 1
RETRIED = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock
ATTEMPTS = 3
PG_OPTIONS = "-c statement_timeout=30000 -c timezone=UTC"
PG_KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}  # a server that is gone is found out when idle

T = TypeVar("T")
Columns = TypeVarTuple("Columns")
writing: ContextVar[bool] = ContextVar("writing", default=False)
readers: WeakKeyDictionary[Engine | Connection, Engine] = WeakKeyDictionary()  # beside an engine, the one for what only reads


class ChoosingSession(PlainSession):
    """On the engine it is bound to when it writes, or streams; when it reads, on the reader of that engine, if it has one."""

    def get_bind(self, *args: Any, streams: bool = False, **kw: Any) -> Engine | Connection:
        bind = super().get_bind(*args, **kw)
        return bind if writing.get() or streams else readers.get(bind, bind)


Session = sessionmaker(class_=ChoosingSession, expire_on_commit=False)
db = scoped_session(Session)


class UtcDateTime(TypeDecorator):
    """An aware moment in UTC, on databases that forget the zone too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value and value.astimezone(UTC)

    def process_result_value(self, value, dialect):
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


class Numbers(TypeDecorator):
    """Whole numbers sent as one text, an array's on PostgreSQL, JSON on SQLite: a driver looks at each of a list's."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value, dialect):
        written = ",".join(map(str, value))
        return f"{{{written}}}" if dialect.name == "postgresql" else f"[{written}]"


class OneOf(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against=None):
        """A criterion as it is: SQLAlchemy would compare it to 1 on SQLite, where no index serves that."""
        return self


@compiles(OneOf, "sqlite")
def one_of_on_sqlite(element, compiler, **kw) -> str:
    column, numbers = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608 -- names and placeholders of SQLAlchemy


@compiles(OneOf, "postgresql")
def one_of_on_postgres(element, compiler, **kw) -> str:
    column, numbers = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"{column} = ANY (CAST({numbers} AS BIGINT[]))"


def one_of(column: Any, name: str) -> OneOf:
    """Is the column among the numbers that the execution gives under this name?

    For statements made once: `IN (?, ?, …)` is written again at each call, and costs more than what it finds.
    """
    return OneOf(column, bindparam(name, type_=Numbers()))


def plain_type(python: type) -> Enum:
    """Enums are stored by value, as text, so that a dump reads like the code."""
    return Enum(python, native_enum=False, length=32, values_callable=lambda kind: [each.value for each in kind])


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {
        datetime: UtcDateTime,
        date: Date,
        dict[str, Any]: JSON,
        list[str]: JSON,
        StrEnum: Enum(StrEnum, native_enum=False, length=32, values_callable=lambda kind: [each.value for each in kind]),
    }

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-100)

    def __init_subclass__(cls, **kwargs):
        """Primary keys never come back: a link to something erased must not lead to something else."""
        super().__init_subclass__(**kwargs)
        table = cls.__dict__.get("__table__")
        if table is not None:
            table.dialect_options["sqlite"]["autoincrement"] = True


class TurnTaking(sqlite3.Connection):
    """A connection whose writing transactions queue on a file lock, then begin immediately."""

    path: str | None = None
    gate: int | None = None
    reads_only = False

    def begin(self, write: bool) -> None:
        if write and self.path:
            self.gate = os.open(f"{self.path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self.gate, fcntl.LOCK_EX)
        try:
            if self.reads_only == write:
                self.execute(f"PRAGMA query_only = {'OFF' if write else 'ON'}")
                self.reads_only = not write
            self.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        except BaseException:
            self.pass_turn()
            raise

    def commit(self) -> None:
        super().commit()  # a failure keeps our turn: the rollback that follows gives it up
        self.pass_turn()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self.pass_turn()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self.pass_turn()

    def pass_turn(self) -> None:
        gate, self.gate = self.gate, None
        if gate is not None:
            os.close(gate)


def make_engine(url: str) -> Engine:
    """The engine for `url`, on SQLite or PostgreSQL, with the guarantees described above."""
    if url.startswith("postgres"):
        engine = make_postgres_engine(url, PG_OPTIONS)
        reader = make_postgres_engine(url, f"{PG_OPTIONS} -c default_transaction_read_only=on", isolation_level="AUTOCOMMIT")
        readers[engine] = reader

        @event.listens_for(engine, "begin")
        def begin_on_postgres(conn):
            conn.connection.dbapi_connection.read_only = not writing.get()

        @event.listens_for(engine, "engine_disposed")
        def dispose_reader(_engine):
            reader.dispose()

        return engine

    engine = create_engine(url, hide_parameters=True, connect_args={"factory": TurnTaking, "timeout": 10, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def connect(connection, _record):
        connection.isolation_level = None
        connection.path = engine.url.database
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "temp_store = MEMORY", "cache_size = -4000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(conn):
        conn.connection.dbapi_connection.begin(writing.get())

    return engine


def make_postgres_engine(url: str, options: str, **settings: Any) -> Engine:
    pool = {"pool_size": 5, "max_overflow": 10}
    engine = create_engine(url, hide_parameters=True, connect_args={"options": options, **PG_KEEPALIVE}, **pool, **settings)

    @event.listens_for(engine, "checkout")
    def refuse_the_dead(connection, _record, _proxy):
        """A server that closed a connection has said so on its socket. To ask it, as a ping does, is a round trip a request."""
        poll = sockets.poll()
        poll.register(connection.fileno(), sockets.POLLIN)
        if poll.poll(0):
            raise DisconnectionError

    return engine


@contextmanager
def transaction() -> Iterator[None]:
    """One writing transaction outside of a request: the worker, the command line. Commits at the end, or undoes all."""
    db.rollback()
    token = writing.set(True)
    try:
        yield
        db.commit()
    except BaseException:
        db.rollback()
        raise
    finally:
        writing.reset(token)


@contextmanager
def apart() -> Iterator[None]:
    """Do slow work (hash a password, decode an image) with no transaction open. Nothing may have been written yet."""
    db.rollback()
    yield


@contextmanager
def reading_only() -> Iterator[None]:
    """For a request that only reads although its method says otherwise, because what it sends is too long or too private for
    an address: gives the write lock back, and cannot write. Nothing may have been written yet."""
    db.rollback()
    token = writing.set(False)
    try:
        yield
    finally:
        db.rollback()
        writing.reset(token)


def init_app(app: Flask) -> None:
    engine = make_engine(app.config["DATABASE_URL"])
    app.extensions["engine"] = engine
    Session.configure(bind=engine)

    @app.before_request
    def choose_transaction():
        writing.set(request.method not in SAFE_METHODS)

    @app.teardown_appcontext
    def end(exc):
        db.remove()
        writing.set(False)


def in_one_transaction(work: Callable[[], Response]) -> Response:
    """Run a view and keep what it did if it succeeded. On PostgreSQL a deadlock's victim runs again, as does
    what reads through a connection that broke: three times at most."""
    for attempt in range(ATTEMPTS):
        try:
            response = work()
            if request.method in SAFE_METHODS or response.status_code >= 400:
                db.rollback()
            else:
                db.commit()
            return response
        except DBAPIError as error:
            db.rollback()
            if not may_run_again(error) or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def may_run_again(error: DBAPIError) -> bool:
    """Did the database undo all of it? Of an act whose connection broke nobody knows; what only reads can be read again."""
    if error.connection_invalidated:
        return request.method in SAFE_METHODS
    return getattr(error.orig, "sqlstate", None) in RETRIED


def get_one(query: Select[T], values: dict[str, Any] | None = None) -> T:
    """The one row the query finds, or NotFound."""
    found = db.scalars(query, values).unique().one_or_none()
    if found is None:
        raise NotFound
    return found


def let_go(*things: Any) -> None:
    """Of rows that outlive the request to be read only: a rollback does not expire them, nothing loads more of them."""
    for thing in things:
        if thing is not None and thing in db:
            db.expunge(thing)


def changes(thing: object) -> set[str]:
    """The names of what was set on a row to another value than the database has. Asked of what was set alone: to ask each of
    forty columns at each flush is what a flush costs."""
    row = inspect(thing)
    return {name for name in row.committed_state if get_history(thing, name, PASSIVE_NO_INITIALIZE).has_changes()}


def stream(query: Select[*Columns], rows: int) -> Result[*Columns]:
    """What a query finds, so many rows at once. On PostgreSQL a cursor of the server's holds the rest: it needs a transaction."""
    return db.execute(query, execution_options={"yield_per": rows}, bind_arguments={"streams": True})


def is_postgres() -> bool:
    return db.get_bind().dialect.name == "postgresql"


def insert_or_ignore(table, values: dict[str, Any] | Sequence[dict[str, Any]], *, returning=None):
    """INSERT … ON CONFLICT DO NOTHING, on both databases. With `returning`, None says that a row was there already."""
    if isinstance(values, dict):
        statement = insert_statement(table, tuple(values), returning, is_postgres())
        made = db.execute(statement, values)
        return None if returning is None else made.scalar()
    db.execute(insert_for(table, is_postgres()).values(values).on_conflict_do_nothing())
    return None


def add_row(table, values: dict[str, Any]) -> int:
    """One new row that nothing needs to hold as an object; its id. The unit of work costs four times this statement, made once."""
    made = cast(CursorResult[Any], db.execute(plain_insert(table, tuple(values)), values))
    return made.inserted_primary_key[0]  # type: ignore[index]


@cache
def plain_insert(table, names: tuple[str, ...]) -> Executable:
    return insert(table.__table__).values({name: bindparam(name) for name in names})


def insert_for(table, on_postgres: bool):
    return (postgresql if on_postgres else sqlite).insert(table.__table__)


@cache
def insert_statement(table, names: tuple[str, ...], returning, on_postgres: bool) -> Executable:
    """Made once for the columns it fills: making it costs more than running it."""
    statement = insert_for(table, on_postgres).values({name: bindparam(name) for name in names}).on_conflict_do_nothing()
    return statement if returning is None else statement.returning(returning)


__all__ = ["JSON", "Base", "String", "Text", "UtcDateTime", "apart", "db", "get_one", "let_go", "text", "transaction", "writing"]
