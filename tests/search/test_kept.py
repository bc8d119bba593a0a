"""Pages of results are kept for who is signed in too: they follow each change, and hold nothing of another reader."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.contents import vocabularies
from app.contents.models import Content, State
from app.contents.services import set_terms
from app.core import clock, stamps
from app.core.db import db, transaction
from app.follows import services as follows
from app.projects.models import Project
from app.search import engines, sync
from app.search.engines.base import SearchUnavailable
from app.territories.models import Territory
from tests.conftest import statements_to
from tests.core.kept import until
from tests.core.test_fragments import Reader, everyone_reads, nobody_reads, pages
from tests.factories import make_content, make_person, make_territory, restrict

ADDRESS = "/recherche?q=v%C3%A9lo"


@pytest.fixture(autouse=True, name="transaction")
def no_outer_transaction():
    """Commits are real here: nothing to roll back."""


@pytest.fixture
def project(place, run_worker):
    """The number of a page that is found, beside another."""
    for title in ("Un vélo pour tous", "Un vélo de plus"):
        made = make_content(Project, territory=place, title=title)
    number = made.id
    sync.rebuild()
    run_worker("search")
    return number


def now_in(number):
    """The content as it is in the database: the worker's rollbacks expire what tests hold."""
    return db.scalars(select(Content).where(Content.id == number)).one()


def territory(slug):
    return db.scalars(select(Territory).where(Territory.slug == slug)).one()


def test_what_is_published_edited_hidden_and_back_shows_to_all_alike(project, readers, run_worker):
    assert everyone_reads(readers, ADDRESS, "2 résultats")
    with transaction():
        make_content(Project, territory=territory("tourcoing"), title="Un vélo nouveau")
    run_worker("search")
    assert everyone_reads(readers, ADDRESS, "nouveau")
    with transaction():
        now_in(project).title = "Un vélo de trop"
    assert everyone_reads(readers, ADDRESS, "de trop")
    with transaction():
        restrict(now_in(project))
    assert nobody_reads(readers, ADDRESS, "de trop")
    with transaction():
        now_in(project).is_public, now_in(project).state = True, State.PUBLISHED
    run_worker("search")
    assert everyone_reads(readers, ADDRESS, "de trop")


def test_the_index_made_again_shows_at_once(project, readers):
    engines.current().remove([project])
    with transaction():
        stamps.bump("search")
    assert everyone_reads(readers, ADDRESS, "1 résultat")
    sync.rebuild()
    assert everyone_reads(readers, ADDRESS, "2 résultats")


def test_the_name_the_session_and_the_followed_search_are_each_ones_own(project, readers, marie):
    with transaction():
        follows.save_search(db.merge(marie), address="q=v%C3%A9lo", label="« vélo »")
    for _ in range(2):
        visitor, mine, other = pages(readers, ADDRESS)
        assert "Marie Lefebvre" in mine
        assert "Vous suivez cette recherche" in mine
        assert "Marie Lefebvre" not in visitor + other
        assert "Vous suivez cette recherche" not in visitor + other
        assert "Suivre cette recherche" in other
        assert "Se connecter pour suivre" in visitor
        assert "csrf_token" not in visitor
    keys = [page.split('name="_once" value="')[1].split('"')[0] for page in (pages(readers, ADDRESS)[2], pages(readers, ADDRESS)[2])]
    assert keys[0] != keys[1], "a form acts once: its key is never kept"


def test_readers_of_one_home_share_a_page_and_those_of_another_have_theirs(site, project, run_worker):
    """Seen red with the home left out of the name."""
    with transaction():
        make_content(Project, territory=make_territory(name="Lille", short_name="Lille", slug="lille"), title="Un vélo à Lille")
    run_worker("search")
    with transaction():
        agents = [make_person(name=slug, roles=[("moderator", territory(slug))]) for slug in ("tourcoing", "lille", "lille")]
    browsers = [Reader(site, agent) for agent in agents]
    for _ in range(2):
        here, there, also_there = pages(browsers, ADDRESS)
        assert "Ce qui vient de Tourcoing remonte" in here
        assert "Ce qui vient de Lille remonte" in there
        assert there.index("</mark> à Lille") < there.index("</mark> pour tous")
        assert "Ce qui vient de Lille remonte" in also_there
        assert "near=none" in here
    with statements_to(site.extensions["engine"]) as statements:
        pages(browsers[2:], ADDRESS)
    assert statements
    assert not [each for each in statements if "FROM contents" in each]


