"""Pages and JSON of search: what is shown is what the database says is public now."""

from datetime import timedelta

import pytest
from sqlalchemy import inspect, select

from app.contents import services as contents
from app.contents.models import State, Term
from app.core import clock, outbox
from app.core.db import db
from app.projects.models import Project
from app.search import engines, sync
from app.search.engines.base import SearchUnavailable
from tests.factories import make_content, make_person, make_territory

pytestmark = pytest.mark.usefixtures("index")


@pytest.fixture
def tourcoing():
    return make_territory(short_name="Tourcoing", slug="tourcoing")


def again(row):
    """As it is in the database: the worker's rollbacks expire what tests hold, requests detach it."""
    return db.get(type(row), inspect(row).identity[0], populate_existing=True)


def answer(client, query="", **more):
    response = client.get("/recherche.json", query_string={"q": query, **more})
    assert response.status_code == 200
    return response.get_json()


def titles(client, query="", **more):
    return [item["title"] for item in answer(client, query, **more)["items"]]


def page(client, query="", **more):
    response = client.get("/recherche", query_string={"q": query, **more})
    assert response.status_code == 200
    return response.get_data(as_text=True)


# --- Freshness ------------------------------------------------------------------------------------------------------------------


def test_a_published_change_is_found_after_the_worker_has_passed(client, run_worker, tourcoing):
    project = make_content(Project, title="Plan vélo", territory=tourcoing)
    assert titles(client, "velos") == []
    run_worker("search")
    assert titles(client, "velos") == ["Plan vélo"]
    contents.edit(again(project), by=None, title="Plan marche", summary="", body="À pied.")
    db.commit()
    run_worker("search")
    assert titles(client, "velos") == []
    assert titles(client, "marches") == ["Plan marche"]


def test_a_draft_queues_nothing_and_a_counter_neither(tourcoing, run_worker):
    make_content(Project, title="Brouillon", territory=tourcoing, state=State.DRAFT)
    assert outbox.waiting("search") == 0
    project = make_content(Project, territory=tourcoing)
    run_worker("search")
    project = again(project)
    project.replies_count += 1
    db.commit()
    assert outbox.waiting("search") == 0
    project.summary = "Autre chose"
    db.commit()
    assert outbox.waiting("search") == 1


def test_a_rolled_back_change_queues_nothing(tourcoing, run_worker):
    project = make_content(Project, territory=tourcoing)
    run_worker("search")
    again(project).title = "Oubli"
    db.flush()
    db.rollback()
    assert outbox.waiting("search") == 0


def test_a_theme_given_to_a_content_becomes_a_facet(client, run_worker, tourcoing):
    contents.ensure_vocabulary("theme", "Thèmes", {"eau": "L’eau"})
    project = make_content(Project, title="Rivière", territory=tourcoing)
    run_worker("search")
    contents.set_terms(again(project), db.scalars(select(Term).where(Term.key == "eau")).all())
    db.commit()
    run_worker("search")
    assert answer(client)["facets"]["theme"] == [{"value": "eau", "label": "L’eau", "count": 1}]
    assert titles(client, theme="eau") == ["Rivière"]
    assert titles(client, theme="air") == []


# --- What may be seen -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.HIDDEN, State.REMOVED, State.WITHDRAWN])
def test_what_is_hidden_is_gone_at_once_and_counted_no_more_once_the_worker_has_passed(client, run_worker, tourcoing, state):
    """attacks.md O03"""
    project = make_content(Project, title="Vélo caché", territory=tourcoing)
    run_worker("search")
    contents.change_state(again(project), state)
    db.commit()
    assert titles(client, "vélo") == []
    assert "Vélo caché" not in page(client, "vélo")
    run_worker("search")
    found = answer(client, "vélo")
    assert found["total"] == 0
    assert not any(found["facets"].values())


def test_what_hangs_from_a_hidden_page_is_hidden_with_it_and_comes_back_with_it(client, run_worker, tourcoing):
    parent = make_content(Project, title="Parent", territory=tourcoing)
    make_content(Project, title="Enfant à vélo", territory=tourcoing, project_id=parent.id)
    run_worker("search")
    assert titles(client, "vélo") == ["Enfant à vélo"]
    contents.change_state(again(parent), State.HIDDEN)
    db.commit()
    run_worker("search")
    assert answer(client, "vélo")["total"] == 0
    assert not any(answer(client, "vélo")["facets"].values())
    contents.change_state(again(parent), State.PUBLISHED)
    db.commit()
    run_worker("search")
    assert titles(client, "vélo") == ["Enfant à vélo"]


