"""How long until the first page of `python -m app --demo`, beside what this machine takes to load Flask and SQLAlchemy.

python -m bench.start                 three rounds: a fresh clone, an empty folder, a second start

Seconds on the clock until the front page has come whole, and seconds of CPU that the program had used by then. A fresh clone has no
compiled code of ours yet (no __pycache__): its first start writes it. Before the second start, the work that waited is done.
"""

import argparse
import os
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bench.machine import ROOT, cpu_seconds

OURS = ("app", "migrations", "config.py", "wsgi.py")
SETTINGS = ("BASE_URL", "DATABASE_URL", "INSTANCE_DIR", "JOBS_URL", "MAIL_URL", "PORT", "REDIS_URL", "SECRET_KEY")
UNCOMPILED = ("PYTHONDONTWRITEBYTECODE",)  # set on a development machine, never on an operator's
LATEST = 300  # seconds to wait for anything

Times = tuple[float, float]  # seconds on the clock, seconds of CPU


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    measured: dict[str, list[Times]] = {}
    for n in range(options.rounds):
        for name, times in round_of():
            print(f"{n + 1}. {name}: {times[0]:.2f} s, {times[1]:.2f} s of CPU", file=sys.stderr, flush=True)
            measured.setdefault(name, []).append(times)
    print("| first page | seconds | CPU seconds | × the baseline |", "|---|---|---|---|", sep="\n")
    baseline = statistics.median(cpu for _clock, cpu in measured["baseline: import flask, sqlalchemy.orm"])
    for name, all_times in measured.items():
        clock, cpu = (statistics.median(column) for column in zip(*all_times, strict=True))
        print(f"| {name} | {clock:.2f} | {cpu:.2f} | {cpu / baseline:.1f} |")
    return 0


def round_of():
    with tempfile.TemporaryDirectory(prefix="beffroi-start-") as folder:
        clone, instance = Path(folder, "clone"), Path(folder, "instance")
        clone.mkdir()
        for name in OURS:
            copy: Callable = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, clone / name, **({"ignore": shutil.ignore_patterns("__pycache__")} if (ROOT / name).is_dir() else {}))
        yield "baseline: import flask, sqlalchemy.orm", imports(clone)
        yield "empty folder, fresh clone", first_page(clone, instance)
        shutil.rmtree(instance)
        yield "empty folder", first_page(clone, instance, work=True)
        yield "second start", first_page(clone, instance)


def environment(instance: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS + UNCOMPILED}
    return kept | {"INSTANCE_DIR": str(instance)}


def imports(clone: Path) -> Times:
    begun, before = time.perf_counter(), os.times()
    subprocess.run([sys.executable, "-c", "import flask, sqlalchemy.orm"], cwd=clone, env=environment(clone), check=True)
    after = os.times()
    return time.perf_counter() - begun, after[2] + after[3] - before[2] - before[3]


def first_page(clone: Path, instance: Path, *, work: bool = False) -> Times:
    """Start, ask until the front page comes, stop. With `work`, once nothing waits in the outbox any more."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begun = time.perf_counter()
    command = [sys.executable, "-m", "app", "--demo", "--port", str(port)]
    with tempfile.TemporaryFile("w+") as said:
        program = subprocess.Popen(command, cwd=clone, env=environment(instance), stdout=said, stderr=subprocess.STDOUT)
        try:
            wait(lambda: asked(port), program)
            times = time.perf_counter() - begun, cpu_seconds([program.pid])
            if work:
                wait(lambda: nothing_waits(instance), program)
            program.send_signal(signal.SIGTERM)
            if program.wait(LATEST) != 0:
                raise RuntimeError("the program did not stop well")
        except RuntimeError as error:
            program.kill()
            program.wait()
            said.seek(0)
            raise SystemExit(f"{error}:\n{said.read()[-3000:]}") from error
    return times


def wait(there: Callable[[], bool], program: subprocess.Popen) -> None:
    until = time.monotonic() + LATEST
    while not there():
        if program.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the program does not answer")
        time.sleep(0.02)


def asked(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=LATEST) as page:
            return "</html>" in page.read().decode()
    except OSError:
        return False


def nothing_waits(instance: Path) -> bool:
    with closing(sqlite3.connect(instance / "beffroi.db")) as database:
        return not database.execute("SELECT 1 FROM outbox_jobs WHERE due_at <= datetime('now') AND NOT is_dead LIMIT 1").fetchone()


if __name__ == "__main__":
    sys.exit(main())
