"""Queries at random against a region where one content in three is not public: CPU of each, errors, and what comes out.

    .venv/bin/python bench/search_random.py --count 1000000
    .venv/bin/python bench/search_random.py --count 100000 --url postgresql+psycopg:///beffroi_search

Most go to the engine with every facet; one in a hundred is a whole page, one a list in JSON, one titles being completed. What
must not come out are contents of every state that is not public, made of words that no other has.
"""

import argparse
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import werkzeug.test

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app.contents.models import State  # noqa: E402
from app.core import clock  # noqa: E402
from app.core.db import db, transaction  # noqa: E402
from app.projects.models import Project  # noqa: E402
from app.search import engines, sync  # noqa: E402
from app.search.analysis import ANALYSERS, WORD, term_of  # noqa: E402
from app.search.engines.base import SearchRequest  # noqa: E402
from app.search.facets import FACETS  # noqa: E402
from app.search.grammar import parse  # noqa: E402
from app.territories.models import Territory  # noqa: E402
from bench.search import corpus  # noqa: E402
from bench.search_site import fill, make_app  # noqa: E402
from tests.search.at_random import Chance, naughty_strings  # noqa: E402

SECRETS = ["xanthogramme", "brouillamini", "farfadesque", "ornithoscope", "kaléidique", "zygomatique", "quincajou", "wergildien"]
LIMIT = 2.0  # seconds of CPU
PAGES = {0: "/recherche", 33: "/recherche.json", 66: "/recherche/titres.json"}


def hide_secrets():
    with transaction():
        place = Territory(slug="secrete", name="Secrète", short_name="Secrète", kind="commune")
        db.add(place)
        db.flush()
        for state in State:
            if state != State.PUBLISHED:
                words = " ".join(SECRETS)
                db.add_all(
                    Project(title=words, summary=words, body_html=f"<p>{words}</p>", state=state, is_public=False, territory_id=place.id)
                    for _ in range(20)
                )
        return place.id


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--contents", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "corpus")
    parser.add_argument("--url")
    options = parser.parse_args()
    documents, _ = corpus(options.shared, options.contents)
    words = sorted({word for each in documents[:400] for word in WORD.findall(each.title + " " + each.body[:500]) if len(word) > 2})
    chance = Chance(options.seed, words, SECRETS, naughty_strings(options.shared / "hostile" / "naughty-strings.json"))
    secret = {term_of(word, analyser) for word in SECRETS for analyser in ANALYSERS}
    with tempfile.TemporaryDirectory() as name:
        app = make_app(Path(name), options.url)
        client = werkzeug.test.Client(app)
        with app.app_context():
            fill(documents)
            place = str(hide_secrets())
            public = sync.rebuild()
            db.remove()
            wrong, slow, slowest, pages = [], 0, (0.0, ""), 0
            start, now = time.monotonic(), clock.now()
            done = 0
            with suppress(KeyboardInterrupt):  # what was asked so far is reported
                for n in range(options.count):
                    done = n + 1
                    query = chance.query()
                    before = time.process_time()
                    if n % 100 in PAGES:
                        pages += 1
                        typed = query[:3000].replace("\x00", "").encode("utf-8", "replace").decode()
                        response = client.get(PAGES[n % 100], query_string={"q": typed}, headers={"Host": "localhost"})
                        spent = time.process_time() - before
                        text = response.get_data(as_text=True)
                        if response.status_code != 200:
                            wrong.append((response.status_code, query))
                        elif not any(each[:3] in typed for each in SECRETS) and any(each in text for each in SECRETS):
                            wrong.append(("shown", query))
                    else:
                        results = engines.current().search(
                            SearchRequest(parse(query), now, facets=FACETS, titles_only=n % 7 == 0, prefer_recent=True, page=1 + n % 3)
                        )
                        spent = time.process_time() - before
                        if (
                            results.total > public
                            or place in dict(results.facets["territory"])
                            or secret & set(dict(results.corrections).values())
                        ):
                            wrong.append(("found", query))
                    if spent > slowest[0]:
                        slowest = (spent, query)
                    slow += spent > LIMIT
                    if n % 500 == 499:
                        db.remove()
                        print(f"\r{n + 1} queries, {len(wrong)} wrong, slowest {slowest[0]:.2f} s", end="", flush=True)
            lasted = time.monotonic() - start
            print(
                f"\r{done} queries, {pages} of them through the site, over {public} public contents in {lasted:.0f} s: {len(wrong)} wrong, "
                f"{slow} over {LIMIT:.0f} s of CPU; the slowest took {slowest[0]:.2f} s: {slowest[1][:60]!r}"
            )
            for line in wrong[:20]:
                print("  ", *line)
            db.remove()
    sys.exit(bool(wrong or slow))


if __name__ == "__main__":
    main()
