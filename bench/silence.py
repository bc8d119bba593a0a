"""Does the time of an answer tell whether an address is known? Log-in, sign-up and lost password, in turns, with real hashes.

python -m bench.silence               200 of each; red when the medians differ by more than 5 %
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from app import create_app
from app.core import db as database
from app.core.db import db
from bench import prepare
from config import Config

STRANGER = "une phrase qui ne va pas"
MOST = 0.05


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="beffroi-silence-") as folder:
        app = make_app(Path(folder))
        apart = {act: difference(app, act, options.times) for act in ("connexion", "inscription", "mot-de-passe-oublie")}
    return 0 if all(each <= MOST for each in apart.values()) else 1


def make_app(folder: Path):
    """Production's settings and cost of hashing, without the limits that one address would meet."""

    class Measured(Config):
        INSTANCE_DIR = folder
        DATABASE_URL = f"sqlite:///{folder / 'silence.db'}"
        RATELIMIT_ENABLED = False
        WTF_CSRF_ENABLED = False  # tokens are the same work for everyone

    app = create_app(Measured)
    with app.app_context():
        token = database.writing.set(True)
        prepare.tables(app)
        db.commit()
        database.writing.reset(token)
    return app


def difference(app, act: str, times: int) -> float:
    client = app.test_client(use_cookies=False)
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    for n in range(times):
        for which, email in (("known", prepare.EMAIL), ("unknown", f"absent-{n}@beffroi.example")):
            given = {"name": "Marie", "email": email, "password": STRANGER}
            start = time.perf_counter()
            status = client.post(f"/compte/{act}", data=given, base_url=app.config["BASE_URL"]).status_code
            assert status in {302, 422}, status
            took[which].append(1000 * (time.perf_counter() - start))
    known, unknown = statistics.median(took["known"]), statistics.median(took["unknown"])
    apart = abs(known - unknown) / max(known, unknown)
    print(f"{act:20} known {known:6.2f} ms   unknown {unknown:6.2f} ms   {100 * apart:4.1f} % apart", flush=True)
    return apart


if __name__ == "__main__":
    sys.exit(main())
