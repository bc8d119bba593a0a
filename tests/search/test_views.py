"""Pages and JSON of search: what is shown is what the database says is public now."""

import re
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
from tests.factories import RESTRICTED, make_content, make_person, make_territory, restrict

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


def test_a_whole_region_is_queued_once_at_its_end_and_found(client, run_worker, tourcoing):
    with sync.all_queued_at_the_end():
        project = make_content(Project, title="Plan vélo", territory=tourcoing)
        project.summary = "Autre chose"
        make_content(Project, title="Brouillon de vélo", territory=tourcoing, state=State.DRAFT)
        db.flush()
        assert outbox.waiting("search") == 0
    assert outbox.waiting("search") == 1
    db.commit()
    run_worker("search")
    assert titles(client, "velos") == ["Plan vélo"]
    again(project).title = "Plan marche"
    db.commit()
    assert outbox.waiting("search") == 1


def test_a_region_that_fails_to_be_written_queues_changes_again(tourcoing):
    with pytest.raises(ZeroDivisionError), sync.all_queued_at_the_end():
        _ = 1 / 0
    make_content(Project, territory=tourcoing)
    assert outbox.waiting("search") == 1


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
    (restrict if state in RESTRICTED else contents.change_state)(again(project), state)
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
    restrict(again(parent), State.HIDDEN)
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


def test_the_passage_is_the_first_that_has_all_that_was_found(client, tourcoing, run_worker):
    """The summary if the body adds nothing, the body if it has more. Seen red with the summary alone."""
    made = make_content(Project, territory=tourcoing, title="Un titre", summary="Une piste pour les vélos.")
    made.body_html = "<p>Elle longe le canal, dit-on.</p><p>Cette piste va du marché au canal.</p>"
    db.commit()
    run_worker("search")
    assert answer(client, "piste vélo")["items"][0]["excerpt"] == "Une piste pour les vélos."
    assert "piste va du marché au canal" in answer(client, "piste marché canal")["items"][0]["excerpt"]


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
        "near=%01x",
        "near=" + "x" * 5000,
        "space=99999999999999",
        "space=-1",
        "recent=%27",
        "q=v%C3%A9lo&endpoint=x&_external=1&_scheme=javascript&_anchor=y&_method=POST",
    ],
)
def test_no_parameter_is_an_error(client, run_worker, tourcoing, parameters):
    make_content(Project, title="Plan vélo", territory=tourcoing)
    run_worker("search")
    for path in ("/recherche", "/recherche.json", "/recherche.csv", "/recherche/titres.json", "/catalogue/", "/catalogue/carte"):
        response = client.get(f"{path}?{parameters}")
        assert response.status_code == 200
        assert 'href="javascript:' not in response.text


def test_without_a_word_to_look_for_the_latest_comes_first_and_the_page_says_so(client, run_worker, tourcoing):
    """Seen red: « Trier par : pertinence », where nothing is more relevant than anything else."""
    for title in ("Plan vélo", "Garage à vélos"):
        make_content(Project, title=title, territory=tourcoing)
    run_worker("search")
    assert re.search('<strong aria-current="true">pertinence</strong>.*>date</a>', page(client, "vélo"))
    for asked in ({}, {"sort": "date"}):
        said = page(client, "", **asked)
        assert '<strong aria-current="true">date</strong>' in said
        assert "pertinence" not in said
    assert '<a href="/recherche?q=">date</a>' in page(client, "", sort="territory")


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


def test_the_tree_of_territories_is_shown_from_the_top(client, run_worker, tourcoing):
    mel = make_territory(short_name="MEL", slug="mel", kind="epci", is_pilot=False)
    tourcoing.parent_id = mel.id
    make_territory(short_name="Lens", slug="lens")
    make_content(Project, title="Ville", territory=tourcoing)
    make_content(Project, title="Mines", territory=make_territory(short_name="Bruay", slug="bruay"))
    run_worker("search")
    values = [(each["value"], each["count"]) for each in answer(client)["facets"]["territory"]]
    assert values.index(("mel", 1)) + 1 == values.index(("tourcoing", 1))
    assert ("bruay", 1) in values
    assert "bf-under-1" in page(client)


