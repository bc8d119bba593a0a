"""The whole real consultation: imported by the site's own command, then indexed, each in a process that is watched.

    python -m bench.import                                          SQLite and Whoosh
    python -m bench.import --database postgresql+psycopg://…/empty   PostgreSQL, whose tables it makes and leaves

Goal (QUALITY.md, issue 2 §12): 60 s and 400 MB or less, indexing included, on each database.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORPUS = Path(os.environ.get("SHARED_DIR", Path(__file__).resolve().parents[2] / "shared")) / "corpus" / "republique-numerique.jsonl.gz"
SECONDS, MEGABYTES = 60, 400
EXPECTED = (696, 3994, 326)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", help="an empty database (default: SQLite, in a folder of its own)")
    parser.add_argument("--file", type=Path, default=CORPUS)
    parser.add_argument("--step", choices=["prepare", "import", "index", "count"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        return step(options)
    if not options.file.exists():
        print(f"{options.file.name} is absent: nothing to measure")
        return 1
    with tempfile.TemporaryDirectory(prefix="beffroi-import-") as folder:
        environment = os.environ | {
            "INSTANCE_DIR": folder,
            "DATABASE_URL": options.database or f"sqlite:///{folder}/import.db",
            "SECRET_KEY": "bench" * 8,
        }
        run("prepare", options, environment)
        figures = [
            run("import", options, environment),
            run("index", options, environment),
            run("import", options, environment, label="import again"),
        ]
        counted = subprocess.run(command("count", options), env=environment, capture_output=True, text=True, check=True).stdout.split()
    took, most = figures[0][0] + figures[1][0], max(memory for _seconds, memory in figures)
    is_whole = tuple(map(int, counted[:3])) == EXPECTED or options.file != CORPUS
    is_right = is_whole and took <= SECONDS and most <= MEGABYTES
    print(
        f"{'PostgreSQL' if options.database else 'SQLite'}: {took:.1f} s with indexing (goal {SECONDS}), {most:.0f} MB at most (goal {MEGABYTES})"
    )
    print(f"proposals {counted[0]}, arguments {counted[1]}, sources {counted[2]}, documents in the index {counted[3]}")
    print("right" if is_right else "WRONG")
    return 0 if is_right else 1


def command(name: str, options: argparse.Namespace) -> list[str]:
    return [sys.executable, "-m", "bench.import", "--step", name, "--file", str(options.file)]


def run(name: str, options: argparse.Namespace, environment: dict[str, str], label: str = "") -> tuple[float, float]:
    """One step in a process of its own; seconds and megabytes, its start included."""
    began = time.monotonic()
    process = subprocess.Popen(command(name, options), env=environment)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    took, memory = time.monotonic() - began, usage.ru_maxrss / 1024
    if process.returncode:
        raise SystemExit(f"{name} failed ({process.returncode})")
    print(f"{label or name}: {took:.1f} s, {usage.ru_utime + usage.ru_stime:.1f} s of CPU, {memory:.0f} MB", flush=True)
    return took, memory


def step(options: argparse.Namespace) -> int:
    from app import create_app
    from config import Config

    app = create_app(Config)
    if options.step == "import":
        result = app.test_cli_runner().invoke(args=["import", "consultation", str(options.file), "--territory", "banc-d-essai"])
        print(result.output.strip(), flush=True)
        return result.exit_code
    with app.app_context():
        return {"prepare": prepare, "index": index, "count": count}[options.step](app)


def prepare(app) -> int:
    from app.core import db as database
    from app.core.db import db, transaction
    from app.territories.models import Territory

    token = database.writing.set(True)
    database.Base.metadata.create_all(app.extensions["engine"])
    database.writing.reset(token)
    with transaction():
        db.add(Territory(slug="banc-d-essai", name="Banc d’essai", short_name="Banc d’essai", kind="commune"))
    return 0


def index(app) -> int:
    """All that the import queued, as the worker does it."""
    from app.core import outbox

    while outbox.run_due(["search"]):
        pass
    return 1 if outbox.waiting("search") else 0


def count(app) -> int:
    from sqlalchemy import func, select

    from app.contents.models import Content
    from app.core.db import db
    from app.search import engines

    kinds = dict(db.execute(select(Content.kind, func.count()).where(Content.is_public).group_by(Content.kind)).all())
    print(*(kinds.get(kind, 0) for kind in ("proposal", "argument", "source")), engines.current().status().documents)
    return 0


if __name__ == "__main__":
    sys.exit(main())
