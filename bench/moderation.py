"""Real arguments posted to a debate that is read first, while two agents decide: nothing lost, nothing twice, no wrong letter.

    python -m bench.moderation --minutes 10 --rate 200                 SQLite
    python -m bench.moderation --postgres postgresql+psycopg://…/empty   PostgreSQL

All over HTTP against gunicorn, with the site's own forms: citizens log in and post, agents open their queue, read a case and
press a button (publish; every tenth: refuse; every tenth: cut the first word; every twentieth: take it back and decide again).
Letters go through the site's worker to an SMTP server of ours, which keeps them. In the end the database and the letters are
compared with what the agents were answered. Exit 1 if something is lost, twice or wrong, or the queue's p95 is past 150 ms.
"""

import argparse
import email
import email.policy
import gzip
import json
import os
import queue
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from html import unescape

from aiosmtpd.controller import Controller

from bench.browser import ATTRIBUTE, INPUT, Browser
from bench.machine import ROOT, gunicorn
from bench.prepare import CORPUS, PASSWORD

PORT = 9317
GOAL = 150.0  # milliseconds, the queue's p95
CITIZENS, POSTERS, AGENTS = 40, 4, 2
PLACE = "tourcoing"
FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
CASE = re.compile(rf"/moderation/{PLACE}/cas/(\d+)")
NUMBER = re.compile(r"\[(\d+)\]")
UNDO = re.compile(r"/moderation/decisions/(\d+)/annuler")
WHY = re.compile(r"Motif (\d+) (\w+) (\d+)\.")
QUIET = 60.0  # seconds that letters may take once the last decision is taken: 35 of them are the delay to take back


