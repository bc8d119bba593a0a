import pytest
from flask import g

from app.admin import menus
from app.core import permissions
from app.core.permissions import Predicate
from tests.factories import make_person, make_territory


@pytest.fixture(autouse=True)
def only_these(app, monkeypatch):
    """A menu of these tests only: two lines of a territory, one of the region."""
    monkeypatch.setattr(menus, "_lines", {})
    monkeypatch.setattr(menus, "_places", {})
    here = lambda thing: getattr(thing, "territory_id", None) or thing.id
    given = {
        "test.manage": Predicate(lambda person, thing: thing is not None and person.has_role("manager", here(thing))),
        "test.moderate": Predicate(lambda person, thing: thing is not None and person.has_role("moderator", here(thing))),
        "test.curate": Predicate(lambda person, thing: person.has_role("curator")),
    }
    for name, predicate in given.items():
        monkeypatch.setitem(permissions._rules, name, predicate)
    monkeypatch.setattr(menus, "url_for", lambda endpoint, **values: "/" + "/".join([endpoint, *values.values()]))
    menus.menu("Projets", "projects", "test.manage")
    menus.menu("Modération", "moderation", "test.moderate", header="desk")
    menus.menu("Catalogue", "catalogue", "test.curate", scope="region", header=True)


@pytest.fixture
def seen_by(app):
    """Ask inside a request of this person."""

    def seen_by(person, ask, path="/"):
        with app.test_request_context(path):
            g._login_user = person or app.login_manager.anonymous_user()
            return ask()

    return seen_by


def test_a_territory_shows_each_what_they_may_do_there(seen_by):
    here, there = make_territory(slug="ici"), make_territory()
    manager = make_person(roles=[("manager", here), ("moderator", there)])
    assert seen_by(manager, lambda: menus.admin_menu(here)) == [("Projets", "/projects/ici", False)]
    assert seen_by(make_person(), lambda: menus.admin_menu(here)) == []


def test_the_line_we_are_under_is_marked(seen_by):
    here = make_territory(slug="ici")
    both = make_person(roles=[("manager", here), ("moderator", here)])
    for path, current in (("/projects/ici", [True, False]), ("/projects/ici/12", [True, False]), ("/projects/icix", [False, False])):
        assert [each for *_, each in seen_by(both, lambda: menus.admin_menu(here), path)] == current


def test_the_region_has_its_own_menu(seen_by):
    curator = make_person(roles=[("curator", None)])
    assert seen_by(curator, menus.admin_menu) == [("Catalogue", "/catalogue", False)]


def test_the_header_offers_the_doors_one_may_pass_without_a_query(seen_by, count_queries):
    here = make_territory()
    people = {
        (): [],
        (("manager", here),): [("Gestion", "/admin.index")],
        (("moderator", here),): [("Modération", "/desk"), ("Gestion", "/admin.index")],
        (("curator", None),): [("Catalogue", "/catalogue"), ("Gestion", "/admin.index")],
    }
    for roles, expected in people.items():
        person = make_person(roles=roles)
        count_queries.clear()
        assert seen_by(person, menus.menu_entries) == expected
        assert count_queries == []
    assert seen_by(None, menus.menu_entries) == []


def test_what_waits_is_asked_once_of_all_the_places_where_one_may_act(seen_by):
    asked = []

    def waiting(ids, person):
        asked.append(ids)
        return {ids[0]: "3 à lire"}

    menus.menu("À lire", "reading", "test.moderate", waiting=waiting)
    first, second, other = make_territory(slug="un"), make_territory(slug="deux"), make_territory(slug="trois")
    person = make_person(roles=[("moderator", first), ("moderator", second), ("manager", other)])
    offices = seen_by(person, lambda: menus.offices([None, first, second, other], person))
    assert asked == [[first.id, second.id]]
    said = [[(entry.label, entry.url, entry.waits) for entry in entries] for entries in offices]
    assert said == [
        [],
        [("Modération", "/moderation/un", ""), ("À lire", "/reading/un", "3 à lire")],
        [("Modération", "/moderation/deux", ""), ("À lire", "/reading/deux", "")],
        [("Projets", "/projects/trois", "")],
    ]


def test_a_line_of_a_territory_names_the_page_that_chooses():
    with pytest.raises(AssertionError):
        menus.menu("Projets", "projects", "test.manage", header=True)
