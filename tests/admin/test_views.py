import pytest
from flask import Blueprint

from app.admin import menus
from app.core import permissions
from app.core.permissions import Predicate
from tests.factories import make_person, make_territory


@pytest.fixture
def here(monkeypatch):
    """A territory whose only line is the list of back offices itself."""
    monkeypatch.setattr(menus, "_lines", {})
    monkeypatch.setattr(menus, "_places", {})
    here = make_territory(name="Ici-sur-<b>Lys</b>")
    runs = Predicate(
        lambda person, thing: (
            thing is not None and person.has_role("manager", getattr(thing, "territory_id", thing.id if hasattr(thing, "id") else 0))
        )
    )
    monkeypatch.setitem(permissions._rules, "test.manage", runs)
    menus.menu("Projets", "admin.index", "test.manage")
    menus.places(lambda person: [here, make_territory(name="Ailleurs")])
    return here


def test_a_manager_finds_their_territories_and_no_other(client, here):
    client.log_in(make_person(roles=[("manager", here)]))
    page = client.get("/gestion/")
    assert page.status_code == 200
    assert "Ici-sur-&lt;b&gt;Lys&lt;/b&gt;" in page.text
    assert "Projets" in page.text
    assert "Ailleurs" not in page.text


def test_each_place_has_a_first_page_and_anothers_does_not_exist(client, here):
    client.log_in(make_person(roles=[("manager", here)]))
    page = client.get(f"/gestion/{here.slug}/")
    assert page.status_code == 200
    assert "Projets" in page.text
    others = [make_territory(name="Tout à fait ailleurs").slug, "ailleurs", "region", "nulle-part"]
    assert [client.get(f"/gestion/{slug}/").status_code for slug in others] == [404] * 4


def test_who_manages_nothing_is_refused(client, here):
    client.log_in(make_person())
    assert client.get("/gestion/").status_code == 404


def test_a_visitor_is_led_to_the_door(client, here):
    answer = client.get("/gestion/")
    assert answer.status_code == 302
    assert "/gestion/" in answer.headers["Location"]


def test_a_blueprint_of_a_back_office_is_under_its_territory():
    assert menus.back_office("x", __name__, "/projets").url_prefix == "/gestion/<territory_slug>/projets"
    assert isinstance(menus.back_office("x", __name__), Blueprint)