def test_a_facet_that_would_narrow_nothing_is_not_shown(client, run_worker, tourcoing):
    make_content(Project, title="Ville", territory=tourcoing)
    make_content(Project, title="Stad", territory=tourcoing, language="nl")
    run_worker("search")
    assert "facet-kind-0" not in page(client)
    assert "facet-language-0" in page(client)
    assert answer(client)["facets"]["kind"] == [{"value": "project", "label": "Projet", "count": 2}]


def test_a_theme_merged_into_another_leads_there(client, run_worker, tourcoing):
    contents.ensure_vocabulary("theme", "Thèmes", {"eau": "L’eau", "rivieres": "Rivières"})
    water, rivers = db.scalars(select(Term).order_by(Term.key)).all()
    project = make_content(Project, title="Deûle", territory=tourcoing)
    contents.set_terms(project, [water])
    rivers.merged_into_id = water.id
    db.commit()
    run_worker("search")
    assert titles(client, theme="rivieres") == ["Deûle"]


def test_what_is_in_a_debate_opens_and_closes_with_it(client, run_worker, tourcoing):
    """attacks: `state` covers contributions; when the dates of their space move, the worker looks at them again."""
    now = clock.now()
    space = make_content(Project, title="Débat", territory=tourcoing)
    space.opens_at, space.closes_at = now - timedelta(days=1), now + timedelta(days=1)
    inside = make_content(Project, title="Dedans", territory=tourcoing, space_id=space.id).id
    run_worker("search")
    assert [(each["title"], each["state"]) for each in answer(client, state="open", sort="date")["items"]] == [
        ("Dedans", "open"),
        ("Débat", "open"),
    ]
    again(space).closes_at = now - timedelta(hours=1)
    db.commit()
    run_worker("search")
    assert titles(client, state="open") == []
    assert set(titles(client, state="closed")) == {"Dedans", "Débat"}
    assert db.get(Project, inside).closes_at is None


def test_one_looks_inside_of_a_consultation(client, run_worker, tourcoing):
    space = make_content(Project, title="Plan vélo", territory=tourcoing).id
    make_content(Project, title="Un vélo dedans", territory=tourcoing, space_id=space)
    make_content(Project, title="Un vélo en attente", territory=tourcoing, space_id=space, state=State.PENDING)
    hidden = make_content(Project, title="Consultation secrète", territory=tourcoing, state=State.DRAFT).id
    make_content(Project, title="Un vélo dehors", territory=tourcoing)
    run_worker("search")
    assert titles(client, "vélo", space=space) == ["Un vélo dedans"]
    assert "Chercher dans « Plan vélo »" in page(client, "vélo", space=space).replace("\u202f", " ")
    assert "dans toute la région" in page(client, "dehors", space=space)
    for nothing in (hidden, 10**8, "abc"):
        assert "secrète" not in page(client, "vélo", space=nothing)
    assert titles(client, "vélo", space=hidden) == titles(client, "vélo", space=10**8) == []


# --- Other shapes ------------------------------------------------------------------------------------------------------------


def test_a_list_is_a_table_whose_cells_are_never_formulas(client, run_worker, tourcoing):
    """attacks.md I06, through the titles and summaries that people write."""
    make_content(Project, title="=1+1 vélo", summary="@SUM(A1) du vélo", territory=tourcoing)
    make_content(Project, title="-vélo", territory=tourcoing, state=State.PENDING)
    make_content(Project, title="École", territory=tourcoing)
    run_worker("search")
    for path in ("/recherche.csv", "/catalogue.csv"):
        response = client.get(path, query_string={"q": "vélo"})
        assert (response.status_code, response.mimetype) == (200, "text/csv")
        lines = response.data.decode("utf-8-sig").splitlines()
        assert lines[0].startswith("kind;id;title;url;territory")
        assert len(lines) == (2 if path.startswith("/rech") else 1)
    (row,) = client.get("/recherche.csv?q=vélo&territory=tourcoing").data.decode("utf-8-sig").splitlines()[1:]
    assert ";'=1+1 vélo;" in row
    assert row.endswith("'@SUM(A1) du vélo")
    assert 'href="/recherche.csv?q=v%C3%A9lo"' in page(client, "vélo")


