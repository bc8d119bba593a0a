"""The same suite for both engines: they find the same things, in the same order, with the same counts."""

import json
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.search.engines.base import Document, SearchRequest, SearchUnavailable
from app.search.engines.whoosh import WhooshEngine
from app.search.grammar import parse
from tests.conftest import GIVEN_URL, SHARED, WORKER, shared
from tests.search.at_random import BOMBS

pytestmark = pytest.mark.no_database
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def database():
    url = make_url(GIVEN_URL)
    own = f"{url.database}_search_{WORKER}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{own}"'))
    found = create_engine(url.set(database=own))
    yield found
    found.dispose()
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture(params=["whoosh", pytest.param("postgres", marks=pytest.mark.postgres)])
def another(request, tmp_path):
    """Makes engines on one index: as many processes would have."""
    if request.param == "whoosh":
        return lambda: WhooshEngine(tmp_path / "search")
    from app.search.engines.postgres import PostgresEngine, connections_of, create_tables

    database = request.getfixturevalue("database")
    create_tables(database)
    return lambda: PostgresEngine(connections_of(database))


@pytest.fixture
def engine(another):
    made = another()
    made.rebuild(iter(()), lambda ids: [])
    return made


def document(content_id, title="", body="", **values):
    return Document(
        **{"content_id": content_id, "kind": "proposal", "title": title, "body": body, "published_at": NOW - timedelta(days=content_id)}
        | values
    )


def ask(engine, query="", **values):
    return engine.search(SearchRequest(parse(query), values.pop("now", NOW), **values))


def ids(engine, query="", **values):
    return ask(engine, query, **values).ids


def counts(engine, name, query="", **values):
    return dict(ask(engine, query, **values).facets[name])


# --- Finding ------------------------------------------------------------------------------------------------------------------


def test_words_are_found_whatever_their_form(engine):
    engine.put([document(1, "Des vélos pour les élus"), document(2, "Une école")])
    for query in ("velo", "VÉLOS", "élue", "elus velo"):
        assert ids(engine, query) == [1]


def test_titles_come_before_summaries_before_bodies(engine):
    engine.put(
        [document(1, "Autre", "le vélo"), document(2, "Autre", summary="le vélo"), document(3, "Le vélo"), document(4, "Rien", "rien")]
    )
    assert ids(engine, "vélo") == [3, 2, 1]


def test_lessons_come_between_summaries_and_bodies(engine):
    others = [document(n, "Noise", "bruit") for n in range(10, 40)]
    engine.put([document(1, "Autre", "le vélo"), document(2, "Autre", lessons="le vélo"), document(3, "Autre", summary="le vélo"), *others])
    assert ids(engine, "vélo") == [3, 2, 1]


def test_each_content_is_read_in_its_language_and_a_query_in_all(engine):
    engine.put(
        [
            document(1, "Citizens in their cities", "They voted on budgets.", language="en"),
            document(2, "Burgers en scholen", language="nl"),
            document(3, "Les écoles", "Un budget"),
            document(4, "Los presupuestos", language="es"),
        ]
    )
    assert set(ids(engine, "budget")) == {1, 3}
    assert ids(engine, "city") == ids(engine, "how citizen voting") == ids(engine, '"citizen in their city"') == [1]
    assert ids(engine, "school ") == [2]
    assert ids(engine, "presupuestos") == [4]
    assert set(ids(engine, "-budgets")) == {2, 4}
    assert set(ids(engine, '-"citizen in their city"')) == {2, 3, 4}
    assert ask(engine, "how budget").corrections == ()
    assert [hit.content_id for hit in engine.more_like("Voting in a city", "", 3, language="en")] == [1]


def test_nudges_lift_a_little_and_never_above_a_better_match(engine):
    old, noise = NOW - timedelta(days=2000), [document(n, "Autre chose") for n in range(10, 30)]
    engine.put(
        [
            document(1, "Le vélo", territory_id=7, published_at=old),
            document(2, "Le vélo", territory_id=8, published_at=NOW),
            document(3, "Le reste", "du vélo", territory_id=7, published_at=NOW),
            *noise,
        ]
    )
    assert ids(engine, "vélo", prefer_recent=True) == [2, 1, 3]
    assert ids(engine, "vélo", near="7") == [1, 2, 3]
    assert ids(engine, "vélo", near="7", prefer_recent=True)[2] == 3
    assert ids(engine, "vélo", near="7", prefer_recent=True, sort="date") == ids(engine, "vélo", sort="date")