@dataclass
class Run:
    """What was sent, answered and measured, by all threads."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    authors: dict[int, str] = field(default_factory=dict)  # number of the argument → address of who posted it
    decided: dict[int, tuple[str, int]] = field(default_factory=dict)  # number → verdict and try that were answered as done
    taken_back: int = 0
    overtaken: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    done_posting: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)
    troubles: list[str] = field(default_factory=list)

    def timed(self, name: str, browser: Browser, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        began = time.monotonic()
        status, text, location = browser.request(method, path, fields)
        with self.lock:
            self.times[name].append((time.monotonic() - began) * 1000)
            self.statuses[f"{name} {status}"] += 1
        return status, text, location

    def trouble(self, words: str) -> None:
        with self.lock:
            self.troubles.append(words)


class Sink:
    """An SMTP server that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[tuple[list[str], str, str]] = []  # to whom, Message-ID, text

    async def handle_DATA(self, _server, _session, envelope):
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = letter.get_body(("plain",))
        text = f"{letter['Subject']}\n{body.get_content() if body else ''}"
        self.letters.append((list(envelope.rcpt_tos), str(letter["Message-ID"]), text))
        return "250 OK"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=200, help="arguments a minute")
    parser.add_argument("--postgres", help="an empty PostgreSQL database (default: SQLite)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    options = parser.parse_args()
    count = round(options.minutes * options.rate)
    sink = Sink()
    with tempfile.TemporaryDirectory(prefix="beffroi-moderation-") as folder, smtp(sink) as mail_url:
        environment = {"INSTANCE_DIR": folder, "BASE_URL": f"http://127.0.0.1:{PORT}", "SECRET_KEY": "bench" * 8, "PORT": str(PORT)}
        environment["DATABASE_URL"] = options.postgres or f"sqlite:///{folder}/moderation.db"
        environment |= {"JOBS_URL": f"sqlite:///{folder}/jobs.db", "MAIL_URL": mail_url, "MAIL_FROM": "mairie@beffroi.example"}
        os.environ.update(environment)
        from bench.served import app

        debate, citizens, agents = prepare(app)
        with (
            gunicorn("bench.served:app", PORT, workers=options.workers, threads=options.threads, environment=environment),
            worker(environment),
        ):
            made = play(arguments(count), options.rate, debate, citizens, agents)
            wait_for_letters(made, sink)
        wrong = compare(app, made, sink, count)
        app.extensions["engine"].dispose()
    return report(options, made, wrong, sink)


# --- Before ----------------------------------------------------------------------------------------------------------------


class smtp:
    """The sink, listening on a free port of this machine; gives the address for MAIL_URL."""

    def __init__(self, sink: Sink) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.controller = Controller(sink, hostname="127.0.0.1", port=self.port)

    def __enter__(self) -> str:
        self.controller.start()
        return f"smtp://127.0.0.1:{self.port}"

    def __exit__(self, *_) -> None:
        self.controller.stop()


class worker:
    """The site's own worker, which sends the letters."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = {**os.environ, **environment, "FLASK_APP": "bench.served:app"}

    def __enter__(self) -> None:
        command = [sys.executable, "-m", "flask", "worker"]
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=self.log, stderr=subprocess.STDOUT)

    def __exit__(self, *_) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def prepare(app) -> tuple[int, list[str], list[str]]:
    """A debate of a territory that reads everything first, citizens and two agents who can log in."""
    from app.accounts import passwords
    from app.accounts import services as accounts
    from app.accounts.models import Role
    from app.contents import services as contents
    from app.contents.models import Phase, Voice
    from app.core import db as database
    from app.core.db import Base, db
    from app.debates.models import Debate
    from app.moderation.models import Regime, Settings
    from app.territories.models import CharterArticle
    from tests.factories import make_content, make_territory, save

    writing = database.writing.set(True)
    with app.app_context():
        Base.metadata.create_all(app.extensions["engine"])
        place = make_territory(name="Tourcoing", short_name="Tourcoing", slug=PLACE)
        save(Settings(territory_id=place.id, regime=Regime.BEFORE, target_hours=24))
        for number, title in enumerate(("Hors sujet", "Injures et attaques", "Propos discriminatoires", "Publicité"), 1):
            save(
                CharterArticle(territory_id=place.id, number=number, title=title, text=f"{title} : non.", notice="Notre charte le demande.")
            )
        hashed = passwords.hashed(PASSWORD)  # one for all: what is measured is not argon2
        people = [f"citoyen-{number}@beffroi.example" for number in range(CITIZENS)]
        agents = [f"agent-{number}@beffroi.example" for number in range(AGENTS)]
        for address in people + agents:
            person = accounts.create_person(name=address.split("@")[0].capitalize(), email=address, password_hash=hashed)
            if address in agents:
                db.add(Role(person_id=person.id, name="moderator", territory_id=place.id))
        debate = make_content(
            Debate, territory=place, voice=Voice.OFFICIAL, title="Faut-il ouvrir les données ?", body="La question. " * 20
        )
        contents.set_phases(debate, [Phase(name="Débat", allows=["argue", "vote", "comment"])])
        db.commit()
        debate_id = debate.id
        db.remove()
    database.writing.reset(writing)
    return debate_id, people, agents


def arguments(count: int) -> list[tuple[str, str, str]]:
    """(side, title, body) of so many arguments people really wrote, each marked with its number."""
    from app.core.text import plain

    path = CORPUS / "republique-numerique.jsonl.gz"
    if not path.exists():
        raise SystemExit(f"{path} is absent: nothing real to replay")
    found: list[tuple[str, str, str]] = []
    known: set[str] = set()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            for each in json.loads(line).get("arguments", []):
                body = plain(each["body"]).strip()[:4000]
                if body and body not in known:  # some sent the same words many times: the site refuses a second one from one person
                    known.add(body)
                    found.append((each["side"], " ".join(body[:80].replace("[", "(").replace("]", ")").split()), body))
    return [(side, f"[{n}] {title}", body) for n, (side, title, body) in ((n, found[n]) for n in range(min(count, len(found))))]


# --- Meanwhile -------------------------------------------------------------------------------------------------------------


def play(texts: list[tuple[str, str, str]], rate: float, debate: int, citizens: list[str], agents: list[str]) -> Run:
    made, waiting = Run(), queue.Queue()
    browsers = [logged_in(address) for address in citizens]
    readers = [logged_in(address) for address in agents]
    posters = [threading.Thread(target=post, args=(made, waiting, debate)) for _ in range(POSTERS)]
    deciders = [threading.Thread(target=decide, args=(made, reader, random.Random(number))) for number, reader in enumerate(readers)]
    for each in posters + deciders:
        each.start()
    began = time.monotonic()
    for n, text in enumerate(texts):
        time.sleep(max(0.0, began + n * 60 / rate - time.monotonic()))
        waiting.put((n, text, citizens[n % len(citizens)], browsers[n % len(browsers)]))
        if sys.stderr.isatty():
            print(f"\r{n + 1} of {len(texts)} posted, {len(made.decided)} decided", end="", file=sys.stderr, flush=True)
    for _ in posters:
        waiting.put(None)
    for each in posters:
        each.join()
    made.done_posting.set()
    for each in deciders:
        each.join(600)
    made.stop.set()
    return made


def logged_in(address: str) -> Browser:
    browser = Browser(PORT)
    browser.log_in(address, PASSWORD)
    browser.lock = threading.Lock()  # type: ignore[attr-defined]  # one person sends one form at a time
    return browser


def form_of(page: str, having: str) -> dict[str, str]:
    """The hidden fields of the form that holds this."""
    for form in FORM.findall(page):
        if having in form:
            inputs = [dict(ATTRIBUTE.findall(tag)) for tag in INPUT.findall(form)]
            return {each["name"]: unescape(each.get("value", "")) for each in inputs if each.get("type") == "hidden" and "name" in each}
    return {}


def post(made: Run, waiting: queue.Queue, debate: int) -> None:
    """One citizen after another: open the form, send it."""
    while (given := waiting.get()) is not None:
        n, (side, title, body), address, browser = given
        path = f"/debats/{debate}/argumenter"
        with browser.lock:
            _status, page, _ = made.timed("form", browser, "GET", path)
            hidden = form_of(page, 'name="body"')
            status, answer, _ = made.timed("post", browser, "POST", path, hidden | {"side": side, "title": title, "body": body})
        if status in {302, 303}:
            with made.lock:
                made.authors[n] = address
        else:
            made.trouble(f"argument {n} was answered {status}: {errors_of(answer)}")


def decide(made: Run, browser: Browser, dice: random.Random) -> None:
    """An agent: open the queue, take one of its first cases, decide. Both see the same queue: they meet on the same cases."""
    while not made.stop.is_set():
        over = made.done_posting.is_set()
        _status, page, _ = made.timed("queue", browser, "GET", f"/moderation/{PLACE}/")
        cases = list(dict.fromkeys(CASE.findall(page)))[:5]
        if not cases:
            if over:
                return
            time.sleep(0.1)
            continue
        decide_one(made, browser, dice.choice(cases))


def decide_one(made: Run, browser: Browser, case: str, attempt: int = 1) -> None:
    path = f"/moderation/{PLACE}/cas/{case}"
    status, page, _ = made.timed("case", browser, "GET", path)
    form = next((each for each in FORM.findall(page) if 'name="reasons"' in each), "")
    number = NUMBER.search(page)
    if status >= 500:
        made.trouble(f"case {case} was answered {status}")
    if status != 200 or not form or number is None:
        return  # decided meanwhile by the other agent
    n = int(number[1])
    verdict = verdict_for(n, attempt)
    fields = form_of(page, 'name="reasons"') | {"verdict": verdict, "reasons": f"Motif {n} {verdict} {attempt}."}
    if verdict != "keep":
        article = re.search(r'<input[^>]*name="article"[^>]*>', form)
        fields["article"] = dict(ATTRIBUTE.findall(article[0]))["value"] if article else ""
    if verdict == "redact":
        fields["excerpts"] = f"[{n}]"
    status, answer, leads = made.timed("decide", browser, "POST", path, fields)
    if status == 409:
        with made.lock:
            made.overtaken += 1
        return
    if status not in {302, 303}:
        made.trouble(f"deciding {n} ({verdict}) was answered {status}: {errors_of(answer)}")
        return
    with made.lock:
        twice = n in made.decided
        made.decided[n] = (verdict, attempt)
    if twice:
        made.trouble(f"two agents were told that they decided {n}")
    if attempt == 1 and n % 20 == 7:
        take_back(made, browser, case, n, leads)


def verdict_for(n: int, attempt: int) -> str:
    if attempt == 2:
        return "refuse"
    return {0: "refuse", 1: "redact"}.get(n % 10, "keep")


def take_back(made: Run, browser: Browser, case: str, n: int, leads: str) -> None:
    """Change one's mind at once; then decide otherwise. Only the second letter may leave."""
    _status, page, _ = made.timed("after", browser, "GET", leads)
    found = UNDO.search(page)
    if found is None:
        made.trouble(f"the page after deciding {n} does not offer to take it back")
        return
    with made.lock:
        made.decided.pop(n, None)
    status, answer, _ = made.timed("undo", browser, "POST", found[0], form_of(page, found[0]))
    if status not in {302, 303}:
        made.trouble(f"taking back {n} was answered {status}: {errors_of(answer)}")
        return
    with made.lock:
        made.taken_back += 1
    decide_one(made, browser, case, attempt=2)


def errors_of(page: str) -> str:
    found = re.search(r'class="bf-errors".*?</div>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0] if found else page[-600:]).split())[:300]


def wait_for_letters(made: Run, sink: Sink) -> None:
    """Until every author has a letter, or nothing came for a while."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET:
        told = len({found[1] for _to, _id, text in list(sink.letters) if (found := WHY.search(text))})
        if told != last:
            last, since = told, time.monotonic()
        if told >= len(made.decided) and time.monotonic() - since > 5:
            return
        time.sleep(0.5)


# --- After -----------------------------------------------------------------------------------------------------------------


def compare(app, made: Run, sink: Sink, count: int) -> dict[str, list[str]]:
    """What is not as it was answered, by kind of fault."""
    from sqlalchemy import select

    from app.comments.models import Argument
    from app.contents.models import Content, State
    from app.core.db import db
    from app.moderation.models import Case, Decision, Statement

    wrong: dict[str, list[str]] = {"lost": [], "decided twice": [], "not as decided": [], "letters": [], "statements": []}
    wrong["lost"] += [f"{n} was never answered as posted" for n in range(count) if n not in made.authors]
    with app.app_context():
        # The number is in the first revision's title, since a cut takes it out of what is public.
        from app.contents.models import Revision

        titles = dict(
            db.execute(
                select(Revision.content_id, Revision.fields).join(Argument, Argument.id == Revision.content_id).where(Revision.n == 1)
            ).all()
        )
        numbers = {content_id: int(found[1]) for content_id, fields in titles.items() if (found := NUMBER.search(fields["title"]))}
        rows = Counter(numbers.values())
        wrong["lost"] += [f"{n} was answered as posted and is not there" for n in made.authors if n not in rows]
        wrong["lost"] += [f"{n} is there {many} times" for n, many in rows.items() if many > 1]
        kept = db.execute(select(Decision.id, Decision.content_id, Decision.verdict, Decision.after, Decision.undone_at)).all()
        standing = defaultdict(list)
        for row in kept:
            if row.undone_at is None:
                standing[numbers[row.content_id]].append(row)
        states = {
            numbers[content_id]: state for content_id, state in db.execute(select(Content.id, Content.state)) if content_id in numbers
        }
        waiting = db.scalars(select(Case.id).where(Case.is_open)).all()
        stated = Counter(db.scalars(select(Statement.decision_id)))
        db.remove()
    wrong["lost"] += [f"case {case} still waits" for case in waiting]
    for n in made.authors:
        found = standing.get(n, [])
        verdict, _attempt = made.decided.get(n, ("none", 0))
        if len(found) > 1:
            wrong["decided twice"].append(f"{n}: {[row.verdict.value for row in found]}")
        if [row.verdict.value for row in found] != [verdict]:
            wrong["not as decided"].append(f"{n}: {[row.verdict.value for row in found]}, the agent was told {verdict}")
        elif states[n] != (State.REFUSED if verdict == "refuse" else State.PUBLISHED):
            wrong["not as decided"].append(f"{n} is {states[n].value} after {verdict}")
        for row in found:
            if stated[row.id] != (0 if verdict == "keep" else 1):
                wrong["statements"].append(f"{n}: {stated[row.id]} statements for {verdict}")
    wrong["letters"] += wrong_letters(made, sink)
    return wrong


def wrong_letters(made: Run, sink: Sink) -> list[str]:
    """Each author must have one letter an argument, with the verdict that stands; nobody else any."""
    troubles = [f"{which} left {many} times" for which, many in Counter(each[1] for each in sink.letters).items() if many > 1]
    told: dict[int, list[tuple[list[str], str, int]]] = defaultdict(list)
    for to, _which, text in sink.letters:
        found = WHY.search(text)
        if found:
            told[int(found[1])].append((to, found[2], int(found[3])))
    for n, (verdict, attempt) in made.decided.items():
        expected = [([made.authors.get(n, "")], verdict, attempt)]
        if told.get(n, []) != expected:
            troubles.append(f"{n}: expected {expected}, sent {told.get(n, [])}")
    troubles += [f"{n} was told of without a decision" for n in told if n not in made.decided]
    return troubles


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def report(options: argparse.Namespace, made: Run, wrong: dict[str, list[str]], sink: Sink) -> int:
    print(
        f"{'PostgreSQL' if options.postgres else 'SQLite'}: {len(made.authors)} arguments in {options.minutes:g} min "
        f"({options.rate:g} a minute), {len(made.decided)} decided by {AGENTS} agents, {made.taken_back} taken back and decided again, "
        f"{made.overtaken} times told that the other was first, {len(sink.letters)} letters"
    )
    for name, values in made.times.items():
        p50, p95 = percentile(values, 0.5), percentile(values, 0.95)
        print(f"  {name:7} {len(values):6} × p50 {p50:6.0f} ms  p95 {p95:6.0f} ms  worst {max(values):6.0f} ms")
    print(f"  answers: {dict(sorted(made.statuses.items()))}")
    for kind, troubles in wrong.items():
        print(f"  {kind}: {len(troubles)}{': ' + '; '.join(troubles[:5]) if troubles else ''}")
    for words in made.troubles[:10]:
        print(f"  ! {words}")
    p95 = percentile(made.times["queue"], 0.95)
    is_right = not any(wrong.values()) and not made.troubles and p95 <= GOAL
    print(f"queue p95 {p95:.0f} ms (goal {GOAL:.0f}): {'right' if is_right else 'WRONG'}")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
