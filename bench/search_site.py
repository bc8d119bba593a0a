"""Search as a visitor meets it: whole requests (visibility, facets, highlights, JSON or page), MRR@10, freshness.

    .venv/bin/python bench/search_site.py --contents 10000
    .venv/bin/python bench/search_site.py --contents 10000 --url postgresql:///beffroi_search

The contents of bench/search.py, entered as projects of an application of its own. `--url` names a database that is emptied.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import werkzeug.test
from sqlalchemy import insert, select

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app import create_app  # noqa: E402
from app.contents import services  # noqa: E402
from app.contents.models import Content, ContentTerm, Term  # noqa: E402
from app.core import db as database  # noqa: E402
from app.core import worker  # noqa: E402
from app.core.db import Base, db, transaction  # noqa: E402
from app.projects.models import Project  # noqa: E402
from app.search import sync  # noqa: E402
from app.territories.models import Territory  # noqa: E402
from bench.search import THEMES, corpus, milliseconds, resident  # noqa: E402
from config import Config  # noqa: E402

TOWNS = ["Tourcoing", "Faches-Thumesnil", "Grande-Synthe", "Action Fourmies", "Atrébatie"]
COMMON = ["données", "public", "citoyens", "participation", "loi", "process", "internet", "services", "droit", "numérique"] * 10


def make_app(folder: Path, url: str | None):
    settings = {
        "INSTANCE_DIR": folder,
        "DATABASE_URL": url or f"sqlite:///{folder / 'bench.db'}",
        "JOBS_URL": f"sqlite:///{folder / 'jobs.db'}",
        "SECRET_KEY": "bench" * 10,
        "TRUSTED_HOSTS": ["localhost"],
        "RATELIMIT_ENABLED": False,
    }
    app = create_app(type("Bench", (Config,), settings))
    token = database.writing.set(True)
    Base.metadata.drop_all(app.extensions["engine"])
    Base.metadata.create_all(app.extensions["engine"])
    database.writing.reset(token)
    return app


def fill(documents):
    with transaction():
        db.add_all([Territory(id=n, slug=name.lower(), name=name, short_name=name, kind="commune") for n, name in enumerate(TOWNS, 1)])
        services.ensure_vocabulary("theme", "Thèmes", {key: key.title() for key in THEMES})
    defaults = {"state": "published", "is_public": True, "language": "fr", "byline": "x", "voice": "citizen", "origin": "online"}
    defaults |= {"revision": 1, "replies_count": 0}
    with transaction():
        terms = dict(db.execute(select(Term.key, Term.id)).all())
        for start in range(0, len(documents), 1000):
            part = documents[start : start + 1000]
            rows = [
                defaults
                | {
                    "id": each.content_id,
                    "kind": "project",
                    "title": each.title or "Sans titre",
                    "summary": each.body[:200],
                    "body_source": each.body,
                    "body_html": f"<p>{each.body.replace('&', '&amp;').replace('<', '&lt;')}</p>",
                    "territory_id": each.territory_id,
                    "opens_at": each.opens_at,
                    "closes_at": each.closes_at,
                    "created_at": each.published_at,
                    "published_at": each.published_at,
                    "updated_at": each.published_at,
                }
                for each in part
            ]
            db.execute(insert(Content.__table__), rows)
            db.execute(insert(Project.__table__), [{"id": row["id"], "project_kind": "consultation", "maturity": "idee"} for row in rows])
            given = [{"content_id": each.content_id, "term_id": terms[theme]} for each in part for theme in each.themes]
            db.execute(insert(ContentTerm.__table__), given)


def freshness(app, get):
    """Seconds between the commit of a change and its being found, with the worker at work."""
    at_work = worker.Worker(app).start()
    time.sleep(3)  # it takes the lead, and ticks once
    found = []
    for n in range(20):
        word = f"fraicheur{chr(97 + n)}{chr(110 + n // 2)}x"
        with app.app_context():
            with transaction():
                content = db.scalars(select(Project).where(Project.id == n + 1)).one()
                content.title = word
            start = time.perf_counter()
            db.remove()
        while word not in str([item["title"] for item in get(word).get_json()["items"]]):
            time.sleep(0.01)
        found.append(time.perf_counter() - start)
    at_work.stop(timeout=60)
    found.sort()
    return f"p50 {found[10]:.2f} s, p95 {found[18]:.2f} s, worst {found[-1]:.2f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contents", type=int, default=10_000)
    parser.add_argument("--known", type=Path, default=ROOT.parent / "shared" / "corpus" / "known-items.tsv")
    parser.add_argument("--url")
    options = parser.parse_args()
    documents, proposals = corpus(options.known.parent, options.contents)
    known = [line.split("\t") for line in options.known.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as name:
        app = make_app(Path(name), options.url)
        with app.app_context():
            fill(documents)
            start = time.perf_counter()
            count = sync.rebuild()
            print(f"{count} contents indexed from the database in {time.perf_counter() - start:.1f} s")
            db.remove()

        def get(query, path="/recherche.json", **more):
            # The layers under the page cache: each request is made whole.
            response = werkzeug.test.Client(app).get(path, query_string={"q": query, **more}, headers={"Host": "localhost"})
            assert response.status_code == 200, response.status_code
            return response

        before = resident()
        total = 0.0
        for query, wanted, _kind in known:
            ids = [item["id"] for item in get(query).get_json()["items"][:10]]
            total += 1 / (ids.index(proposals[int(wanted)]) + 1) if proposals[int(wanted)] in ids else 0
        print(f"MRR@10 through the site {total / len(known):.4f}; the process grew by {resident() - before:.0f} MB")
        queries = [query for query, _, _ in known]
        start = time.process_time()
        for query in queries:
            get(query)
        print(f"CPU of this process {(time.process_time() - start) * 1000 / len(queries):.1f} ms a request")
        print("whole requests, milliseconds, p50 / p95:")
        for path in ("/recherche.json", "/recherche"):
            print(f"  {path:16} known items  ", milliseconds(lambda query, path=path: get(query, path), queries))
            print(f"  {path:16} common word  ", milliseconds(lambda query, path=path: get(query, path), COMMON))
            print(
                f"  {path:16} two filters  ", milliseconds(lambda q, path=path: get(q, path, territory="tourcoing", theme="sante"), COMMON)
            )
            print(f"  {path:16} everything   ", milliseconds(lambda query, path=path: get(query, path), [""] * 20))
        print("a published change is found:", freshness(app, get))


if __name__ == "__main__":
    main()