def test_titles_only_asks_every_word_of_the_title(engine):
    engine.put([document(1, "Marche de nuit"), document(2, "Marche", "la nuit"), document(3, "Démarche nocturne")])
    assert ids(engine, "nuit march", titles_only=True) == [1]
    assert set(ids(engine, "marche", titles_only=True)) == {1, 2}
    assert ids(engine, "zzzz", titles_only=True) == []


def test_an_index_made_by_another_version_is_not_read_but_made_again(engine, another, monkeypatch):
    engine.put([document(1, "Vélo")])
    for module in ("whoosh", "postgres"):
        monkeypatch.setattr(f"app.search.engines.{module}.FORMAT", 1)
    monkeypatch.setattr("app.search.engines.whoosh._edition_name", re.compile(r"edition-1-[0-9a-f]{16}\Z"))
    reader = another()
    with pytest.raises(SearchUnavailable):
        ask(reader, "vélo")
    with pytest.raises(SearchUnavailable):
        reader.put([document(2, "Vélo")])
    assert reader.rebuild(iter([[document(1, "Vélo")]]), lambda ids: []) == 1
    assert ids(another(), "vélo") == [1]


def test_what_has_every_word_comes_first(engine):
    engine.put([document(1, "Budget communal"), document(2, "Budget participatif"), document(3, "Atelier participatif")])
    assert ids(engine, "budget participatif")[0] == 2
    assert set(ids(engine, "budget participatif")) == {1, 2, 3}


def test_a_phrase_is_required_in_its_order_and_never_across_parts(engine):
    engine.put(
        [document(1, "Le droit à l’oubli"), document(2, "L’oubli du droit"), document(3, "Le droit", "L’oubli"), document(4, "Droit oubli")]
    )
    assert ids(engine, "« droit à l’oubli »") == [1]
    assert ids(engine, '"droit oubli"') == [4]


def test_excluded_words_and_phrases_are_left_out(engine):
    engine.put([document(1, "Vélo et voiture"), document(2, "Vélo"), document(3, "Vélo, piste cyclable")])
    assert set(ids(engine, "vélo -voiture")) == {2, 3}
    assert set(ids(engine, 'vélo -"piste cyclable"')) == {1, 2}
    assert set(ids(engine, "-voiture")) == {2, 3}


def test_the_last_word_is_also_a_beginning(engine):
    engine.put([document(1, "Participation citoyenne"), document(2, "Participer"), document(3, "Vélo")])
    assert set(ids(engine, "partici")) == {1, 2}
    assert ids(engine, "pa") == []


def test_a_hit_says_which_of_the_words_it_has(engine):
    engine.put([document(1, "Piste cyclable"), document(2, "Un marché", "près de la piste"), document(3, "Un lavoir")])
    found = ask(engine, "piste cyclable marché ")
    assert {hit.content_id: set(hit.terms) for hit in found.hits} == {1: {"pist", "cyclabl"}, 2: {"march", "pist"}}
    assert [hit.terms for hit in ask(engine).hits] == [(), (), ()]


def test_a_mistyped_word_finds_and_is_corrected(engine):
    engine.put([document(1, "Les marches exploratoires"), document(2, "Vélo")])
    results = ask(engine, "exploartoire vélo")
    assert set(results.ids) == {1, 2}
    assert results.corrections == (("exploartoire", "exploratoi"),)
    assert engine.suggest(["exploartoires", "velo"]) == {"exploartoires": "exploratoi"}


def test_nothing_typed_gives_everything_latest_first(engine):
    engine.put([document(n, f"Titre {n}") for n in (3, 1, 2)])
    assert ids(engine) == [1, 2, 3]


def test_what_cannot_be_looked_for_gives_nothing(engine):
    engine.put([document(1, "Vélo de la ville")])
    assert ask(engine, "de la").total == 0


SLIPS = [("bugdet", "budget"), ("dssier", "dossier"), ("ollege", "college"), ("publik", "public"), ("citoyyen", "citoyen")]  # fmt: skip
OTHER_WORDS = [("verger", "vers"), ("ruche", "riche"), ("friche", "fiche"), ("houblon", "doublon"), ("caniveau", "niveau"), ("rocade", "road"), ("sapeurs", "saveur"), ("betterave", "better")]  # fmt: skip


