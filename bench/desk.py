"""The moderator's desk on 10,000 open cases: what a page costs, and fifty cases decided from the keyboard alone.

    python -m bench.desk                    # makes the database, measures the pages, then the journey
    python -m bench.desk --cases 1000 --journey 10 --keep /tmp/desk

The demonstration region is loaded by its own command; then arguments of citizens are added to Tourcoing's debates, half of them
waiting to be published, the others reported, some copied from one another as campaigns are. Pages are asked of the embedded
server as one agent asks them, one after the other; the journey is Chromium's, its actions counted as the keys that are pressed.
"""

import argparse
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench.browser import Browser
from bench.machine import cpu_seconds, tree

ROOT = Path(__file__).resolve().parents[1]
AGENT, PASSWORD = "samir-haddad@beffroi.example", "trois cloches sonnent midi"
CAMPAIGNS, COPIES = 40, 12
LOAD_GOAL, KEYS_GOAL = 300, 4  # ms for any page load; keys a case


# --- The database --------------------------------------------------------------------------------------------------------


def prepare(folder: Path, count: int) -> None:
    """The demonstration, and so many open cases in Tourcoing."""
    folder.mkdir(parents=True, exist_ok=True)
    run(folder, "-m", "alembic", "upgrade", "head")
    run(folder, "-m", "flask", "demo")
    run(folder, "-m", "bench.desk", "--fill", str(count))


def run(folder: Path, *arguments: str) -> None:
    env = os.environ | {"INSTANCE_DIR": str(folder), "FLASK_APP": "wsgi", "MAIL_URL": ""}
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{arguments}: {done.stdout[-2000:]}{done.stderr[-3000:]}")


def fill(count: int) -> None:
    """Runs in a process of its own, as a command would."""
    from sqlalchemy import delete, select

    from app import create_app
    from app.accounts.models import Person
    from app.comments.models import Argument
    from app.contents.models import Content, Revision, State
    from app.contents.services import fields_of
    from app.core import clock
    from app.core.db import db, transaction
    from app.core.outbox import OutboxJob
    from app.core.text import Cleaned, shorten
    from app.demo.scale import sentences
    from app.moderation.desk.services import sign_what_came
    from app.moderation.models import Case, Cause, Report
    from app.territories.models import CharterArticle, Territory
    from config import Config

    dice = random.Random(10_000)
    with create_app(Config).app_context(), transaction():
        place = db.scalars(select(Territory).where(Territory.slug == "tourcoing")).one()
        debates = db.scalars(select(Content).where(Content.kind == "debate", Content.territory_id == place.id)).all()
        pool = [
            each
            for html in db.scalars(select(Content.body_html).where(Content.is_public, Content.body_html != "").limit(400))
            for each in sentences(html)
        ]
        people = db.scalars(select(Person).where(Person.confirmed_at.is_not(None)).limit(300)).all()
        articles = db.scalars(
            select(CharterArticle).where(CharterArticle.territory_id == place.id, CharterArticle.replaced_at.is_(None))
        ).all()
        copied = [" ".join(dice.sample(pool, 3)) for _n in range(CAMPAIGNS)]
        now = clock.now()
        for start in range(0, count, 1000):
            made = []
            for n in range(start, min(start + 1000, count)):
                text = (
                    copied[n % CAMPAIGNS] + f" {dice.choice(people).name}."
                    if n < CAMPAIGNS * COPIES
                    else " ".join(dice.sample(pool, dice.randint(2, 7)))
                )
                text += " Appelez-moi au 06 39 98 21 07." if n % 17 == 0 else ""
                opened = now - timedelta(minutes=dice.randint(1, 60 * 20))
                author, debate = dice.choice(people), dice.choice(debates)
                waits = n % 2 == 0
                row = Argument(
                    title=shorten(text, 60), body_source=text, body_html=Cleaned(f"<p>{text}</p>"), summary=shorten(text, 240), territory_id=place.id,
                    space_id=debate.id, parent_id=debate.id, author_id=author.id, byline=author.name, created_at=opened, side=dice.choice(("for", "against")),
                    state=State.PENDING if waits else State.PUBLISHED, is_public=not waits, published_at=None if waits else opened, is_titled=False,
                )  # fmt: skip
                made.append((row, waits, opened))
            db.add_all([row for row, _waits, _opened in made])
            db.flush()
            for row, waits, opened in made:
                db.add(Revision(content_id=row.id, n=1, fields=fields_of(row), author_id=row.author_id))
                db.add(Case(content_id=row.id, territory_id=place.id, cause=Cause.GATE if waits else Cause.REPORT, opened_at=opened))
                if not waits:
                    reporter = dice.choice(people)
                    db.add(
                        Report(
                            content_id=row.id,
                            article_id=dice.choice(articles).id,
                            person_id=reporter.id,
                            confirmed_at=opened,
                            message="Voyez.",
                        )
                    )
            db.flush()
            db.expunge_all()
            people = db.scalars(select(Person).where(Person.id.in_([each.id for each in people]))).all()
        db.execute(delete(OutboxJob).where(OutboxJob.topic.in_(("search", "related"))))  # the desk searches by SQL: no index to wait for
    with create_app(Config).app_context():
        begun = time.perf_counter()
        signed = sign_what_came()
        print(f"{signed} signatures in {time.perf_counter() - begun:.1f} s", flush=True)


