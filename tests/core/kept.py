"""A small site whose pages are kept, for tests of stamps and of the page cache; also as another process:
`python -m tests.core.kept URL FOLDER`, which reads orders on its standard input, one a line, and answers each by one line."""

import json
import logging
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from flask import Flask, redirect, request, session
from sqlalchemy import text

from app.core import clock, front, logs, pagecache, stamps
from app.core import db as database
from app.core.db import db, transaction
from app.core.pagecache import public
from app.core.stamps import Stamp, bump

ROOT = Path(__file__).resolve().parents[2]
HOST = "beffroi.example"


def kept_app(url: str, **settings) -> Flask:
    logs.configure(logging.CRITICAL)
    app = Flask("kept")
    app.config |= {
        "DATABASE_URL": url,
        "TESTING": True,
        "SECRET_KEY": "x" * 40,
        "TRUSTED_HOSTS": [HOST],
        "SESSION_COOKIE_NAME": "beffroi",
        "PROXY_HOPS": 0,
    }
    app.config |= settings
    app.extensions["renders"] = []
    app.extensions["slow"] = threading.Event()
    app.extensions["slow"].set()
    database.init_app(app)
    add_views(app)
    stamps.init_app(app)
    pagecache.init_app(app)
    front.init_app(app)
    return app


def add_views(app: Flask) -> None:
    @app.route("/things/<int:number>")
    def thing(number):
        title = db.scalar(text("SELECT title FROM things WHERE id = :number"), {"number": number})
        app.extensions["renders"].append(request.full_path)
        app.extensions["slow"].wait(5)
        public(f"thing:{number}", until=app.config.get("UNTIL"))
        return f"<p>{title} {request.query_string.decode()}</p>" + "é" * 400

    @app.post("/things/<int:number>")
    def change(number):
        change_title(number, request.form["title"], strict="strict" in request.form)
        return redirect(f"/things/{number}")

    @app.route("/nobodys/<what>")
    def nobodys(what):
        app.extensions["renders"].append(request.path)
        app.extensions["slow"].wait(5)
        if what != "private":
            public("nothing")
        if what == "session":
            session["seen"] = True
        if what == "reads":
            session.get("seen")
        if what == "missing":
            return "not here", 404
        if what == "over":
            public(until=clock.now() - timedelta(seconds=1))
        field = f'<input type="hidden" name="{what}" value="1">' if what in {"_once", "csrf_token"} else ""
        return f"{what} {field}"


def create_tables(app: Flask) -> None:
    engine = app.extensions["engine"]
    token = database.writing.set(True)
    database.Base.metadata.create_all(engine, [Stamp.__table__])
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE things (id INTEGER PRIMARY KEY, title TEXT)"))
        connection.execute(text("INSERT INTO things VALUES (1, 'one'), (2, 'two')"))
    database.writing.reset(token)


def change_title(number: int, title: str, strict: bool = False) -> None:
    with transaction():
        db.execute(text("UPDATE things SET title = :title WHERE id = :number"), {"title": title, "number": number})
        bump(f"thing:{number}", strict=strict)


def until(question, timeout: float = 5.0):
    end = time.monotonic() + timeout
    while not (answer := question()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.002)
    return answer


def get(app: Flask, path: str, **options):
    db.remove()  # as in production, a request starts with nothing read
    return app.test_client(use_cookies=False).get(path, base_url=f"http://{HOST}", **options)


class Elsewhere:
    """The same site in another process."""

    def __init__(self, url: str):
        command = [sys.executable, "-m", "tests.core.kept", url]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ask("ready")

    def ask(self, *order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def main(url: str) -> None:
    app = kept_app(url)
    with app.app_context():
        until(lambda: app.extensions["stamps"].look() is not None)
    for line in sys.stdin:
        match json.loads(line):
            case ["change", number, title]:
                with app.app_context():
                    change_title(number, title, strict=True)
                answer = None
            case ["get", path]:
                response = get(app, path)
                answer = [response.text, len(app.extensions["renders"])]
            case _:
                answer = "ready"
        print(json.dumps(answer), flush=True)
    app.extensions["stamps"].close()


if __name__ == "__main__":
    main(*sys.argv[1:])
