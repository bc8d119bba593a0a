"""How well and how fast search finds: MRR@10 on the known items, latencies, build time, size.

    .venv/bin/python bench/search.py --engine whoosh --contents 10000 --known ../shared/corpus/known-items.tsv
    .venv/bin/python bench/search.py --engine postgres --url postgresql:///beffroi_search --contents 1000

Contents are the 696 proposals of the consultation, the sheets of Participedia, then the arguments, and, to fill up to
the number asked, passages of the sheets as comments. Nothing is read from or written to an installation.
"""

import argparse
import gzip
import html
import json
import random
import re
import resource
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from app.search.engines.base import Document, SearchRequest
from app.search.grammar import parse
from app.search.highlight import passage

TAG = re.compile(r"<[^>]+>")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
TERRITORIES = [str(number) for number in range(1, 6)]
THEMES = ["numerique", "education", "sante", "mobilite", "habitat", "democratie", "culture", "energie"]


def plain(source):
    return " ".join(html.unescape(TAG.sub(" ", source or "")).split())


def lines(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def corpus(folder, wanted):
    """Documents, and proposal id → content id."""
    chance = random.Random(1)
    documents, proposals = [], {}

    def add(kind, title, body, summary="", language="fr"):
        opens = NOW + timedelta(days=chance.randint(-400, 60))
        documents.append(
            Document(
                content_id=len(documents) + 1,
                kind=kind,
                title=title,
                summary=summary,
                body=body,
                language=language,
                territory_id=int(chance.choice(TERRITORIES)),
                themes=chance.sample(THEMES, chance.randint(0, 3)),
                year=opens.year,
                opens_at=opens if kind in ("proposal", "debate") else None,
                closes_at=opens + timedelta(days=60) if kind in ("proposal", "debate") else None,
                published_at=opens,
            )
        )

    rows = lines(folder / "republique-numerique.jsonl.gz")
    for row in rows:
        add("proposal", row["title"], plain(row["body_html"]), row["section"] or "")
        proposals[row["id"]] = len(documents)
    sheets = lines(folder / "participedia.jsonl.gz")
    for sheet in sheets:
        add("initiative", sheet["title"], plain(sheet["body_html"])[:60_000], language="en")
    for row in rows:
        for argument in row["arguments"]:
            add("argument", "", plain(argument.get("body")))
    while len(documents) < wanted:
        language = "en" if chance.random() < 0.5 else "fr"
        text = plain(chance.choice(sheets if language == "en" else rows)["body_html"])
        start = chance.randint(0, max(0, len(text) - 900))
        add("comment", "", text[start : start + chance.randint(200, 1800)], language=language)
    return documents[:wanted], proposals


def milliseconds(work, each):
    """p50 / p95 on the clock, then in CPU of this process: the second says the same on a machine that is busy elsewhere."""
    times, spent = [], []
    for item in each:
        start, before = time.perf_counter(), time.process_time()
        work(item)
        times.append((time.perf_counter() - start) * 1000)
        spent.append((time.process_time() - before) * 1000)
    times.sort()
    spent.sort()
    last = int(len(times) * 0.95)
    return f"{statistics.median(times):7.2f} / {times[last]:7.2f}   worst {times[-1]:7.1f}   CPU {statistics.median(spent):6.2f} / {spent[last]:6.2f}"


def mrr(engine, known, proposals, filters=None):
    total, missed = 0.0, []
    for line in known.read_text(encoding="utf-8").splitlines():
        query, wanted, _kind = line.split("\t")
        ids = engine.search(SearchRequest(parse(query), NOW, filters or {}, per_page=10)).ids
        rank = ids.index(proposals[int(wanted)]) + 1 if proposals[int(wanted)] in ids else 0
        total += 1 / rank if rank else 0
        if rank != 1:
            missed.append((rank, query, wanted))
    return total / len(known.read_text(encoding="utf-8").splitlines()), missed


def make_engine(options):
    if options.engine == "whoosh":
        from app.search.engines.whoosh import WhooshEngine

        return WhooshEngine(Path(tempfile.mkdtemp(prefix="bench-search-")) / "search")
    from sqlalchemy import create_engine

    from app.search.engines.postgres import PostgresEngine, connections_of, create_tables

    database = create_engine(options.url)
    create_tables(database)
    return PostgresEngine(connections_of(database))


def another(engine):
    """What a second process would have: nothing read yet."""
    return type(engine)(engine.folder if hasattr(engine, "folder") else engine.connections)


def resident():
    """Megabytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["whoosh", "postgres"], default="whoosh")
    parser.add_argument("--url", default="postgresql:///beffroi_search")
    parser.add_argument("--contents", type=int, default=10_000)
    parser.add_argument("--known", type=Path, default=Path("../shared/corpus/known-items.tsv"))
    parser.add_argument("--show-missed", action="store_true")
    options = parser.parse_args()
    documents, proposals = corpus(options.known.parent, options.contents)
    engine = make_engine(options)

    start, before = time.perf_counter(), time.process_time()
    engine.rebuild(iter([documents[n : n + 500] for n in range(0, len(documents), 500)]), lambda ids: [])
    built, spent = time.perf_counter() - start, time.process_time() - before
    status = engine.status()
    print(
        f"{options.engine}, {len(documents)} contents: built in {built:.1f} s ({spent:.1f} s of CPU), {status.size / 2**20:.1f} MB ({status.detail})"
    )
    fresh, memory = another(engine), resident()
    start = time.perf_counter()
    fresh.search(SearchRequest(parse("participtaion citoyenne"), NOW))
    print(f"first search of a process {(time.perf_counter() - start) * 1000:.0f} ms, which keeps {resident() - memory:.0f} MB for it")

    value, missed = mrr(engine, options.known, proposals)
    print(f"MRR@10 {value:.4f}   among proposals only {mrr(engine, options.known, proposals, {'kind': ['proposal']})[0]:.4f}")
    if options.show_missed:
        for miss in missed:
            print("   ", *miss)

    chance = random.Random(2)
    words = [word for document in documents[::7] for word in chance.sample(document.body.split() or ["rien"], 1)]
    common = ["données", "public", "citoyens", "participation", "loi", "process", "internet", "services", "droit", "numérique"] * 10
    rare = chance.sample(words, 100)
    three = [" ".join(chance.sample(words + common * 3, 3)) for _ in range(100)]
    known = [line.split("\t")[0] for line in options.known.read_text(encoding="utf-8").splitlines()]

    def search(text, **more):
        return engine.search(SearchRequest(parse(text), NOW, **more))

    def shown(text):
        results = search(text)
        for content_id in results.ids:
            document = documents[content_id - 1]
            passage(document.title, results.terms)
            passage(document.body, results.terms)

    no_facets = {"facets": ()}
    print("milliseconds, p50 / p95:")
    print("  rare word               ", milliseconds(lambda text: search(text, **no_facets), rare))
    print("  common word             ", milliseconds(lambda text: search(text, **no_facets), common))
    print("  three words             ", milliseconds(lambda text: search(text, **no_facets), three))
    print("  facets, common word     ", milliseconds(search, common))
    print(
        "  facets and filters      ",
        milliseconds(
            lambda text: search(text, filters={"kind": ["proposal", "comment"], "territory": ["2"], "state": ["open", "closed"]}), common
        ),
    )
    print("  known items, facets     ", milliseconds(search, known))
    print("  known items, highlights ", milliseconds(shown, known))
    print("  phrase                  ", milliseconds(search, ['"données publiques"', '"logiciel libre" état', "« vie privée »"] * 10))
    print("  everything, by date     ", milliseconds(lambda text: search(text, sort="date"), [""] * 30))
    print("  three letters           ", milliseconds(search, ["con", "par", "pro", "int", "dem", "com"] * 5))
    twelve = " ".join(word for word in dict.fromkeys(common))
    print("  twelve common words     ", milliseconds(search, [twelve + " com", twelve + " con"]))
    print("  twelve unknown words    ", milliseconds(search, [" ".join(f"zz{chr(97 + n)}xqwertyu" for n in range(12))]))
    print("  more like this          ", milliseconds(lambda d: engine.more_like(d.title, d.body, 3, [d.content_id]), documents[::200]))
    print("  one update              ", milliseconds(lambda d: engine.put([d]), chance.sample(documents, 40)))
    print(
        "  search after one update ",
        milliseconds(lambda d: (engine.put([d]), time.sleep(0), search("données"))[2], chance.sample(documents, 20)),
        "(update included)",
    )
    start = time.perf_counter()
    worked = engine.tend()
    print(f"  tidying {'%.1f s' % (time.perf_counter() - start) if worked else 'nothing to do'}")


if __name__ == "__main__":
    main()