# --- The pages -----------------------------------------------------------------------------------------------------------


def serve(folder: Path, port: int) -> subprocess.Popen:
    env = os.environ | {"INSTANCE_DIR": str(folder), "MAIL_URL": "", "RATELIMIT_ENABLED": "0"}
    server = subprocess.Popen([sys.executable, "-m", "app", "--demo", "--port", str(port)], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 90
    while time.monotonic() < until:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.2)
    server.kill()
    raise SystemExit("the server did not start")


def settle(folder: Path, minutes: int = 5) -> None:
    """Wait until the server has done what the filling left it: letters, index, signatures. An agent does not work beside that."""
    until = time.monotonic() + 60 * minutes
    query = "SELECT COUNT(*) FROM outbox_jobs WHERE NOT is_dead AND due_at <= datetime('now')"
    while ask(folder, query)[0][0] and time.monotonic() < until:
        time.sleep(1)


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def pages(port: int, folder: Path, rounds: int, server: int) -> None:
    """Each page so many times; the server's own CPU beside the wait, for a machine that others use too."""
    browser = Browser(port)
    browser.log_in(AGENT, PASSWORD)
    ids = [row[0] for row in ask(folder, f"SELECT id FROM cases WHERE is_open AND territory_id = {TOWN} ORDER BY id")]
    paths = {
        "queue": lambda: "/moderation/tourcoing/",
        "queue, page 12": lambda: "/moderation/tourcoing/?page=12",
        "queue, late": lambda: "/moderation/tourcoing/?late=1",
        "queue, reported": lambda: "/moderation/tourcoing/?cause=report",
        "queue, two words searched": lambda: "/moderation/tourcoing/?q=jardin+canal",
        "case, any": lambda: f"/moderation/tourcoing/cas/{random.choice(ids)}",
        "twelve together": lambda: "/moderation/lot?" + "&".join(f"case={each}" for each in random.sample(ids, 12)),
    }
    print("\n| page | ms p50 | ms p95 | ms most | server CPU ms | kB |\n|---|---|---|---|---|---|")
    for name, path in paths.items():
        times, size, spent = [], 0, cpu_seconds(tree(server))
        for _n in range(rounds):
            begun = time.perf_counter()
            status, text, _to = browser.request("GET", path())
            times.append((time.perf_counter() - begun) * 1000)
            size = len(text)
            if status != 200:
                raise SystemExit(f"{name}: {status}")
        cpu = (cpu_seconds(tree(server)) - spent) * 1000 / rounds
        figures = (statistics.median(times), percentile(times, 0.95), max(times), cpu, size / 1000)
        print(f"| {name} | {' | '.join(f'{each:.0f}' for each in figures)} |", flush=True)


TOWN = "(SELECT id FROM territories WHERE slug = 'tourcoing')"


def ask(folder: Path, query: str) -> list[tuple]:
    import sqlite3

    database = sqlite3.connect(f"file:{folder / 'beffroi.db'}?mode=ro", uri=True)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


# --- The journey ---------------------------------------------------------------------------------------------------------


class Keyboard:
    """A browser without a mouse: each key that is pressed is an action, each page that loads is timed."""

    def __init__(self, page):
        self.page, self.keys, self.loads, self.acts = page, 0, [], {}

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            self.page.keyboard.press(key)

    def go(self, *keys: str) -> None:
        """Press these; the last one leads to another page."""
        self.press(*keys[:-1])
        with self.page.expect_navigation(wait_until="load"):
            self.press(keys[-1])
        self.page.wait_for_function("performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
        self.loads.append(self.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))

    def decide(self, act: str, *keys: str, cases: int = 1) -> None:
        before = self.keys
        self.go(*keys)
        count, pressed = self.acts.get(act, (0, 0))
        self.acts[act] = count + cases, pressed + self.keys - before


