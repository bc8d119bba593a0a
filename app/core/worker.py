"""The worker: does the outbox's work, in threads of the embedded server or as `flask worker`.

Several may run; one at a time leads. The leader runs the clock and does the leader-only topics (the index has one
writer). On PostgreSQL the others share the rest; on SQLite they stand by. Huey only ticks: what is to be done at a
tick is a job of the outbox, so that a crash, a failure or a second leader costs nothing but time.
"""

import fcntl
import json
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
from flask import Flask
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock, health, mail, once, outbox
from app.core.db import Base, db, insert_or_ignore, transaction
from app.core.logs import log
from app.core.privacy import NOTHING_PERSONAL

POLL = 0.5  # seconds between two looks at the outbox, for what other processes queued or what falls due
ROUND = 1.0  # seconds between two checks of leadership
BEAT = 10.0  # seconds between two signs of life, and between two renewals of leases
SILENCE = 60.0  # seconds without a sign of life before a worker counts as gone
LAST_BATCH = 20.0  # seconds a stop waits for the batches under way; what is cut short is done again later
LEADER_KEY = 0x42656666726F69  # the advisory lock of the leader: "Beffroi"


class WorkerBeat(Base):
    """A sign of life of each worker: how a web process knows that somebody works."""

    __tablename__ = "worker_beats"
    __personal__ = NOTHING_PERSONAL

    name: Mapped[str] = mapped_column(unique=True)
    is_leader: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)


# ---- what is done regularly


@dataclass(frozen=True)
class Periodic:
    do: Callable[[], object]
    minutes: int
    own_transactions: bool


_periodic: dict[str, Periodic] = {}


def every(*, minutes: int, own_transactions: bool = False) -> Callable[[Callable], Callable]:
    """Register a function without arguments to be called every so many minutes, and when a leader takes its place.

    It may be called twice, or late. It runs in one transaction; what takes long says `own_transactions=True` and
    opens its own, short ones.
    """

    def register(function: Callable) -> Callable:
        name = f"{function.__module__.removeprefix('app.')}.{function.__name__}"
        _periodic[name] = Periodic(function, minutes, own_transactions)
        return function

    return register


def periodic() -> dict[str, Periodic]:
    return dict(_periodic)


def queue_tick(name: str) -> None:
    """Queue what a tick asks for, unless it still waits since the tick before."""
    with transaction():
        job = select(outbox.OutboxJob.id).where(outbox.OutboxJob.topic == "clock", outbox.OutboxJob.key == name, ~outbox.OutboxJob.is_dead)
        if db.scalar(job.limit(1)) is None:
            outbox.enqueue("clock", name)


@outbox.handles("clock", leader_only=True)
def run_periodic(names) -> None:
    for name in names:
        task = _periodic.get(name)
        if task is None:
            log.warning("unknown periodic task", name=name)
        elif task.own_transactions:
            task.do()
        else:
            with transaction():
                task.do()


@every(minutes=60)
def forget_form_keys() -> None:
    once.forget_old()


@every(minutes=60)
def forget_letters() -> None:
    """Letters go when their time has come, even those that never left."""
    db.execute(delete(mail.MailMessage).where(mail.MailMessage.purge_at < clock.now()))


@every(minutes=60)
def forget_workers() -> None:
    db.execute(delete(WorkerBeat).where(WorkerBeat.seen_at < clock.from_now(days=-1)))


# ---- the clock: Huey


def make_huey(url: str):
    """Huey on the store that `JOBS_URL` names. Its messages are JSON: nothing of ours unpickles what a store holds."""
    from huey import PostgresHuey, RedisHuey, SqliteHuey
    from huey.registry import Message
    from huey.serializer import Serializer

    class AsJson(Serializer):
        def _serialize(self, data) -> bytes:
            return json.dumps(data).encode()

        def _deserialize(self, data) -> Message:
            return Message(*json.loads(bytes(data)))

    common = {"name": "beffroi", "results": False, "utc": True, "serializer": AsJson()}
    scheme = urlsplit(url).scheme.split("+")[0]
    if scheme == "sqlite":
        return SqliteHuey(filename=unquote(url.split("///", 1)[1]), cache_mb=1, **common)
    if scheme in {"redis", "rediss"}:
        return RedisHuey(url=url, blocking=False, **common)
    if scheme in {"postgresql", "postgres"}:
        return PostgresHuey(dsn="postgresql://" + url.split("://", 1)[1], blocking=False, **common)
    raise ValueError(f"JOBS_URL names a store that is not known: {scheme}")