@pytest.mark.parametrize(
    "query",
    ["secret", "territory:*", "kind:project", "state:draft OR secret", "sec", "secrt", "-rien", '"projet secret"', "*", "title:secret"],
)
def test_no_query_reaches_what_is_not_public(client, run_worker, tourcoing, query):
    """attacks.md T05: counts, facets, suggestions and excerpts as if it did not exist."""
    make_content(Project, title="Vélo public", territory=tourcoing)
    run_worker("search")
    before = answer(client, query), answer(client, ""), page(client, query)
    for state in (State.DRAFT, State.PENDING, State.REFUSED):
        make_content(Project, title="Projet secret", body="secret", territory=again(tourcoing), state=state)
    run_worker("search")
    sync.rebuild()
    assert (answer(client, query), answer(client, ""), page(client, query)) == before
    assert engines.current().suggest(["secrt"]) == {}


def test_even_an_index_that_knows_too_much_shows_nothing(client, run_worker, tourcoing):
    """Hits are read again: an index older than the database leaks no title and no excerpt."""
    project = make_content(Project, title="Vélo", body="Un passage confidentiel.", territory=tourcoing)
    run_worker("search")
    project = again(project)
    project.state, project.is_public = State.HIDDEN, False
    db.commit()
    assert titles(client, "confidentiel") == []
    assert "confidentiel</mark>" not in page(client, "confidentiel")
    assert answer(client, "confidentiel")["total"] == 0


# --- The answer -----------------------------------------------------------------------------------------------------------------


def test_json_has_the_promised_shape(client, run_worker, tourcoing):
    now = clock.now()
    project = make_content(Project, title="Plan vélo", body="Des pistes cyclables.", territory=tourcoing)
    project.opens_at, project.closes_at = now - timedelta(days=1), now + timedelta(days=1)
    project.source = "ailleurs:61"
    db.commit()
    run_worker("search")
    found = answer(client, "pistes")
    assert set(found) == {"total", "page", "pages", "items", "facets"}
    assert (found["total"], found["page"], found["pages"]) == (1, 1, 1)
    (item,) = found["items"]
    project = again(project)
    assert set(item) == {"kind", "id", "title", "url", "territory", "state", "published_at", "source", "excerpt"}
    assert (item["kind"], item["id"], item["territory"], item["state"], item["source"]) == (
        "project",
        project.id,
        "tourcoing",
        "open",
        "ailleurs:61",
    )
    assert "pistes cyclables" in item["excerpt"]
    assert found["facets"]["territory"] == [{"value": "tourcoing", "label": "Tourcoing", "count": 1}]
    assert found["facets"]["state"] == [{"value": "open", "label": "Ouvert", "count": 1}]
    assert found["facets"]["year"] == [{"value": str(project.published_at.year), "label": str(project.published_at.year), "count": 1}]
    assert [each["value"] for each in found["facets"]["kind"]] == ["project"]


def test_a_territory_contains_those_below_it(client, run_worker, tourcoing):
    mel = make_territory(short_name="MEL", slug="mel", kind="epci")
    tourcoing.parent_id = mel.id
    make_content(Project, title="Ville", territory=tourcoing)
    make_content(Project, title="Agglomération", territory=mel)
    run_worker("search")
    assert set(titles(client, territory="mel")) == {"Ville", "Agglomération"}
    assert titles(client, territory="tourcoing") == ["Ville"]


@pytest.mark.parametrize(
    "parameters",
    [
        "kind=nothing",
        "territory=nowhere",
        "territory=999999999999",
        "year=abc",
        "state=never",
        "sort=%27",
        "page=-1",
        "page=0",
        "page=abc",
        "page=99999999",
        "page=1e30",
        "page=%EF%BC%91",
        "q=%ff%fe",
        "kind=%F0%9F%98%80",
        "q=" + "a" * 20_000,
        "&".join(["kind=x"] * 1000),
        "theme=" + "x" * 5000,
        "sort=date&sort=x",
        "kind=",
    ],
)
def test_no_parameter_is_an_error(client, run_worker, tourcoing, parameters):
    make_content(Project, title="Plan vélo", territory=tourcoing)
    run_worker("search")
    for path in ("/recherche", "/recherche.json"):
        assert client.get(f"{path}?{parameters}").status_code == 200


def test_pages_and_sorts_and_filters_are_addresses(client, run_worker, tourcoing):
    lille = make_territory(short_name="Lille", slug="lille")
    for n in range(23):
        make_content(Project, title=f"Vélo {n}", territory=tourcoing if n % 2 else lille)
    run_worker("search")
    shown = page(client, "vélo")
    assert "23 résultats" in shown
    assert "page=2" in shown
    assert len(titles(client, "vélo", page=2)) == 3
    assert titles(client, "vélo", page=9) == []
    assert {item["territory"] for item in answer(client, "vélo", sort="territory")["items"][:12]} == {"lille"}
    filtered = page(client, "vélo", territory="lille")
    assert "12 résultats" in filtered
    assert "retirer ce filtre" in filtered
    assert 'value="tourcoing"' in filtered  # a facet ignores its own filter


