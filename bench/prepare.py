"""A database to measure on, made by the site's own services and commands: a real consultation of 696 proposals, a debate of
100 arguments, sheets, territories, people who can log in. Without ../shared/corpus, smaller texts of our own stand in."""

import gzip
import json
import os
import sys
from pathlib import Path

from flask import Flask
from sqlalchemy import func, inspect, select

from app.core import db as database
from app.core.db import db

CORPUS = Path(os.environ.get("SHARED_DIR", Path(__file__).resolve().parents[2] / "shared")) / "corpus"
EMAIL, PASSWORD = "marie.lefebvre@beffroi.example", "un beffroi au vent du nord"
WRITTEN_IN = "debate to argue in"
WORDS = "La région propose de réserver une voie aux vélos le long du canal, entre l’écluse et la gare. "


def tables(app: Flask) -> None:
    """Tables on an empty database, and the person of EMAIL and PASSWORD. In an app context, writing."""
    from app.accounts import passwords
    from app.accounts import services as accounts

    database.Base.metadata.create_all(app.extensions["engine"])
    accounts.create_person(name="Marie Lefebvre", email=EMAIL, password_hash=passwords.hashed(PASSWORD))
    db.commit()


def debate_of(count: int, texts: list[str]) -> list[int]:
    """A debate open to all, with so many arguments, half on each side; their ids."""
    from app.comments.models import Argument
    from app.contents import services as contents
    from app.contents.models import Phase
    from app.debates.models import Debate
    from app.territories.models import Territory
    from tests.factories import make_content, make_person, make_territory

    place = db.scalars(select(Territory).where(Territory.slug == "tourcoing")).first()
    place = place or make_territory(name="Tourcoing", short_name="Tourcoing", slug="tourcoing")
    author = make_person(name="Jeanne Caron")
    debate = make_content(Debate, territory=place, author=author, title="Faut-il une voie pour les vélos ?", body=WORDS * 5)
    contents.set_phases(debate, [Phase(name="Débat", allows=["argue", "vote", "comment"])])
    ids = []
    for number in range(count):
        body = texts[number % len(texts)]
        about = {
            "parent_id": debate.id,
            "space_id": debate.id,
            "territory": place,
            "author": author,
            "side": "against" if number % 2 else "for",
        }
        ids.append(make_content(Argument, title=f"{body[:50]} ({number})", body=body, **about).id)
    db.commit()
    return ids


def everything(app: Flask) -> None:
    """What `bench.pages` reads. Takes about two minutes."""
    writing = database.writing.set(True)
    with app.app_context():
        tables(app)
        texts = corpus_arguments() or [WORDS * 3]
        say(f"a debate of 100 arguments, {sum(map(len, texts[:100])) // 100} signs each")
        debate_of(100, texts)
        debate_of(1, texts)  # where arguments are posted: the other keeps its hundred
        db.remove()
    database.writing.reset(writing)
    if CORPUS.exists():
        run(
            app,
            "import",
            "consultation",
            CORPUS / "republique-numerique.jsonl.gz",
            "--territory",
            "tourcoing",
            "--title",
            "République numérique",
        )
        run(app, "import", "initiatives", CORPUS / "participedia.jsonl.gz", "--publish")
    run(app, "search", "rebuild")


def is_done(app: Flask) -> bool:
    """Was this database prepared before?"""
    with app.app_context():
        engine = app.extensions["engine"]
        return inspect(engine).has_table("identities") and addresses(app).keys() >= {"debate", WRITTEN_IN}


def run(app: Flask, *arguments) -> None:
    """One of the site's commands."""
    say("flask " + " ".join(Path(str(each)).name for each in arguments))
    result = app.test_cli_runner().invoke(args=[str(each) for each in arguments])
    if result.exit_code:
        raise SystemExit(f"{result.output[-2000:]}\n{result.exception!r}")


def say(words: str) -> None:
    print(f"preparing: {words}", file=sys.stderr, flush=True)


def corpus_arguments() -> list[str]:
    """Arguments people really wrote, of 60 signs or more."""
    path = CORPUS / "republique-numerique.jsonl.gz"
    if not path.exists():
        return []
    from app.core.text import plain

    found: list[str] = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            for argument in json.loads(line).get("arguments", []):
                text = plain(argument.get("body_html") or argument.get("body") or "")
                if len(text) >= 60:
                    found.append(text[:2000])
            if len(found) >= 300:
                break
    return found


def addresses(app: Flask) -> dict[str, str]:
    """The pages the goals speak of, by name: of each kind the one with the most under it; and the debate to post arguments in."""
    from app.contents import kinds
    from app.contents.models import Content, State

    def largest(kind: str, column) -> Content | None:
        child = select(column.label("of"), func.count().label("many")).where(column.is_not(None)).group_by(column).subquery()
        query = select(Content).join(child, child.c.of == Content.id).where(Content.kind == kind, Content.state == State.PUBLISHED)
        return db.scalars(query.order_by(child.c.many.desc()).limit(1)).first()

    with app.test_request_context(base_url=app.config["BASE_URL"]):
        debates = db.scalars(select(Content).where(Content.kind == "debate").order_by(Content.id).limit(2)).all()
        found = {
            "consultation": largest("consultation", Content.space_id),
            "proposal": largest("proposal", Content.parent_id),
            "debate": debates[0] if debates else None,
            WRITTEN_IN: debates[1] if len(debates) > 1 else None,
            "sheet": db.scalars(select(Content).where(Content.kind == "initiative", Content.state == State.PUBLISHED).limit(1)).first(),
        }
        pages = {"front page": "/", "territory": "/territoires/tourcoing/"}
        pages |= {name: kinds.url_of(content) for name, content in found.items() if content is not None}
        db.remove()
    return pages | {"search": "/recherche?q=v%C3%A9lo"}
