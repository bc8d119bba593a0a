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
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AGENT, PASSWORD = "samir-haddad@beffroi.example", "trois cloches sonnent midi"
CAMPAIGNS, COPIES = 40, 12
PAGE_GOAL, LOAD_GOAL, KEYS_GOAL = 150, 300, 4  # ms at the 95th percentile; ms for any page load; keys a case


# --- The database --------------------------------------------------------------------------------------------------------


def prepare(folder: Path, count: int) -> None:
    """The demonstration, and so many open cases in Tourcoing."""
    run(folder, "-m", "flask", "demo")
    run(folder, "-m", "bench.desk", "--fill", str(count))


def run(folder: Path, *arguments: str) -> None:
    env = os.environ | {"INSTANCE_DIR": str(folder), "FLASK_APP": "wsgi", "MAIL_URL": ""}
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{arguments}: {done.stdout[-2000:]}{done.stderr[-3000:]}")


def fill(count: int) -> None:
    """Runs in a process of its own, as a command would."""
    from sqlalchemy import select

    from app import create_app
    from app.accounts.models import Person
    from app.comments.models import Argument
    from app.contents.models import Content, Revision, State
    from app.contents.services import fields_of
    from app.core import clock
    from app.core.db import db, transaction
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
        pool = [each for html in db.scalars(select(Content.body_html).where(Content.is_public, Content.body_html != "").limit(400)) for each in sentences(html)]
        people = db.scalars(select(Person).where(Person.confirmed_at.is_not(None)).limit(300)).all()
        articles = db.scalars(select(CharterArticle).where(CharterArticle.territory_id == place.id, CharterArticle.replaced_at.is_(None))).all()
        copied = [" ".join(dice.sample(pool, 3)) for _n in range(CAMPAIGNS)]
        now = clock.now()
        for start in range(0, count, 1000):
            made = []
            for n in range(start, min(start + 1000, count)):
                text = copied[n % CAMPAIGNS] + f" {dice.choice(people).name}." if n < CAMPAIGNS * COPIES else " ".join(dice.sample(pool, dice.randint(2, 7)))
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
                    db.add(Report(content_id=row.id, article_id=dice.choice(articles).id, person_id=reporter.id, confirmed_at=opened, message="Voyez."))
            db.flush()
            db.expunge_all()
            people = db.scalars(select(Person).where(Person.id.in_([each.id for each in people]))).all()
    with create_app(Config).app_context():
        begun = time.perf_counter()
        signed = sign_what_came()
        print(f"{signed} signatures in {time.perf_counter() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fill", type=int)
    given = parser.parse_args()
    if given.fill:
        fill(given.fill)
