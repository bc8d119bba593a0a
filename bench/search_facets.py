"""Facets against SQL on random combinations of nine filters and nine queries, through the query layer of the site.

    .venv/bin/python bench/search_facets.py --combinations 1000
    .venv/bin/python bench/search_facets.py --combinations 1000 --url postgresql+psycopg:///beffroi_search

`--url` names a database that is emptied.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.core.db import db, transaction  # noqa: E402
from app.search import sync  # noqa: E402
from bench.search_site import make_app  # noqa: E402
from tests.search.combinations import Asked, compare, make_region  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--combinations", type=int, default=1000)
    parser.add_argument("--contents", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--url")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        app = make_app(Path(name), options.url)
        with app.test_request_context(base_url="http://localhost"):
            with transaction():
                make_region(chance, options.contents)
            public = sync.rebuild()
            db.remove()
            wrong, start = [], time.monotonic()
            for n in range(options.combinations):
                wrong += compare(Asked.draw(chance))
                if n % 20 == 19:
                    print(f"\r{n + 1} combinations, {len(wrong)} differences", end="", flush=True)
            print(
                f"\r{options.combinations} combinations over {public} public contents of {options.contents}: "
                f"{len(wrong)} differences from SQL, in {time.monotonic() - start:.0f} s"
            )
            for line in wrong[:20]:
                print("  ", line)
            db.remove()
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