def test_a_word_is_corrected_to_what_a_slip_explains(engine):
    engine.put([document(n, meant) for n, (_, meant) in enumerate(SLIPS, 1)])
    assert [ids(engine, f"{typed} ") for typed, _ in SLIPS] == [[n] for n in range(1, 6)]


@pytest.mark.parametrize(("typed", "other"), OTHER_WORDS)
def test_a_word_that_is_nowhere_is_not_taken_for_another(engine, typed, other):
    """Seen red with every near spelling taken for a slip."""
    engine.put([document(n, f"Aller {other} la place") for n in range(1, 6)])
    results = ask(engine, f"{typed} ")
    assert results.total == 0
    assert results.corrections == ()


def test_a_letter_missing_from_an_english_word_is_mended(engine):
    """Seen red with the French stem alone: « cnsulting » is four edits from « consult »."""
    engine.put([document(1, "The Consulting Group", language="en"), document(2, "Vélo")])
    assert ids(engine, "cnsulting ") == [1]


def test_a_small_word_of_another_language_weighs_little(engine):
    """Seen red with it weighing as any: « where », rare in French texts, came before what is asked."""
    engine.put(
        [document(1, "Where people meet", language="en"), document(2, "Where", "Un mot"), *(document(n, "People") for n in range(3, 9))]
    )
    assert ids(engine, "meet where ")[0] == 1


