"""Sixty-four identical votes at once, two hundred times, against a live server: one row each, true tallies, no error.

    python -m bench.votes                                        SQLite, gunicorn with 2 workers of 8 threads
    python -m bench.votes --database postgresql+psycopg://…/empty  PostgreSQL
    python -m bench.votes --no-guard                             without what keeps votes single: must be seen red

Half of the bursts are one form sent many times (the same `_once`), half are votes from many windows (none).
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from urllib.parse import urlencode

from bench.browser import Browser
from bench.machine import gunicorn
from bench.prepare import EMAIL, PASSWORD, WORDS, debate_of, tables

PORT = 9313


def main() -> int:
    options = read_options()
    with tempfile.TemporaryDirectory(prefix="beffroi-votes-") as folder:
        environment = {"INSTANCE_DIR": folder, "BASE_URL": f"http://127.0.0.1:{PORT}", "SECRET_KEY": "bench" * 8, "PORT": str(PORT)}
        environment["DATABASE_URL"] = options.database or f"sqlite:///{folder}/votes.db"
        if options.no_guard:
            environment["BENCH_NO_GUARD"] = "1"
        os.environ.update(environment)
        from bench.served import app

        contents = prepare(app, options.bursts)
        with gunicorn("bench.served:app", PORT, workers=options.workers, threads=options.threads, environment=environment):
            statuses, took = run(contents, options.parallel)
        wrong = count_wrong(app, contents)
        app.extensions["engine"].dispose()
    sent = len(contents) * options.parallel
    print(
        f"{sent} votes in {len(contents)} bursts of {options.parallel}, {options.workers} workers × {options.threads} threads, "
        f"{'PostgreSQL' if options.database else 'SQLite'}, {took:.1f} s ({sent / took:.0f} a second)"
    )
    print(f"answers: {dict(sorted(statuses.items()))}")
    print(f"contents without exactly one vote: {wrong['rows']}; tallies that are not the count: {wrong['tallies']}")
    errors = sum(count for status, count in statuses.items() if status >= 500 or status == 0)
    is_right = not errors and not wrong["rows"] and not wrong["tallies"]
    print("right" if is_right else "WRONG")
    return 0 if is_right else 1


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", help="an empty database (default: SQLite)")
    parser.add_argument("--bursts", type=int, default=200)
    parser.add_argument("--parallel", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--no-guard", action="store_true")
    return parser.parse_args()


def prepare(app, count: int) -> list[int]:
    """A person who can log in, a debate whose vote is open, and so many arguments; their ids."""
    from app.core import db as database

    writing = database.writing.set(True)
    with app.app_context():
        tables(app)
        ids = debate_of(count, [WORDS])
        database.db.remove()
    database.writing.reset(writing)
    return ids


def run(contents: list[int], parallel: int) -> tuple[Counter[int], float]:
    browser = Browser(PORT)
    browser.log_in(EMAIL, PASSWORD)
    token = browser.token("/compte/profil")
    statuses: Counter[int] = Counter()
    began = time.monotonic()
    for turn, content in enumerate(contents):
        if sys.stderr.isatty():
            print(f"\rburst {turn + 1} of {len(contents)}", end="", file=sys.stderr, flush=True)
        fields = {"csrf_token": token, "value": "agree"} | ({"_once": f"burst-{content}-{began}"} if turn % 2 else {})
        statuses.update(burst(browser.cookie, f"/contributions/{content}/avis", urlencode(fields), parallel))
    return statuses, time.monotonic() - began


def burst(cookie: str, path: str, body: str, parallel: int) -> list[int]:
    """The same request over so many connections, let go together; the answers' statuses, 0 for none."""
    import socket

    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{PORT}",
        f"Cookie: {cookie}",
        f"Content-Length: {len(body)}",
        "Content-Type: application/x-www-form-urlencoded",
        "Connection: close",
        "",
        body,
    ]
    request = "\r\n".join(lines).encode()
    together = threading.Barrier(parallel)
    statuses: list[int] = []

    def send() -> None:
        with socket.create_connection(("127.0.0.1", PORT), timeout=60) as line:
            together.wait()
            line.sendall(request)
            answer = b""
            try:
                while chunk := line.recv(65536):
                    answer += chunk
            except OSError:
                pass
        first = answer.split(b" ", 2)
        statuses.append(int(first[1]) if len(first) > 2 else 0)

    threads = [threading.Thread(target=send) for _ in range(parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses + [0] * (parallel - len(statuses))


def count_wrong(app, ids: list[int]) -> Counter[str]:
    """Contents that do not have one vote; contents whose tally is not the number of their votes."""
    from sqlalchemy import func, select

    from app.contents.models import Tally, Vote
    from app.core.db import db

    wrong: Counter[str] = Counter()
    with app.app_context():
        votes = dict(db.execute(select(Vote.content_id, func.count()).where(Vote.content_id.in_(ids)).group_by(Vote.content_id)).all())
        tallies = dict(
            db.execute(select(Tally.content_id, func.sum(Tally.cast)).where(Tally.content_id.in_(ids)).group_by(Tally.content_id)).all()
        )
        db.remove()
    for content in ids:
        wrong["rows"] += votes.get(content, 0) != 1
        wrong["tallies"] += tallies.get(content, 0) != votes.get(content, 0)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
