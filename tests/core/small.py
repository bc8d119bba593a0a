"""A small application with real topics, for tests that need workers as processes: `python -m tests.core.small URL FOLDER worker`.

Its jobs write what they did to the table `done`, so that a test can count, whoever was killed meanwhile.
"""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import create_engine, text

from app import Beffroi
from app.core import db as database
from app.core import i18n, logs, mail, once, outbox, worker
from app.core.db import db, transaction
from app.operations import server

ROOT = Path(__file__).resolve().parents[2]


def small_app(url: str, folder: Path, **settings) -> Flask:
    app = Beffroi("small", static_folder=None)
    app.config |= {
        "DATABASE_URL": url,
        "INSTANCE_DIR": folder,
        "JOBS_URL": f"sqlite:///{folder / 'jobs.db'}",
        "MAIL_URL": None,
        "BASE_URL": "http://localhost",
    }
    app.config |= settings
    for part in (logs, i18n, database, worker):
        part.init_app(app)
    return app


def create_tables(app: Flask) -> None:
    engine = app.extensions["engine"]
    tables = [model.__table__ for model in (outbox.OutboxJob, worker.WorkerBeat, once.FormKey, mail.MailMessage)]
    token = database.writing.set(True)
    database.Base.metadata.create_all(engine, tables)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE done (job TEXT, process INTEGER)"))
    database.writing.reset(token)


def record(keys) -> None:
    with transaction():
        for key in keys:
            db.execute(text("INSERT INTO done (job, process) VALUES (:job, :process)"), {"job": key, "process": os.getpid()})


def add_writing(app: Flask) -> None:
    """`POST /write/<n>`: a row, its twin and a job, as any act of ours: in the transaction of the request."""

    @app.post("/write/<n>")
    def write(n):
        for name in (n, f"twin {n}"):
            db.execute(text("INSERT INTO done (job, process) VALUES (:job, :process)"), {"job": name, "process": os.getpid()})
        outbox.enqueue("index", n)
        return "written"

    @app.get("/")
    def alive():
        return "alive"


def serve(app: Flask, port: int) -> None:
    """The embedded server and its worker, as `python -m app` runs them."""
    running = server.make_server(app, server.bind("127.0.0.1", port), largest_body=1_000_000, proxies=0)
    signal.signal(signal.SIGTERM, running.end)
    working = worker.Worker(app).start()
    running.run()
    working.stop()


def register_topics() -> None:
    """`work` takes SLOW seconds a batch, `index` is the leader's alone, `far` never ends."""
    slow = float(os.environ.get("SLOW", "0"))

    @outbox.handles("work")
    def work(keys):
        record([f"begun {key}" for key in keys])
        time.sleep(slow)
        record(keys)

    @outbox.handles("index", leader_only=True)
    def index(keys):
        record([f"index {key}" for key in keys])

    @outbox.handles("far", apart=True)
    def far(keys):
        time.sleep(3600)


def start(url: str, folder: Path, *arguments: str, **environment: str) -> subprocess.Popen:
    """What it says is in `said.txt`: a pipe nobody reads would stop it."""
    command = [sys.executable, "-m", "tests.core.small", url, str(folder), *(arguments or ("worker",))]
    with (folder / "said.txt").open("a") as said:
        return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=said, stderr=said)


def run(url: str, folder: Path, *arguments: str) -> str:
    """Run one command to its end; what it said."""
    (folder / "said.txt").unlink(missing_ok=True)
    assert start(url, folder, *arguments).wait(30) == 0
    return (folder / "said.txt").read_text()


def until(question, timeout: float = 20.0):
    """Ask until the answer is true; what it was."""
    end = time.monotonic() + timeout
    while not (answer := question()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return answer


class Outside:
    """The database as someone who is no part of the application sees it."""

    def __init__(self, url: str):
        self.engine = create_engine(url, isolation_level="AUTOCOMMIT")

    def rows(self, query: str, **values):
        with self.engine.connect() as connection:
            return connection.execute(text(query), values).all()

    def done(self) -> list[str]:
        return [row.job for row in self.rows("SELECT job FROM done")]


def main(url: str, folder: str, *arguments: str) -> None:
    outbox.LEASE = timedelta(seconds=float(os.environ.get("LEASE", "30")))
    worker.BEAT = float(os.environ.get("BEAT", "10"))
    register_topics()
    app = small_app(url, Path(folder))
    if arguments[0] == "web":
        add_writing(app)
        serve(app, int(arguments[1]))
    else:
        app.cli.main(list(arguments), obj=ScriptInfo(create_app=lambda: app), prog_name="flask")


if __name__ == "__main__":
    main(*sys.argv[1:])