def one_case(keyboard: Keyboard, turn: int) -> None:
    """What an agent would press, from what the page shows: nothing is known of the text but its marks."""
    page = keyboard.page
    marked = page.locator("mark").all_inner_texts()
    said = page.locator(".bf-case").inner_text()
    can = {each.get_attribute("value") for each in page.locator("button[name=verdict]").all()}
    if page.locator("[data-campaign]").count():
        others = page.locator("h3", has_text="semblable").inner_text()
        cases = int("".join(filter(str.isdigit, others))) + 1
        before = keyboard.keys
        keyboard.go("b")  # the whole campaign
        keyboard.go("7", "r")  # a double: what each will read
        keyboard.go("v")  # confirmed
        count, pressed = keyboard.acts.get("together", (0, 0))
        keyboard.acts["together"] = count + cases, pressed + keyboard.keys - before
        keyboard.go("j", "Enter")  # from the list, the first case again
    elif marked and "numéro de téléphone" in said and "redact" in can:
        keyboard.decide("redact", "c", "5", "v")
    elif marked and "injures" in said:
        keyboard.decide("refuse", "2", "r")
    elif "semble écrit" in said or "adresses de sites" in said:
        keyboard.decide("refuse", "4", "r")
    elif "move" in can and turn % 9 == 4:
        keyboard.decide("move", "d", "1", "d")
    elif turn % 11 == 6:
        keyboard.decide("refuse", "1", "r")
    else:
        keyboard.decide("keep", "p")


def journey(port: int, wanted: int, folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        chromium = running.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_context(base_url=f"http://127.0.0.1:{port}", locale="fr-FR", viewport={"width": 1280, "height": 900}).new_page()
        page.goto("/compte/connexion")
        page.get_by_label("Adresse").fill(AGENT)
        page.get_by_label("Mot de passe").fill(PASSWORD)
        page.get_by_role("button", name="Se connecter").click()
        page.wait_for_load_state()
        page.goto("/moderation/tourcoing/")
        keyboard = Keyboard(page)
        begun, turn = time.perf_counter(), 0
        keyboard.go("j", "Enter")
        while sum(count for count, _keys in keyboard.acts.values()) < wanted:
            one_case(keyboard, turn)
            turn += 1
        seconds = time.perf_counter() - begun
        chromium.close()
    cases = sum(count for count, _keys in keyboard.acts.values())
    decided = ask(
        folder, "SELECT COUNT(*) FROM decisions WHERE at > datetime('now', '-1 hour') AND undone_at IS NULL AND by_id IS NOT NULL"
    )[0][0]
    print("\n| act | cases | keys |\n|---|---|---|")
    for act, (count, keys) in sorted(keyboard.acts.items()):
        print(f"| {act} | {count} | {keys} |")
    print(
        f"\n{cases} cases ({decided} decisions in the database), {keyboard.keys} keys: {keyboard.keys / cases:.2f} a case (goal {KEYS_GOAL}); {seconds:.0f} s for a machine."
    )
    print(
        f"{len(keyboard.loads)} pages loaded: median {statistics.median(keyboard.loads):.0f} ms, p95 {percentile(keyboard.loads, 0.95):.0f} ms,"
        f" most {max(keyboard.loads):.0f} ms (goal {LOAD_GOAL}); load average {os.getloadavg()[0]:.1f}."
    )


# --- Hostile texts -------------------------------------------------------------------------------------------------------


def hostile() -> None:
    """D05: each search on 100 kB made to make it go back; the worst CPU time of each, of three runs the best."""
    from app.moderation.desk import detections

    size = 100_000
    texts = ["a", " ", "1", "06 ", "1 rue ", "1 rue a", "@", "a@", "a.", "a@a.", "www.", "http://", "A ", "ABCDE ", "sale ", "fils de ", "é", "e\u0301", "12 bis ", "1 place 12345 ", "+33", "con ", "ﷺ", "1,", "1 rue x 59200 ", "va te ", "a-", "ab ", "0033", "(0)"]  # fmt: skip
    print("\n| search | worst ms | on |\n|---|---|---|")
    for search in detections.SEARCHES:
        worst = (0.0, "")
        for seed in texts:
            text = (seed * (size // len(seed) + 1))[:size]
            taken = []
            for _n in range(3):
                begun = time.process_time()
                for _count, _found in zip(range(detections.SHOWN), search(text), strict=False):
                    pass
                taken.append((time.process_time() - begun) * 1000)
            worst = max(worst, (min(taken), seed))
        print(f"| {search.__name__} | {worst[0]:.0f} | {worst[1]!r} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--journey", type=int, default=50, help="how many cases to decide from the keyboard; 0: none")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--port", type=int, default=8106)
    parser.add_argument("--keep", type=Path, help="a folder to make the database in, or where it is already")
    parser.add_argument("--hostile", action="store_true", help="only the searches of the machine, on hostile texts")
    parser.add_argument("--fill", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.fill:
        return fill(given.fill)
    if given.hostile:
        return hostile()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="beffroi-desk-"))
    if not (folder / "beffroi.db").exists():
        prepare(folder, given.cases)
    server = serve(folder, given.port)
    try:
        settle(folder)
        pages(given.port, folder, given.rounds, server.pid)
        if given.journey:
            journey(given.port, given.journey, folder)
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()
