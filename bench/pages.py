"""Pages against a bare Flask page, in the same run and in turns: baseline, page, baseline, page…

python -m bench.pages --synthetic                       what the page cache itself costs
python -m bench.pages                                   the real pages, on SQLite
python -m bench.pages --database postgresql+psycopg://…  the same, on an empty PostgreSQL database
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlencode

from bench.browser import Browser, hidden_fields
from bench.machine import Measure, Request, gunicorn, postmaster, wrk

BASELINE_PORT, PORT = 9311, 9312
VOTE_BUTTON = re.compile(r'formaction="(/contributions/\d+/avis)"')
FRESH = 2_000  # arguments made for one round: more than a round can post
BROWSER = {"Accept-Encoding": "gzip, deflate, br"}


@dataclass
class Target:
    name: str
    requests: Sequence[Request]
    goal: str = ""
    revalidates: bool = False  # sends the tag of the page as it is when the round begins
    fresh: Callable[[], Sequence[Request]] | None = None  # makes requests that are sent once each


def main() -> None:
    options = read_options()
    with tempfile.TemporaryDirectory(prefix="beffroi-bench-") as passing:
        folder = Path(options.folder or passing).resolve()
        environment = {"INSTANCE_DIR": str(folder), "BASE_URL": f"http://127.0.0.1:{PORT}", "SECRET_KEY": "bench" * 8}
        environment["DATABASE_URL"] = options.database or f"sqlite:///{folder}/bench.db"
        os.environ.update(environment)
        pages = {} if options.synthetic else prepared_pages()
        served = "bench.synthetic:app" if options.synthetic else "bench.served:app"
        database = postmaster() if environment["DATABASE_URL"].startswith("postgres") else None
        with gunicorn("bench.baseline:app", BASELINE_PORT) as bare, gunicorn(served, PORT) as site:
            targets = synthetic_targets() if options.synthetic else site_targets(pages)
            asked = [target for target in targets if any(word in target.name for word in options.only.split(","))]
            measured = measure(asked, bare, site, database, options)
    report(measured, options, "PostgreSQL" if database else "SQLite")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", help="where the demonstration is prepared (default: SQLite, in a folder of its own)")
    parser.add_argument("--folder", help="where to keep what was prepared, for the next time")
    parser.add_argument("--synthetic", action="store_true", help="a small page behind the cache, instead of the site")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--only", default="", help="targets whose name holds one of these words, comma-separated")
    return parser.parse_args()


def prepared_pages() -> dict[str, str]:
    """The addresses to measure, after preparing what they show if nobody has."""
    from bench import prepare
    from bench.served import app

    if not prepare.is_done(app):
        prepare.everything(app)
    pages = prepare.addresses(app)
    app.extensions["engine"].dispose()
    return pages


def fetch(request: Request):
    """One request, as wrk will send it: status, headers."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    connection.request(request.method, request.path, request.body or None, request.headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def etag_of(path: str) -> str | None:
    """The tag of a page that is kept for visitors; None for one that each visitor has rendered."""
    for _ in range(30):  # PostgreSQL: nothing is kept before the process listens
        answer, _body = fetch(Request(path, headers=BROWSER))
        if answer.status != 200:
            raise SystemExit(f"{path} is answered {answer.status}")
        if answer.headers["ETag"]:
            return answer.headers["ETag"]
        time.sleep(0.1)
    return None


def visitor(name: str, path: str) -> list[Target]:
    """The page as a visitor's first and next readings."""
    if etag_of(path) is None:
        return [Target(f"{name}, visitor, rendered each time", [Request(path, headers=BROWSER)])]
    return [
        Target(f"{name}, visitor, warm", [Request(path, headers=BROWSER)], "≥ 0.9"),
        Target(f"{name}, visitor, 304", [Request(path, headers=BROWSER)], "≥ 1.0", revalidates=True),
    ]


def synthetic_targets() -> list[Target]:
    return [
        *visitor("page of 60 kB", "/"),
        Target("the same, uncompressed", [Request("/")], ""),
        Target("the same, signed in (rendered)", [Request("/", headers={**BROWSER, "Cookie": "beffroi=x"})], ""),
        Target("the same, one of 200 addresses", [Request(f"/pages/{number}", headers=BROWSER) for number in range(200)], "≥ 0.9"),
    ]