def test_pages_follow_each_other(engine):
    engine.put([document(n, "Vélo") for n in range(1, 46)])
    pages = [ids(engine, "vélo", page=page) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [20, 20, 5, 0]
    assert sorted(found for page in pages for found in page) == list(range(1, 46))
    assert ids(engine, "vélo", page=10**9) == []


def test_sorted_by_date_the_fullest_matches_come_first(engine):
    engine.put([document(1, "Budget"), document(5, "Budget participatif"), document(3, "Budget participatif")])
    assert ids(engine, "budget participatif", sort="date") == [3, 5, 1]


def test_sorted_by_territory(engine):
    engine.put(
        [document(1, "Vélo", territory_id=7), document(2, "Vélo", territory_id=8), document(3, "Vélo"), document(4, "Vélo", territory_id=7)]
    )
    assert ids(engine, "vélo", sort="territory", territory_order=["8", "7"]) == [2, 1, 4, 3]


def test_more_like_this_finds_the_nearest_and_not_itself(engine):
    engine.put(
        [
            document(1, "Plan vélo", "Des pistes cyclables pour aller à l’école"),
            document(2, "Pistes cyclables", "Un vélo pour chaque école"),
            document(3, "Cantine", "Des légumes"),
        ]
    )
    assert [hit.content_id for hit in engine.more_like("Plan vélo", "Des pistes cyclables pour l’école", 3, exclude=[1])] == [2]
    assert engine.more_like("", "", 3) == []
    assert engine.more_like("Plan vélo", "", 3, within={"kind": ["initiative"]}) == []


def test_the_phrases_of_amendments_are_not_what_a_text_is_about(engine):
    """Seen red with `is_telling` always true: the second document, which is about nothing of it, came first."""
    phrases = "Au deuxième alinéa de l’article 11, les mots sont remplacés. Le troisième alinéa est ainsi modifié, rédigé, supprimé."
    engine.put(
        [
            document(1, "Peindre les façades", "Des artistes peignent les façades du quartier"),
            document(2, "Article 26", phrases),
            document(3, "Cantine", "Des légumes"),
        ]
    )
    found = engine.more_like("Article 17 : les façades", f"{phrases} Les artistes du quartier peignent.", 3)
    assert [hit.content_id for hit in found] == [1]


def test_one_rare_word_weighs_no_more_than_all_the_others(engine):
    """Seen red with `MOST_OF_ONE` near 1: the word that stands twice in the region won by itself."""
    others = [document(n, f"Autre chose {n}", "Le marché, la place, les bancs, la fontaine et le kiosque") for n in range(10, 16)]
    engine.put(
        [
            document(1, "Adresses en xxx", "Le xxx des sites, et le marché", territory_id=7),
            document(2, "La fontaine", "La place du marché, ses bancs, son kiosque et sa fontaine"),
            *others,
        ]
    )
    found = engine.more_like("Les bancs du marché", "Sur la place, des bancs près de la fontaine et du kiosque ; pas de xxx.", 20)
    ranked = [hit.content_id for hit in found]
    assert 1 not in ranked[:7]


# --- Facets -------------------------------------------------------------------------------------------------------------------


def test_a_facet_ignores_its_own_filter(engine):
    engine.put(
        [
            document(1, "Vélo", kind="debate", themes=["eau"]),
            document(2, "Vélo", themes=["eau", "air"]),
            document(3, "Vélo", themes=["air"]),
            document(4, "Non"),
        ]
    )
    filters = {"kind": ["debate"]}
    assert counts(engine, "kind", "vélo", filters=filters) == {"debate": 1, "proposal": 2}
    assert counts(engine, "theme", "vélo", filters=filters) == {"eau": 1}
    assert ids(engine, "vélo", filters=filters) == [1]


def test_within_makes_the_rest_disappear(engine):
    engine.put([document(1, "Vélo", kind="debate"), document(2, "Vélo")])
    assert counts(engine, "kind", "vélo", within={"kind": ["debate"]}) == {"debate": 1}


def test_open_soon_and_closed_come_from_the_clock(engine):
    day = timedelta(days=1)
    engine.put(
        [
            document(1, "A", opens_at=NOW - day, closes_at=NOW),
            document(2, "B", opens_at=NOW, closes_at=NOW + day),
            document(3, "C", opens_at=NOW + day),
            document(4, "D"),
        ]
    )
    assert counts(engine, "state") == {"open": 1, "soon": 1, "closed": 1}
    assert ids(engine, filters={"state": ["open"]}) == [2]
    assert ids(engine, filters={"state": ["open"]}, now=NOW + 2 * day) == [3]
    assert set(ids(engine, filters={"state": ["closed", "soon"]})) == {1, 3}
    assert ids(engine, filters={"state": ["never"]}) == []


def test_any_facet_a_document_brings_is_counted(engine):
    engine.put([document(1, "A", territory_id=3, facets={"territory": ["2"], "approach": ["budget"]}, language="nl", year=2025)])
    facets = ask(engine, facets=("territory", "approach", "language", "year", "unknown")).facets
    assert facets == {
        "territory": [("2", 1), ("3", 1)],
        "approach": [("budget", 1)],
        "language": [("nl", 1)],
        "year": [("2025", 1)],
        "unknown": [],
    }


KINDS, PLACES, THEMES = ["proposal", "debate"], [1, 2, 3], ["eau", "air", "feu"]
some_documents = st.lists(
    st.tuples(
        st.sampled_from(KINDS), st.sampled_from(PLACES), st.sets(st.sampled_from(THEMES)), st.sampled_from(["vélo", "école", "vélo école"])
    ),
    max_size=25,
)
some_filters = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.lists(st.sampled_from(KINDS), max_size=2),
        "territory": st.lists(st.sampled_from(["1", "2", "3", "9"]), max_size=3),
        "theme": st.lists(st.sampled_from(THEMES), max_size=2),
    },
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some_documents, some_filters, st.sampled_from(["", "vélo", "école vélo", "vélo -école"]))
def test_counts_are_right_under_any_combination(engine, rows, filters, query):
    engine.rebuild(
        iter(
            [
                [
                    document(n, title, kind=kind, territory_id=place, themes=sorted(themes))
                    for n, (kind, place, themes, title) in enumerate(rows, 1)
                ]
            ]
        ),
        lambda ids: [],
    )

    def answers(row, without=None):
        kind, place, themes, title = row
        matches = {"": True, "vélo": "vélo" in title, "école vélo": True, "vélo -école": title == "vélo"}[query]
        values = {"kind": {kind}, "territory": {str(place)}, "theme": themes}
        return matches and all(values[name] & set(wanted) for name, wanted in filters.items() if wanted and name != without)

    results = ask(engine, query, filters=filters, per_page=100)
    assert set(results.ids) == {n for n, row in enumerate(rows, 1) if answers(row)}
    assert results.total == len(results.ids)
    for name, values in {"kind": KINDS, "territory": ["1", "2", "3"], "theme": THEMES}.items():
        expected = {
            value: sum(
                1 for row in rows if answers(row, name) and value in {"kind": {row[0]}, "territory": {str(row[1])}, "theme": row[2]}[name]
            )
            for value in values
        }
        assert dict(results.facets[name]) == {value: count for value, count in expected.items() if count}


# --- Changing -----------------------------------------------------------------------------------------------------------------


def test_a_document_put_again_replaces_the_first(engine):
    engine.put([document(1, "Vélo")])
    engine.put([document(1, "École")])
    assert ids(engine, "vélo") == []
    assert ids(engine, "école") == [1]
    assert ask(engine).total == 1


