"""The whole catalogue as files: what one costs the server, made ahead or for one reader, and what the embedded server then weighs.

python -m bench.files /tmp/files                 # makes the demonstration × 100 there, minutes the first time
python -m bench.files /tmp/files --scale 10 --pages 100 --times 3
"""

import argparse
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bench.machine import ROOT, cpu_seconds, gunicorn, memory_of, tree, wait_for

ENDINGS = ("csv", "ods", "xlsx", "json")
PAGES = {"proposal": "propositions", "debate": "debats", "initiative": "catalogue", "document": "catalogue", "tool": "catalogue"}


def prepare(folder: Path, scale: int) -> None:
    """The demonstration so many times, its index, and no later work left: what it weighs is not what is measured."""
    folder.mkdir(parents=True, exist_ok=True)
    env = environment(folder, 8000)
    for command in ("alembic upgrade head", f"flask demo --scale {scale}", "flask search rebuild"):
        subprocess.run([sys.executable, "-m", *command.split()], cwd=ROOT, env=env, check=True)
    ask(folder, "DELETE FROM outbox_jobs")


def environment(folder: Path, port: int) -> dict[str, str]:
    return os.environ | {"INSTANCE_DIR": str(folder), "FLASK_APP": "wsgi", "PORT": str(port), "MAIL_URL": ""}


def ask(folder: Path, statement: str, *values: Any) -> list[tuple]:
    with closing(sqlite3.connect(folder / "beffroi.db", timeout=30)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def fetch(address: str, **headers: str) -> int:
    """How many octets came."""
    asked = urllib.request.Request(address, headers=headers)
    with urllib.request.urlopen(asked, timeout=120) as answer:
        return sum(len(chunk) for chunk in iter(lambda: answer.read(1 << 16), b""))


@contextmanager
def embedded(folder: Path, port: int) -> Iterator[int]:
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen([sys.executable, "-m", "app"], cwd=ROOT, env=environment(folder, port), stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", server, log)
            yield server.pid
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


def cost(pid: int, times: int, do: Callable[[], int]) -> tuple[float, float]:
    """(seconds of the server's CPU, MB sent), each time."""
    before = cpu_seconds(tree(pid))
    sent = [do() for _time in range(times)]
    return (cpu_seconds(tree(pid)) - before) / times, sum(sent) / times / 1e6


def walk(folder: Path, site: str, count: int) -> None:
    found = ask(folder, f"SELECT kind, id FROM contents WHERE is_public AND kind IN ({','.join('?' * len(PAGES))})", *PAGES)
    for kind, number in random.Random(7).sample(found, min(count, len(found))):
        try:
            fetch(f"{site}/{PAGES[kind]}/{number}")
        except urllib.error.HTTPError as error:
            print(f"{error.code}: {kind} {number}", flush=True)


def served(folder: Path, times: int, label: str) -> None:
    """By a web process alone: later work is not counted."""
    port = free_port()
    with gunicorn("bench.served:app", port, workers=1, environment=environment(folder, port)) as pid:
        for ending in ENDINGS:
            seconds, sent = cost(pid, times, lambda ending=ending: fetch(f"http://127.0.0.1:{port}/donnees/catalogue.{ending}"))
            print(f"{ending}, {label}: {seconds * 1000:.0f} ms of CPU, {sent:.1f} MB sent; {memory_of(tree(pid)):.0f} MB", flush=True)


def untrue(folder: Path) -> None:
    """As when something was just taken back, and the worker is away."""
    row = ("catalogue_files", "untrue", "2999-01-01 00:00:00")
    ask(folder, "INSERT INTO outbox_jobs (topic, key, due_at, attempts, is_dead) VALUES (?, ?, ?, 0, 0)", *row)


def memory(folder: Path, pages: int) -> None:
    """Of the embedded server, its worker at work."""
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    ask(folder, "DELETE FROM stored_files WHERE purpose = 'catalogue'")
    with embedded(folder, port) as pid:
        print(f"at the start: {memory_of(tree(pid)):.0f} MB", flush=True)
        most = 0.0
        while not ask(folder, "SELECT 1 FROM stored_files WHERE purpose = 'catalogue' LIMIT 1"):
            time.sleep(0.5)
            most = max(most, memory_of(tree(pid)))
        print(f"the most while the files are made: {most:.0f} MB", flush=True)
        walk(folder, site, pages)
        print(f"after {pages} pages: {memory_of(tree(pid)):.0f} MB", flush=True)
        for ending in ENDINGS:
            fetch(f"{site}/donnees/catalogue.{ending}")
        print(f"after every file: {memory_of(tree(pid)):.0f} MB", flush=True)
        untrue(folder)
        for ending in ENDINGS:
            fetch(f"{site}/donnees/catalogue.{ending}")
        print(f"after every file, made for one reader: {memory_of(tree(pid)):.0f} MB", flush=True)


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="an instance folder, kept")
    parser.add_argument("--scale", type=int, default=100)
    parser.add_argument("--pages", type=int, default=400, help="pages walked through before the files are fetched")
    parser.add_argument("--times", type=int, default=5, help="fetches of each file")
    given = parser.parse_args()
    if not (given.folder / "beffroi.db").exists():
        prepare(given.folder, given.scale)
    memory(given.folder, given.pages)
    served(given.folder, given.times, "made for one reader")
    ask(given.folder, "DELETE FROM outbox_jobs WHERE topic = 'catalogue_files'")
    served(given.folder, given.times, "made ahead")


if __name__ == "__main__":
    main()