def site_targets(pages: dict[str, str]) -> list[Target]:
    """Each page for a visitor and for someone signed in; then a vote."""
    from bench.prepare import EMAIL, PASSWORD, WRITTEN_IN

    written_in = pages.pop(WRITTEN_IN)
    reader = Browser(PORT)
    reader.log_in(EMAIL, PASSWORD)
    page = reader.request("GET", pages["debate"])[1]  # the session holds the token of its forms from here on
    signed_in = {**BROWSER, "Cookie": reader.cookie}
    targets = []
    for name, path in pages.items():
        targets += visitor(name, path)
        targets.append(Target(f"{name}, signed in", [Request(path, headers=signed_in)], "≥ 0.10, then 0.15"))
    token = hidden_fields(page)["csrf_token"]
    places = list(dict.fromkeys(VOTE_BUTTON.findall(page)))
    votes = [
        Request(place, "POST", signed_in, urlencode({"csrf_token": token, "value": value}))
        for value in ("agree", "disagree")
        for place in places
    ]
    targets.append(Target("vote, signed in", votes, "≥ 0.05, then 0.06"))

    def arguments() -> list[Request]:
        fields = [{"csrf_token": token, "_once": token_hex(16), "side": "for", "title": "", "body": a_text()} for _ in range(FRESH)]
        return [Request(f"{written_in}/argumenter", "POST", signed_in, urlencode(each)) for each in fields]

    targets.append(Target("argument posted, signed in", [], "≥ 0.03, then 0.06", fresh=arguments))
    return targets


def a_text() -> str:
    """Some four hundred signs that nobody wrote before: the same argument is not taken twice."""
    return f"Argument {token_hex(4)}. " + "Les rues sont étroites, et les enfants vont à l’école à vélo. " * 6


def measure(targets: list[Target], bare: int, site: int, database: int | None, options) -> dict[str, list[tuple[Measure, Measure]]]:
    measured: dict[str, list[tuple[Measure, Measure]]] = {target.name: [] for target in targets}
    goals.update({target.name: target.goal for target in targets})
    for turn in range(-1, options.rounds):  # the first warms up and does not count
        seconds = options.seconds if turn >= 0 else 1
        for number, target in enumerate(targets):
            progress(f"round {turn + 1} of {options.rounds}: {number + 1} of {len(targets)}, {target.name}")
            requests = target.fresh() if target.fresh else target.requests
            for each in [request for request in requests[:1] if request.method == "GET"] * 12:
                fetch(each)  # both workers have rendered it since the last round: what is measured is warm
            if target.revalidates:
                requests = [Request(each.path, headers={**each.headers, "If-None-Match": etag_of(each.path) or ""}) for each in requests]
            base = wrk(BASELINE_PORT, [Request("/")], seconds=seconds, connections=options.connections, server=bare)
            page = wrk(PORT, requests, seconds=seconds, connections=options.connections, server=site, database=database)
            if turn >= 0:
                measured[target.name].append((base, page))
    progress("")
    return measured


goals: dict[str, str] = {}


def progress(words: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{words:100.100}", end="" if words else "\r", file=sys.stderr, flush=True)


def spread(values: Sequence[float], form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}}–{max(values):{form}})"


def report(measured: dict[str, list[tuple[Measure, Measure]]], options, database: str) -> None:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False, cwd=Path(__file__).parent
    ).stdout.strip()
    print(f"{time.strftime('%Y-%m-%d %H:%M')}, commit {commit}, {os.cpu_count()} processors, Python {sys.version.split()[0]}, {database}.")
    print(f"gunicorn, 2 sync workers; {options.rounds} rounds of {options.seconds:g} s in turns with the bare page;")
    print(f"{options.connections} connections; median (least–most); the ratio is taken round by round.\n")
    print("| page | requests/s | × bare Flask | goal | CPU ms a request | of the database | p50 ms | p99 ms | kB | MB | errors |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    bases = [base for rounds in measured.values() for base, _ in rounds]
    row("bare Flask hello", bases, [1.0] * len(bases), "")
    for name, rounds in measured.items():
        row(name, [page for _, page in rounds], [page.per_second / base.per_second for base, page in rounds], goals[name])


def row(name: str, pages: Sequence[Measure], ratios: Sequence[float], goal: str) -> None:
    def middle(of: str) -> float:
        return statistics.median(getattr(page, of) for page in pages)

    cells = [
        name,
        spread([page.per_second for page in pages], ",.0f"),
        spread(ratios, ".3f"),
        goal,
        spread([page.cpu for page in pages], ".2f"),
        f"{middle('database_cpu'):.2f}",
        f"{middle('p50'):.1f}",
        f"{middle('p99'):.1f}",
        f"{middle('kilobytes'):.1f}",
        f"{middle('memory'):.0f}",
        f"{sum(page.errors for page in pages)}",
    ]
    print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
