import pytest
from sqlalchemy import func, select

from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.territories import queries, reference, services
from app.territories.models import Territory, TerritoryKind
from tests.factories import make_person, make_territory


def test_a_new_space_opens_with_the_common_charter_and_pages():
    territory = services.create_territory(name="Fourmies", kind="commune", contact_email="mairie@example.org")
    assert [each.number for each in queries.charter_of(territory.id)] == list(range(1, 10))
    pages = queries.pages_of(territory.id)
    assert {page.slug for page in pages} == {"mentions-legales", "vos-donnees", "accessibilite"}
    assert not any(word in page.body_source for page in pages for word in ("{territory}", "{email}", "{platform}"))
    assert any("mairie@example.org" in page.body_source for page in pages)


def test_two_of_the_same_name_have_two_addresses():
    slugs = [services.create_territory(name="Saint-Aubin", kind="commune").slug for _ in range(3)]
    assert slugs == ["saint-aubin", "saint-aubin-2", "saint-aubin-3"]


def test_two_requests_that_read_the_same_version_do_not_both_write():
    territory = make_territory(intro="Au début.")
    read = territory.version
    db.execute(Territory.__table__.update().values(version=read + 1))  # the other request, committed since
    by = make_person()
    with pytest.raises(Conflict):
        services.edit_settings(
            territory, version=read, intro="Moi.", welcome="", charter="", accent="", contact_email="", logo_alt="", by_id=by.id
        )


def test_the_last_article_stays():
    territory = services.create_territory(name="A", kind="commune", charter={"articles": [{"number": 1, "title": "Un", "text": "Un."}]})
    with pytest.raises(DomainError):
        services.withdraw_article(territory, number=1, version=1, by_id=make_person().id)


def test_the_reference_data_gives_codes_once(app):
    pilot = services.create_territory(name="Tourcoing", kind="commune", insee="59599")
    entered, completed = reference.enter_all()
    assert (entered, completed) == (1534 + 36 - 1, 1)
    assert reference.enter_all() == (0, 0)
    assert pilot.population == 98772
    parent = db.scalars(select(Territory).where(Territory.id == pilot.parent_id)).one()
    assert (parent.siren, parent.kind) == ("200093201", TerritoryKind.EPCI)
    assert db.scalar(select(func.count(Territory.id)).where(Territory.is_pilot)) == 1
    assert queries.all_territories() == [pilot]


def test_a_place_that_was_only_known_becomes_a_pilot():
    reference.enter_all()
    territory = services.create_territory(name="Tourcoing", kind="commune", insee="59599")
    assert territory.is_pilot
    assert territory.population == 98772
    assert len(queries.charter_of(territory.id)) == 9


def test_importing_says_what_it_did(app):
    answer = app.test_cli_runner().invoke(args=["import", "territories"])
    assert answer.exit_code == 0, answer.output
    assert "1570 territoires entrés" in answer.output