def test_a_search_asked_again_costs_few_statements(site, project, readers):
    pages(readers, ADDRESS)
    pages(readers, ADDRESS)
    with statements_to(site.extensions["engine"]) as statements:
        pages(readers[1:2], ADDRESS)
    assert 1 <= len(statements) <= 3, statements  # who they are, where they are at home, whether they follow this search
    with statements_to(site.extensions["engine"]) as statements:
        pages(readers[:1], ADDRESS)
    assert not statements


def test_a_page_is_good_until_something_in_it_closes(project, readers, at):
    """Seen red without `until`."""
    moment = clock.now()
    with transaction():
        now_in(project).closes_at = moment + timedelta(seconds=30)
    sync.rebuild()
    at(moment + timedelta(seconds=1))
    assert everyone_reads(readers, ADDRESS, "bf-state--open")
    at(moment + timedelta(seconds=31))
    assert everyone_reads(readers, ADDRESS, "bf-state--closed")
    assert nobody_reads(readers, ADDRESS, "bf-state--open")


def test_a_page_without_an_index_is_not_kept(project, readers, monkeypatch):
    def gone(_request):
        raise SearchUnavailable("gone")

    with monkeypatch.context() as broken:
        broken.setattr(engines.current(), "search", gone)
        assert everyone_reads(readers, ADDRESS, "momentanément indisponible")
    assert nobody_reads(readers, ADDRESS, "momentanément indisponible")


def test_long_addresses_are_made_each_time(project, readers, site):
    long = ADDRESS + "&theme=" + "x" * 250
    pages(readers, long)
    assert not [name for name in site.extensions["fragments"].slots if name[0] == "results" and len(name[3]) > 200]


def test_the_catalogue_offers_to_write_only_to_who_may(site, project):
    agent = make_person(name="Agente", roles=[("manager", territory("tourcoing"))])
    visitor, citizen, writes = (Reader(site), Reader(site, make_person(name="Citoyen")), Reader(site, agent))
    for _ in range(2):
        found = pages((visitor, citizen, writes), "/catalogue/")
        assert ["Écrire une fiche" in page for page in found] == [False, False, True]


def test_a_renamed_place_is_renamed_in_kept_results(project, readers):
    assert everyone_reads(readers, ADDRESS, "Tourcoing")
    with transaction():
        territory("tourcoing").short_name = "Tourcoing-Nord"
        stamps.bump("region")
    assert everyone_reads(readers, ADDRESS, "Tourcoing-Nord")


def test_the_names_of_facets_are_read_once_and_follow_each_change(project, readers, site):
    """The answer itself is made whole each time. Seen red with no stamp, and with the page made public by what it looks up.

    On PostgreSQL a process hears of a change a moment after it.
    """
    with transaction():
        term = vocabularies.add_term("theme", "Thèmes", label="Mobilités", by=None)
        set_terms(now_in(project), [term])
    sync.rebuild()

    def labels():
        answer = readers[0].client.get("/recherche.json?q=v%C3%A9lo")
        assert "ETag" not in answer.headers
        return [value["label"] for value in answer.get_json()["facets"]["theme"]]

    def reads_no_name():
        with statements_to(site.extensions["engine"]) as statements:
            assert labels() == ["Mobilités"]
        return not [each for each in statements if "vocabularies" in each]

    assert labels() == ["Mobilités"]
    assert until(reads_no_name)
    with transaction():
        vocabularies.rename_term(db.merge(term), label="Se déplacer", by=None)
    assert until(lambda: labels() == ["Se déplacer"])
