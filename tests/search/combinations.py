"""A region of random contents, random searches in it, and what SQL says they should answer: for the suite and bench/search_facets.py.

Titles hold words that no stemmer changes, so that SQL can look for them by LIKE.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, extract, func, or_, select, text, true
from sqlalchemy.orm import aliased
from werkzeug.datastructures import MultiDict

from app.contents import services as contents
from app.contents.models import Content, ContentTerm, State, Term, Vocabulary
from app.core import clock
from app.core.db import db, is_postgres
from app.debates.models import Debate
from app.initiatives.models import Initiative
from app.projects.models import Project
from app.search.asking import Params
from app.search.facets import FACETS
from app.search.queries import find
from app.territories.models import Territory

WORDS = ("alfabo", "betaco", "gamado")
QUERIES = ("", *WORDS, "alfabo betaco", "alfabo -gamado", '"alfabo betaco"', '-"betaco gamado"', "alfabo betaco gamado -alfabo")
LISTS = {
    "theme": ["eau", "air", "feu", "terre"],
    "approach": ["panel", "budget"],
    "level": ["informer", "consulter", "concerter"],
    "public": ["tous", "jeunes"],
}
LANGUAGES = ("fr", "en", "nl", "es")
STATES = (State.PUBLISHED,) * 4 + (State.DRAFT, State.PENDING, State.HIDDEN)
VALUES = 3  # at most, of one filter


def make_region(chance, count):
    """`count` contents, one in three not public, over a tree of territories. Commits; the index is the caller's."""
    above = Territory(slug="epci", name="EPCI", short_name="EPCI", kind="epci")
    db.add(above)
    db.flush()
    places = [Territory(slug=f"ville-{n}", name=f"Ville {n}", short_name=f"Ville {n}", kind="commune") for n in range(4)]
    for place in places[:2]:
        place.parent_id = above.id
    db.add_all(places)
    for key, terms in LISTS.items():
        contents.ensure_vocabulary(key, key.title(), {term: term.title() for term in terms})
    db.flush()
    terms = {
        (key, term.key): term for key, term in db.execute(select(Vocabulary.key, Term).join(Term, Term.vocabulary_id == Vocabulary.id))
    }
    now = clock.now()
    spaces = [one(Debate, chance, [*places, above], now) for _ in range(max(3, count // 20))]
    for space in spaces:
        open_and_close(space, chance, now)
    db.add_all(spaces)
    db.flush()
    made = []
    for _ in range(count - len(spaces)):
        thing = one(chance.choice([Project, Initiative, Debate]), chance, [*places, above, None], now)
        if chance.random() < 0.5:
            thing.space_id = chance.choice(spaces).id
        if chance.random() < 0.4:
            open_and_close(thing, chance, now)
        made.append(thing)
    db.add_all(made)
    db.flush()
    for thing in [*spaces, *made]:
        for key, some in LISTS.items():
            for term in chance.sample(some, chance.choice([0, 0, 1, 2])):
                db.add(ContentTerm(content_id=thing.id, term_id=terms[key, term].id))
    db.flush()
    if is_postgres():  # which joins in the worst order, and takes half a minute, until it has counted these rows
        db.execute(text("ANALYZE"))
    db.commit()


def one(model, chance, places, now):
    state = chance.choice(STATES)
    place = chance.choice(places)
    published = datetime(chance.choice([2023, 2024, 2025]), 6, chance.randint(1, 28), 12, tzinfo=UTC)
    words = " ".join([*chance.sample(WORDS, chance.randint(0, 3)), "xyz"])
    more = {"project_kind": "consultation", "maturity": "idee"} if model is Project else {}
    return model(
        title=words,
        summary="Des mots",
        body_html="<p>Rien.</p>",
        state=state,
        is_public=state == State.PUBLISHED,
        language=chance.choice(LANGUAGES),
        territory_id=place.id if place else None,
        published_at=published,
        created_at=published,
        **more,
    )


def open_and_close(thing, chance, now):
    thing.opens_at = now + timedelta(days=chance.randint(-50, 30), hours=1)
    thing.closes_at = thing.opens_at + timedelta(days=chance.randint(1, 40)) if chance.random() < 0.8 else None


@dataclass
class Asked:
    query: str
    filters: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def draw(cls, chance):
        values = {
            "kind": ["project", "initiative", "debate", "argument"],
            "territory": ["epci", "ville-0", "ville-1", "ville-2", "nulle-part"],
            "state": ["open", "soon", "closed"],
            "year": ["2023", "2024", "2025", "1999"],
            "language": list(LANGUAGES),
            **LISTS,
        }
        names = chance.sample(list(values), chance.choice([0, 1, 1, 2, 2, 3, 4]))
        return cls(
            chance.choice(QUERIES), {name: chance.sample(values[name], min(chance.randint(1, VALUES), len(values[name]))) for name in names}
        )

    def params(self, **more):
        pairs = [("q", self.query), *((name, value) for name, values in self.filters.items() for value in values)]
        return Params.read(MultiDict([*pairs, *more.items()]))


def compare(asked, per_page=20):
    """What is wrong with what a search answers, against SQL; nothing when all is right."""
    found = find(asked.params(), per_page=per_page)
    wrong = []
    total = by_sql(asked)
    if found.page.total != total:
        wrong.append(f"{asked}: {found.page.total} found, SQL says {total}")
    if len(found.page.items) != min(total, per_page):
        wrong.append(f"{asked}: {len(found.page.items)} shown of {total}")
    for name in FACETS:
        view = next(each for each in found.facets if each.name == name)
        counted = {value.value: value.count for value in view.values if value.count}
        expected = counts_by_sql(asked, name)
        if counted != expected:
            wrong.append(f"{asked}, {name}: {counted}, SQL says {expected}")
    return wrong


Space = aliased(Content, flat=True)
OPENS = func.coalesce(Content.opens_at, Space.opens_at)


def dated(column):
    """Its own dates if it has any, else its space's."""
    own = or_(Content.opens_at.is_not(None), Content.closes_at.is_not(None))
    return [and_(own, column(Content)), and_(~own, column(Space))]


def in_state(name):
    now = clock.now()
    tests = {
        "soon": lambda c: c.opens_at > now,
        "closed": lambda c: and_(c.closes_at <= now, or_(c.opens_at.is_(None), c.opens_at <= now)),
        "open": lambda c: and_(
            or_(c.opens_at.is_not(None), c.closes_at.is_not(None)),
            or_(c.opens_at.is_(None), c.opens_at <= now),
            or_(c.closes_at.is_(None), c.closes_at > now),
        ),
    }
    return or_(*dated(tests[name]))


def having(name, values):
    if name == "kind":
        return Content.kind.in_(values)
    if name == "language":
        return Content.language.in_(values)
    if name == "year":
        return extract("year", Content.published_at).in_([int(value) for value in values])
    if name == "state":
        return or_(*(in_state(value) for value in values))
    if name == "territory":
        chosen = select(Territory.id).where(Territory.slug.in_(values))
        return Content.territory_id.in_(chosen.union(select(Territory.id).where(Territory.parent_id.in_(chosen))))
    has = select(ContentTerm.content_id).join(Term).join(Vocabulary).where(Vocabulary.key == name, Term.key.in_(values))
    return Content.id.in_(has)


def matching(query):
    has = lambda words: Content.title.like(f"%{words}%")
    return {
        "": true(),
        "alfabo betaco": or_(has("alfabo"), has("betaco")),
        "alfabo -gamado": and_(has("alfabo"), ~has("gamado")),
        '"alfabo betaco"': has("alfabo betaco"),
        '-"betaco gamado"': ~has("betaco gamado"),
        "alfabo betaco gamado -alfabo": and_(or_(has("betaco"), has("gamado")), ~has("alfabo")),
        **{word: has(word) for word in WORDS},
    }[query]


def answering(asked, but=None):
    """The public contents that answer, leaving one filter out."""
    filters = [having(name, values) for name, values in asked.filters.items() if name != but]
    query = select(Content.id).select_from(Content).outerjoin(Space, Space.id == Content.space_id)
    return query.where(Content.state == State.PUBLISHED, matching(asked.query), *filters)


def by_sql(asked):
    return db.scalar(select(func.count()).select_from(answering(asked).subquery()))


def counts_by_sql(asked, name):
    ids = answering(asked, but=name)
    count = func.count(Content.id.distinct())
    if name in ("kind", "language"):
        column = getattr(Content, name)
        rows = db.execute(select(column, count).where(Content.id.in_(ids)).group_by(column))
    elif name == "year":
        year = extract("year", Content.published_at)
        rows = [(str(int(value)), n) for value, n in db.execute(select(year, count).where(Content.id.in_(ids)).group_by(year))]
    elif name == "state":
        rows = [
            (state, db.scalar(select(func.count()).select_from(ids.where(in_state(state)).subquery())))
            for state in ("open", "soon", "closed")
        ]
    elif name == "territory":
        below = aliased(Territory)
        rows = db.execute(
            select(Territory.slug, count)
            .select_from(Territory)
            .outerjoin(below, below.parent_id == Territory.id)
            .join(Content, or_(Content.territory_id == Territory.id, Content.territory_id == below.id))
            .where(Content.id.in_(ids))
            .group_by(Territory.slug)
        )
    else:
        rows = db.execute(
            select(Term.key, count)
            .select_from(Content)
            .join(ContentTerm, ContentTerm.content_id == Content.id)
            .join(Term, Term.id == ContentTerm.term_id)
            .join(Vocabulary, Vocabulary.id == Term.vocabulary_id)
            .where(Vocabulary.key == name, Content.id.in_(ids))
            .group_by(Term.key)
        )
    return {value: n for value, n in rows if n}