def test_titles_are_completed_with_public_ones_only(client, run_worker, tourcoing):
    project = make_content(Project, title="Marche exploratoire de nuit", territory=tourcoing)
    make_content(Project, title="Marche secrète", territory=tourcoing, state=State.PENDING)
    make_content(Project, title="Autre", body="Une marche.", territory=tourcoing)
    run_worker("search")

    def completed(query, **more):
        return [each["title"] for each in client.get("/recherche/titres.json", query_string={"q": query, **more}).get_json()["titles"]]

    assert completed("marc") == completed("nuit marc") == completed("march", kind="project") == ["Marche exploratoire de nuit"]
    assert completed("secr") == completed("xyzt") == completed("") == completed("de") == completed("marc", kind="initiative") == []
    restrict(again(project), State.HIDDEN)
    db.commit()
    assert completed("marc") == []


# --- The nudges --------------------------------------------------------------------------------------------------------------


def test_the_place_of_the_reader_is_lifted_said_and_switched_off(client, run_worker, tourcoing):
    lille = make_territory(short_name="Lille", slug="lille")
    for place in (tourcoing, lille):
        make_content(Project, title=f"Un vélo à {place.short_name}", territory=place)
    run_worker("search")
    assert titles(client, "vélo", near="tourcoing")[0] == "Un vélo à Tourcoing"
    assert titles(client, "vélo", near="lille")[0] == "Un vélo à Lille"
    assert titles(client, "vélo", near="nowhere") == titles(client, "vélo")
    assert "Ce qui vient de" not in page(client, "vélo")
    client.log_in(make_person(roles=[("moderator", again(lille))]))
    shown = page(client, "vélo")
    assert "Ce qui vient de Lille remonte un peu" in shown
    assert "near=none" in shown
    assert "Ce qui vient de" not in page(client, "vélo", near="none")
    citizen = make_person()
    make_content(Project, title="Autre chose", territory=again(tourcoing), author=citizen)
    client.log_in(citizen)
    assert "Ce qui vient de Tourcoing" in page(client, "vélo")


def test_recency_is_said_and_switched_off(client, run_worker, tourcoing):
    for title in ("Vélo ancien", "Vélo récent"):
        project = make_content(Project, title=title, territory=tourcoing)
        project.published_at = clock.from_now(days=-1500 if "ancien" in title else -1)
    db.commit()
    run_worker("search")
    assert "Ce qui est récent remonte un peu" in page(client, "vélo")
    assert "recent=no" in page(client, "vélo")
    assert "La date ne compte pas" in page(client, "vélo", recent="no")
    assert "remonte" not in page(client, "vélo", sort="date")


def test_contents_in_other_languages_are_found_marked_and_said(client, run_worker, tourcoing):
    make_content(
        Project, title="Participatory budgets in cities", body="Citizens discussed the city budget.", language="en", territory=tourcoing
    )
    make_content(Project, title="Budget participatif", territory=tourcoing)
    run_worker("search")
    assert set(titles(client, "budgets")) == {"Participatory budgets in cities", "Budget participatif"}
    assert titles(client, "citizen discussing") == ["Participatory budgets in cities"]
    shown = page(client, "city", language="en")
    assert "<mark>cities</mark>" in shown
    assert '<li lang="en">' in shown
    assert titles(client, "car", language="en") == []


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
    shown = page(client, "marche", year="1999", territory="tourcoing")
    assert "sans le filtre « année »" in shown.replace("\u202f", " ")
    assert "sans aucun filtre" in shown
    assert 'href="/recherche?q=marche"' in shown
    assert "sans guillemets" in page(client, '"la marche des autres"')


def test_nothing_found_offers_the_themes_there_are(client, run_worker, tourcoing):
    contents.ensure_vocabulary("theme", "Thèmes", {"eau": "L’eau"})
    project = make_content(Project, title="Rivière", territory=tourcoing)
    contents.set_terms(project, db.scalars(select(Term).where(Term.key == "eau")).all())
    db.commit()
    run_worker("search")
    assert 'href="/recherche?theme=eau"' in page(client, "zzzzzzzz")
    assert page(client, "rivière").count("partez d’un thème") == 0


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