def test_a_removed_document_leaves_nothing_behind(engine):
    engine.put([document(1, "Secret absolu", themes=["intime"]), document(2, "Vélo")])
    engine.remove([1, 99])
    assert ids(engine, "secret") == []
    assert "intime" not in counts(engine, "theme")
    assert ask(engine, "secre").corrections == ()
    assert engine.suggest(["absolue", "absolv"]) == {}
    assert engine.more_like("Secret absolu", "", 3) == []


def test_another_process_sees_each_change(engine, another):
    reader = another()
    assert ids(reader) == []
    for n in range(1, 30):
        engine.put([document(n, f"Vélo numéro {n}")], removed=[n - 5])
        assert set(ids(reader, "vélo")) == set(range(max(1, n - 4), n + 1))
    engine.tend()
    assert set(ids(reader, "vélo")) == {25, 26, 27, 28, 29}
    assert ids(reader, '"numéro 27"') == [27]


def test_a_word_just_indexed_can_be_begun_and_mistyped(engine):
    engine.put([document(1, "Vélo")])
    assert ids(engine, "coccin") == []
    engine.put([document(2, "Coccinelle")])
    assert ids(engine, "coccin") == [2]
    assert ids(engine, "cocinelle ") == [2]


def test_a_rebuild_serves_the_former_index_until_it_is_done_and_keeps_what_changed_meanwhile(engine, another):
    engine.put([document(1, "Ancien vélo"), document(2, "Vélo caché")])
    reader = another()

    def batches():
        yield [document(1, "Ancien vélo"), document(2, "Vélo caché")]
        assert set(ids(reader, "vélo")) == {1, 2}
        engine.put([document(3, "Vélo né pendant")], removed=[2])
        assert set(ids(reader, "vélo")) == {1, 3}
        yield [document(4, "Vélo lu ensuite")]

    assert engine.rebuild(batches(), lambda wanted: [document(3, "Vélo né pendant")] if 3 in wanted else [])
    assert set(ids(reader, "vélo")) == {1, 3, 4}
    assert set(ids(engine, "vélo")) == {1, 3, 4}


def test_a_rebuild_that_fails_changes_nothing(engine, another):
    engine.put([document(1, "Vélo")])

    def batches():
        yield [document(2, "Vélo")]
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        engine.rebuild(batches(), lambda ids: [])
    assert ids(another(), "vélo") == [1]
    engine.rebuild(iter([[document(3, "Vélo")]]), lambda ids: [])
    assert ids(another(), "vélo") == [3]


def test_without_an_index_search_says_so(another):
    engine = another()
    with pytest.raises(SearchUnavailable):
        ask(engine, "vélo")
    with pytest.raises(SearchUnavailable):
        engine.put([document(1, "Vélo")])
    assert not engine.status().is_ready
    engine.rebuild(iter([[document(1, "Vélo")]]), lambda ids: [])
    assert engine.status().is_ready
    assert ids(engine, "vélo") == [1]


# --- Attacks ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_no_query_takes_long(engine, bomb):
    """attacks.md D03"""
    engine.put([document(n, f"Vélo école {n}", "budget participatif " * 50) for n in range(1, 50)])
    start = time.process_time()
    ask(engine, bomb)
    assert time.process_time() - start < 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80))
def test_any_text_can_be_looked_for(engine, query):
    if not engine.status().documents:
        engine.put([document(1, "Vélo école", "budget participatif")])
    ask(engine, query)


def test_hostile_strings_are_indexed_and_looked_for(engine):
    strings = [each for each in json.loads(shared("corpus/hostile/naughty-strings.json").read_text(encoding="utf-8")) if "\x00" not in each]
    engine.put([document(n, each, each) for n, each in enumerate(strings, 1)])
    for each in strings:
        ask(engine, each)


# --- Finding the right thing --------------------------------------------------------------------------------------------------


def test_the_right_proposal_is_near_the_top(engine):
    """MRR@10 on the known items of the corpus; bench/search.py measures it among more contents."""
    from bench.search import corpus, mrr

    shared("corpus/known-items.tsv")
    documents, proposals = corpus(SHARED / "corpus", 696)
    engine.rebuild(iter([documents]), lambda ids: [])
    assert mrr(engine, SHARED / "corpus" / "known-items.tsv", proposals)[0] >= 0.97