# --- The page -------------------------------------------------------------------------------------------------------------------


def test_found_words_are_marked_and_everything_is_escaped(client, run_worker, tourcoing):
    make_content(Project, title="<b>Vélo</b> & co", body="Un vélo <script>alert(1)</script> rouge.", territory=tourcoing)
    run_worker("search")
    shown = page(client, "vélos")
    assert "&lt;b&gt;<mark>Vélo</mark>&lt;/b&gt; &amp; co" in shown
    assert "<script>alert" not in shown


@pytest.mark.parametrize("query", ['"><script>alert(1)</script>', "' onmouseover='x", "{{7*7}}"])
def test_what_is_typed_is_shown_escaped(client, query):
    shown = page(client, query)
    assert "<script>alert" not in shown
    assert "onmouseover='" not in shown
    assert ">49<" not in shown


def test_a_mistyped_word_is_said_and_searched(client, run_worker, tourcoing):
    make_content(Project, title="Marche exploratoire", territory=tourcoing)
    run_worker("search")
    assert "exploratoire" in page(client, "exploartoire")
    assert "Aucun résultat pour" in page(client, "exploartoire")
    assert "Vouliez-vous dire" in page(client, "marche exploartoire")


def test_nothing_found_helps(client, run_worker, tourcoing):
    make_content(Project, title="Marche", territory=tourcoing)
    run_worker("search")
    assert "Nous n’avons rien trouvé" in page(client, "zzzzzzzz")
    assert "trop courants" in page(client, "de la")
    assert "Retirez un filtre" in page(client, "marche", year="1999")


def test_without_an_index_the_latest_are_shown_and_one_sentence(client, tourcoing, monkeypatch):
    make_content(Project, title="Plan vélo", territory=tourcoing)

    def refuse(_request):
        raise SearchUnavailable("gone")

    monkeypatch.setattr(engines.current(), "search", refuse)
    shown = page(client, "vélo", kind="project")
    assert "momentanément indisponible" in shown
    assert "Plan vélo" in shown
    assert client.get("/recherche.json?q=x").status_code == 503


def test_an_index_that_is_gone_comes_back_with_the_next_change(client, run_worker, tourcoing, monkeypatch):
    make_content(Project, title="Plan vélo", territory=tourcoing)

    def refuse(*_args):
        raise SearchUnavailable("gone")

    monkeypatch.setattr(engines.current(), "put", refuse)
    run_worker("search")
    assert titles(client, "vélo") == ["Plan vélo"]


def test_a_page_of_results_costs_the_same_whatever_its_length(client, run_worker, tourcoing, count_queries):
    make_content(Project, title="Vélo", territory=tourcoing)
    run_worker("search")
    answer(client, "vélo")
    count_queries.clear()
    answer(client, "vélo")
    few = len(count_queries)
    for _ in range(15):
        make_content(Project, title="Vélo", territory=again(tourcoing))
    run_worker("search")
    answer(client, "vélo")
    count_queries.clear()
    answer(client, "vélo")
    assert len(count_queries) == few <= 12


def test_related_contents_are_public_ones_near_a_text(run_worker, tourcoing):
    from app.search.queries import related

    near_id = make_content(Project, title="Pistes cyclables", body="Un vélo pour chaque école.", territory=tourcoing).id
    make_content(Project, title="Pistes cyclables", body="Un vélo.", territory=tourcoing, state=State.PENDING)
    make_content(Project, title="Cantine", body="Des légumes.", territory=tourcoing)
    run_worker("search")
    assert [content.id for content in related("Plan vélo", "Des pistes cyclables pour l’école")] == [near_id]


def test_every_kind_says_whether_it_is_searched():
    from app.contents import kinds
    from app.search.registry import is_searchable

    assert [name for name, kind in kinds.all_kinds().items() if is_searchable(kind.model) is None] == []


def test_an_agent_finds_nothing_more_than_a_visitor(client, run_worker, tourcoing):
    """The index holds public documents only; drafts are looked for in the back office, by SQL."""
    make_content(Project, title="Vélo en attente", territory=tourcoing, state=State.PENDING)
    run_worker("search")
    client.log_in(make_person(roles=[("moderator", again(tourcoing))]))
    assert titles(client, "vélo") == []


def test_the_commands_say_what_they_did(app, run_worker, tourcoing):
    make_content(Project, title="Vélo", territory=tourcoing)
    done = app.test_cli_runner().invoke(args=["search", "rebuild"])
    assert (done.exit_code, done.output.split(" en ")[0]) == (0, "1 contenus indexés")
    said = app.test_cli_runner().invoke(args=["search", "status"])
    assert said.exit_code == 0
    assert "1 contenus" in said.output
