import re

from sqlalchemy import select

from app.contents.models import State
from app.contents.queries import revisions_of
from app.core.db import db
from app.initiatives import queries, services
from app.initiatives.models import Initiative, Step
from tests.factories import make_person, make_territory


def sheet_of(person, place, **given):
    values = {"title": "Marcher pour voir", "summary": "Quatre villages.", "sections": {"method": "On marche."}} | given
    sheet = services.create_sheet("initiative", by=person, territory=place, **values)
    db.commit()
    return sheet.id


def typed(place, **given):
    return {"title": "Titre", "summary": "Une phrase.", "territory": str(place.id), "level": "0", "version": "1"} | given


def test_an_agent_writes_proposes_and_a_curator_publishes(client):
    place = make_territory()
    agent, curator = make_person(roles=[("manager", place)]), make_person(roles=[("curator", None)])
    client.log_in(agent)
    made = client.post("/catalogue/nouvelle/initiative", data=typed(place, method="On **marche**."))
    assert made.status_code == 302
    sheet_id = int(made.location.rsplit("/", 1)[-1].split("-")[0])
    assert client.post(f"/catalogue/{sheet_id}/proposer").status_code == 302
    client.log_in(curator)
    assert "Titre" in client.get("/gestion/region/catalogue/").text
    assert client.post(f"/gestion/region/catalogue/{sheet_id}/publier").status_code == 302
    page = client.application.test_client().get(f"/catalogue/{sheet_id}")
    assert "On <strong>marche</strong>." in page.text


def test_a_curator_publishes_the_version_they_read_or_nothing(client):
    """Red before: what its author wrote while it was read went into the catalogue without anybody reading it."""
    place = make_territory()
    agent = make_person(roles=[("manager", place)])
    sheet_id = sheet_of(agent, place)
    services.propose(queries.get_sheet(sheet_id), by=agent)
    db.commit()
    client.log_in(make_person(roles=[("curator", None)]))
    page = client.get(f"/catalogue/{sheet_id}/relecture").text
    assert re.search(r'name="version" value="1"[^>]*>Publier la fiche', page)
    services.edit_sheet(queries.get_sheet(sheet_id), by=agent, seen=1, title="Autre", summary="S.", sections={}, terms=[])
    db.commit()
    back = f"/catalogue/{sheet_id}/relecture"
    late = client.post(
        f"/gestion/region/catalogue/{sheet_id}/publier", data={"version": "1"}, headers={"Referer": f"http://localhost{back}"}
    )
    assert late.status_code == 409
    assert "La fiche a changé pendant que vous la relisiez" in late.text
    assert f'href="{back}"' in late.text
    assert db.scalar(select(Initiative.state).where(Initiative.id == sheet_id)) == State.PENDING
    assert client.post(f"/gestion/region/catalogue/{sheet_id}/publier", data={"version": "2"}).status_code == 302


def test_two_people_edit_and_the_second_compares_then_sends_again(client):
    """409 with both texts; red when `refusals_in` does not tell a conflict from another refusal."""
    place = make_territory()
    agent = make_person(roles=[("manager", place)])
    sheet_id = sheet_of(agent, place)
    services.edit_sheet(db.get(Initiative, sheet_id), by=agent, seen=1, title="Le premier", summary="Déjà écrit.", sections={}, terms=[])
    db.commit()
    client.log_in(agent)
    late = client.post(f"/catalogue/{sheet_id}/modifier", data=typed(place, title="Le second"))
    assert late.status_code == 409
    assert "Le second" in late.text
    assert "Déjà écrit." in late.text
    assert 'name="version" type="hidden" value="2"' in late.text
    again = client.post(f"/catalogue/{sheet_id}/modifier", data=typed(place, title="Le second", version="2"))
    assert again.status_code == 302
    assert [revision.n for revision in revisions_of(db.get(Initiative, sheet_id))] == [3, 2, 1]


def test_a_citizen_writes_no_sheet(client):
    client.log_in(make_person())
    assert client.get("/catalogue/nouvelle/initiative").status_code == 403


def test_a_draft_is_not_there_for_visitors(client):
    place = make_territory()
    sheet_id = sheet_of(make_person(roles=[("manager", place)]), place)
    assert client.get(f"/catalogue/{sheet_id}").status_code == 404


def test_a_curator_sends_back_with_what_is_missing(client):
    place = make_territory()
    agent = make_person(roles=[("manager", place)])
    sheet_id = sheet_of(agent, place)
    services.propose(db.get(Initiative, sheet_id), by=agent)
    db.commit()
    client.log_in(make_person(roles=[("curator", None)]))
    assert client.post(f"/gestion/region/catalogue/{sheet_id}/renvoyer", data={"note": ""}).status_code == 422
    assert client.post(f"/gestion/region/catalogue/{sheet_id}/renvoyer", data={"note": "Le coût."}).status_code == 302
    sheet = db.get(Initiative, sheet_id)
    assert (sheet.step, sheet.state) == (Step.DRAFT, State.DRAFT)
    client.log_in(agent)
    assert "Le coût." in client.get(f"/catalogue/{sheet_id}").text