class ToLog(logging.Handler):
    """What Huey has to complain of, in our log; it says it again every few seconds, so without its traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        log.warning("clock", message=record.getMessage(), error=type(record.exc_info[1]).__name__ if record.exc_info else None)


class Clock:
    """Huey's scheduler and one of its workers, as threads, while we lead. Every task ticks once at the start."""

    def __init__(self, app: Flask):
        from huey.consumer import Consumer

        class Threads(Consumer):
            def _set_signal_handlers(self) -> None:
                """The main thread's signals are not ours."""

        logger = logging.getLogger("huey")
        logger.setLevel(logging.ERROR)
        logger.propagate = False
        logger.handlers = [ToLog()]
        self.huey = make_huey(app.config["JOBS_URL"])
        self.huey.storage.flush_queue()  # ticks of a former life: every task ticks now anyway
        for name, task in _periodic.items():
            self.huey.periodic_task(self.when(task), name=name.replace(".", "_"))(self.ticker(app, name))
        self.consumer = Threads(self.huey, workers=1, initial_delay=0.5, max_delay=5.0, scheduler_interval=60, check_worker_health=False)
        self.consumer.start()

    @staticmethod
    def when(task: Periodic) -> Callable[[datetime], bool]:
        """Asked about once a minute: due the first time, and whenever a new slot of so many minutes has begun."""
        last: int | None = None

        def is_due(_moment: datetime) -> bool:
            nonlocal last
            before, last = last, int(clock.now().timestamp() // (60 * task.minutes))
            return last != before

        return is_due

    @staticmethod
    def ticker(app: Flask, name: str) -> Callable[[], None]:
        def tick() -> None:
            with app.app_context():
                queue_tick(name)

        return tick

    def stop(self) -> None:
        self.consumer.shutdown_timeout = 5
        self.consumer.stop(graceful=True)
        self.huey.storage.close()


# ---- who leads


class FileLock:
    """Leadership among the processes of one machine. It ends with the process, however it ends."""

    def __init__(self, path: Path):
        self.path = path
        self.file: int | None = None

    def hold(self) -> bool:
        """True if we lead: from now, or still."""
        if self.file is None:
            file = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
            else:
                self.file = file
        return self.file is not None

    def release(self) -> None:
        file, self.file = self.file, None
        if file is not None:
            os.close(file)


class AdvisoryLock:
    """Leadership among all who use one PostgreSQL database: a lock of a session, on a connection kept for it alone."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self.connection: Connection | None = None

    def hold(self) -> bool:
        if self.connection is not None:
            self.connection.execute(text("SELECT 1"))  # raises when the session, and the lock with it, is gone
            return True
        connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            if connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LEADER_KEY}):
                self.connection = connection
        finally:
            if self.connection is None:
                connection.close()
        return self.connection is not None

    def release(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.invalidate()  # closes the session itself: the lock does not go back to the pool
            connection.close()


# ---- the worker


class Worker:
    def __init__(self, app: Flask):
        self.app = app
        self.engine: Engine = app.extensions["engine"]
        self.on_postgres = self.engine.dialect.name == "postgresql"
        self.lock = AdvisoryLock(self.engine) if self.on_postgres else FileLock(Path(app.config["INSTANCE_DIR"]) / "leader.lock")
        self.name = f"{socket.gethostname()}:{os.getpid()}:{id(self):x}"
        self.leads = False
        self.clock: Clock | None = None
        self.stopping = threading.Event()
        self.threads: list[threading.Thread] = []
        self.next_beat = 0.0

    def start(self) -> "Worker":
        """Work in threads, until `stop()` or the end of the process."""
        apart = [name for name, topic in outbox.registered().items() if topic.apart]
        lanes = [[name for name in outbox.topics() if name not in apart], *([name] for name in apart)]
        self.threads = [threading.Thread(target=self.supervise, name="worker", daemon=True)]
        self.threads += [threading.Thread(target=self.work, args=(lane,), name=f"worker {' '.join(lane)}", daemon=True) for lane in lanes]
        for thread in self.threads:
            thread.start()
        return self

    def stop(self, timeout: float = LAST_BATCH) -> None:
        """Let the batches under way end, then stop."""
        self.stopping.set()
        outbox.bell.ring()
        until = time.monotonic() + timeout
        for thread in reversed(self.threads):  # the one that leads and renews leases is the last to be waited for
            thread.join(max(0.0, until - time.monotonic()))

    def is_alive(self) -> bool:
        return bool(self.threads) and all(thread.is_alive() for thread in self.threads)

    def may_do(self, name: str) -> bool:
        return self.leads or (self.on_postgres and not outbox.registered()[name].leader_only)

    def supervise(self) -> None:
        """Lead if nobody does, say that we live, keep our leases: in a thread of its own, so that no batch delays it."""
        lanes = self.threads[1:]
        while not self.stopping.is_set() or any(thread.is_alive() for thread in lanes):
            try:
                with self.app.app_context():
                    self.take_round()
            except (SQLAlchemyError, OSError) as error:
                log.warning("worker cannot lead", error=outbox.describe(error))
                self.resign()
            if not self.stopping.wait(ROUND):
                continue
            time.sleep(0.05)
        self.resign()
        try:
            with self.app.app_context(), transaction():
                db.execute(delete(WorkerBeat).where(WorkerBeat.name == self.name))
        except SQLAlchemyError as error:
            log.warning("worker could not sign off", error=outbox.describe(error))

    def take_round(self) -> None:
        if not self.lock.hold():
            self.leads = False
        elif not self.leads:
            self.leads = True
            self.next_beat = 0.0
            log.info("worker leads", worker=self.name)
            outbox.bell.ring()
        if time.monotonic() >= self.next_beat:
            self.next_beat = time.monotonic() + BEAT
            outbox.renew_leases()
            self.beat()
            if self.leads and self.clock is None and not self.stopping.is_set():
                self.start_clock()

    def beat(self) -> None:
        with transaction():
            insert_or_ignore(WorkerBeat, {"name": self.name, "is_leader": self.leads, "seen_at": clock.now()})
            db.execute(update(WorkerBeat).where(WorkerBeat.name == self.name).values(seen_at=clock.now(), is_leader=self.leads))

    def start_clock(self) -> None:
        try:
            self.clock = Clock(self.app)
        except Exception as error:  # its store is away: the outbox goes on, the next beat tries again
            log.warning("the clock does not start", error=outbox.describe(error))

    def resign(self) -> None:
        ticking, self.clock = self.clock, None
        self.leads = False
        try:
            if ticking:
                ticking.stop()
        except Exception as error:
            log.warning("the clock does not stop", error=outbox.describe(error))
        finally:
            self.lock.release()

    def work(self, lane: Collection[str]) -> None:
        """Do what is due in these topics, again and again; between two looks, wait for the bell."""
        pause = POLL
        while not self.stopping.is_set():
            heard = outbox.bell.rings
            try:
                with self.app.app_context():
                    done = self.one_round(lane)
                pause = POLL
            except Exception as error:  # the database is away, or full: what waits is still there when it comes back
                log.warning("worker waits", error=outbox.describe(error))
                done, pause = 0, min(pause * 2, 5.0)
                self.stopping.wait(pause)
            if not done:
                outbox.bell.wait(heard, POLL)

    def one_round(self, lane: Collection[str]) -> int:
        mine = [name for name in lane if self.may_do(name)]
        if not mine:
            return 0
        due = outbox.due_topics()
        done = 0
        for name in mine:
            if name in due and not self.stopping.is_set():
                done += outbox.drain(name)
        return done


@health.check("worker", serving=True)
def worker_is_alive() -> str | None:
    seen = db.scalar(select(func.max(WorkerBeat.seen_at)).where(WorkerBeat.is_leader))
    if seen is None or seen < clock.from_now(seconds=-SILENCE):
        return "Aucun ouvrier ne travaille : ni courriel, ni index. Lancez « flask worker »."
    return None


@health.check("outbox")
def outbox_moves() -> str | None:
    job = outbox.OutboxJob
    dead = db.scalar(select(func.count(job.id)).where(job.is_dead)) or 0
    if dead:
        return f"{dead} tâches ont échoué jusqu’au bout et attendent une décision : voyez « flask outbox », puis « flask outbox --revive »."
    oldest = db.scalar(select(func.min(job.due_at)).where(~job.is_dead))
    if oldest is not None and oldest < clock.from_now(minutes=-10):
        return "Des tâches attendent depuis plus de dix minutes : l’ouvrier est arrêté, ou trop lent."
    return None


def init_app(app: Flask) -> None:
    @app.cli.command("worker")
    def run_worker() -> None:
        """Travailler : envoyer les courriels, tenir l’index à jour, suivre l’horloge. S’arrête proprement à SIGTERM."""
        ended: list[int] = []  # a handler may run anywhere: it takes no lock
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _frame: ended.append(number))
        worker = Worker(app).start()
        log.info("worker started", worker=worker.name)
        while not ended:
            time.sleep(0.2)
            if not worker.is_alive():
                log.error("a thread of the worker ended", worker=worker.name)
                raise SystemExit(1)
        worker.stop()
        log.info("worker stopped", worker=worker.name)

    @app.cli.command("outbox")
    @click.option("--revive", is_flag=True, help="Redonner une chance aux tâches qui ont échoué jusqu’au bout.")
    @click.argument("topic", required=False)
    def show_outbox(revive: bool, topic: str | None) -> None:
        """Compter ce qui attend, par sujet ; redonner une chance à ce qui a échoué."""
        job = outbox.OutboxJob
        if revive:
            with transaction():
                count = outbox.revive(topic)
            click.echo(f"{count} tâches sont de nouveau à faire.")
        query = select(job.topic, job.is_dead, func.count(job.id), func.min(job.due_at), func.max(job.last_error))
        for name, is_dead, count, oldest, error in db.execute(query.group_by(job.topic, job.is_dead).order_by(job.topic, job.is_dead)):
            state = "en échec" if is_dead else "en attente"
            click.echo(f"{name} : {count} {state}, la plus ancienne pour {oldest:%Y-%m-%d %H:%M} UTC{f' ; {error}' if error else ''}")
