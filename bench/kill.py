"""`python -m bench.kill --times 100 [--database-url postgresql+psycopg://…]`: kill the server in mid-write, count what is lost.

An empty database is made for SQLite; the one named for PostgreSQL must exist and be empty.
"""

import argparse
import tempfile
from pathlib import Path

from tests.core import small
from tests.core.kills import kill_again_and_again


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database-url")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = arguments.database_url or f"sqlite:///{folder}/kill.db"
        app = small.small_app(url, Path(folder), TESTING=True)
        small.create_tables(app)
        app.extensions["engine"].dispose()
        count = kill_again_and_again(
            url,
            Path(folder),
            arguments.times,
            say=lambda count: print(f"\r{count.kills}/{arguments.times} kills, {len(count.acknowledged)} acknowledged", end="", flush=True),
            seed=arguments.seed,
        )
    print(
        f"\r{count.kills} kills, {len(count.acknowledged)} acknowledged writes: {len(count.lost)} lost, {len(count.halves)} half done; "
        f"everything done at most {count.slowest_recovery:.1f} s after a restart"
    )
    return 1 if count.lost or count.halves else 0


if __name__ == "__main__":
    raise SystemExit(main())
