"""Twenty thousand queries at random (four thousand on PostgreSQL, where each costs a conversation): none fails, none takes long,
none brings out what is not public. A million in bench/search_random.py."""

import time

import pytest

from app.contents.models import State
from app.core import clock
from app.core.db import is_postgres
from app.projects.models import Project
from app.search import sync
from app.search.analysis import ANALYSERS, term_of
from app.search.engines.base import SearchRequest
from app.search.facets import FACETS
from app.search.grammar import parse
from tests.conftest import shared
from tests.factories import make_content, make_territory
from tests.search.at_random import Chance, naughty_strings

WORDS = [
    "vélo",
    "école",
    "budget",
    "participatif",
    "marche",
    "exploratoire",
    "canal",
    "friche",
    "cantine",
    "jardin",
    "partagé",
    "conseil",
    "quartier",
    "mairie",
    "bibliothèque",
    "propreté",
]
SECRETS = ["xanthogramme", "brouillamini", "farfadesque", "ornithoscope", "kaléidique", "zygomatique"]


@pytest.fixture
def region(index):
    """Public contents, and others whose every word is secret."""
    place, other = make_territory(short_name="Tourcoing"), make_territory(short_name="Ailleurs")
    here = place.id
    chance = Chance(1, WORDS, SECRETS)
    for _ in range(60):
        make_content(
            Project, title=" ".join(chance.random.sample(WORDS, 3)), body=" ".join(chance.random.choices(WORDS, k=30)), territory=place
        )
    for state in (State.DRAFT, State.PENDING, State.REFUSED, State.HIDDEN, State.REMOVED, State.WITHDRAWN):
        make_content(Project, title=" ".join(SECRETS), body=" ".join(SECRETS * 3), territory=other, state=state)
    sync.rebuild(index)
    return here


def secret_terms():
    return {term_of(word, analyser) for word in SECRETS for analyser in ANALYSERS}


def test_thousands_of_queries_fail_at_nothing_and_bring_out_nothing(index, region):
    """Through the engine of this database, with every facet. Seen red with the index made of contents of any state."""
    chance = Chance(2, WORDS, SECRETS, naughty_strings(shared("corpus/hostile/naughty-strings.json")))
    secret, now, slowest = secret_terms(), clock.now(), (0.0, "")
    for n in range(4_000 if is_postgres() else 20_000):
        query = chance.query()
        start = time.process_time()
        results = index.search(
            SearchRequest(
                parse(query), now, facets=FACETS, sort=("relevance", "date")[n % 2], titles_only=n % 7 == 0, prefer_recent=n % 3 == 0
            )
        )
        slowest = max(slowest, (time.process_time() - start, query[:50]))
        assert results.total <= 60, query
        assert not secret & {found for _, found in results.corrections}, query
        assert {value for value, _ in results.facets["territory"]} <= {str(region)}, query
    assert slowest[0] < 2, slowest
    for word in SECRETS:
        for query in (word, word[:5], word[:-1] + "é", f'"{word}"', f"{word} {word}s"):
            results = index.search(SearchRequest(parse(query), now, facets=FACETS))
            assert (results.total, any(results.facets.values()), results.corrections) == (0, False, ()), query


def test_pages_titles_and_tables_of_queries_at_random(client, index, region):
    """The same through the site: sixty pages, as many lists in JSON, titles and tables."""
    chance = Chance(3, WORDS, SECRETS, naughty_strings(shared("corpus/hostile/naughty-strings.json")))
    for _ in range(60):
        query = chance.query()[:2000].replace("\x00", "").encode("utf-8", "replace").decode()
        for path in ("/recherche", "/recherche.json", "/recherche/titres.json", "/recherche.csv"):
            response = client.get(path, query_string={"q": query})
            assert response.status_code == 200, (path, query)
            shown = response.text.replace(query, "")
            if not any(secret[:4] in query for secret in SECRETS):
                assert not any(secret in shown for secret in SECRETS), (path, query)
            assert "Ailleurs" not in shown.replace(">Ailleurs</option>", ""), (path, query)
