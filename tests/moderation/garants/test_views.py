"""The garant sees all of their project and decides nothing."""

from datetime import timedelta

import pytest

from app.contents.models import Mandate
from app.core import clock
from app.core import db as database
from app.core.db import db
from app.moderation import services
from app.moderation.models import Cause, Decision, Route, Verdict
from app.projects.models import Project
from tests.factories import make_content, make_person, save
from tests.moderation.appeals.world import against, appeal, decide, make_case
from tests.moderation.sanctions.people import propose


@pytest.fixture
def world():
    """A text cut, its cut contested; a garant of its project, and one of another."""
    world = make_case()
    world.project = make_content(Project, territory=world.place)
    world.text.project_id = world.project.id
    db.commit()
    world.decision_id = decide(world, Verdict.REDACT, spans=[("body_source", 7, 16)])
    world.appeal_id = appeal(against(world.decision_id)).id
    world.case_id = against(world.decision_id).decision.case_id
    world.sanction_id = propose(world).id
    world.garant, world.elsewhere = make_person(name="Garante"), make_person(name="Garante ailleurs")
    save(Mandate(project_id=world.project.id, person_id=world.garant.id))
    save(Mandate(project_id=make_content(Project, territory=world.place).id, person_id=world.elsewhere.id))
    return world


def pages(world):
    return [f"/moderation/garant/{world.project.id}", f"/moderation/garant/{world.project.id}/cas/{world.case_id}"]


def test_the_garant_reads_cases_originals_decisions_and_appeals(client, world):
    client.log_in(world.garant)
    assert client.get("/moderation/garant/").status_code == 200
    assert f"/moderation/garant/{world.project.id}" in client.get("/compte/").text
    assert all(client.get(page).status_code == 200 for page in pages(world))
    shown = client.get(pages(world)[1]).text
    assert "andouille" in shown, "the original"
    for said in ("« Andouille » est une injure.", "Injure.", "Le mot est vif", "On ne s’insulte pas."):
        assert said in shown
    assert client.get(f"/moderation/decisions/{world.decision_id}").status_code == 200
    for page in pages(world):
        assert 'method="post"' not in client.get(page).text.split("<main", 1)[1]


@pytest.mark.parametrize("who", ["elsewhere", "bruno", "claire", "nadine", "ended", "coming", "suspended"])
def test_nobody_else_reads_as_garant(client, world, who):
    """Red without `in_office` for the last mandates, and without `mandate.read`."""
    mandate = db.query(Mandate).filter_by(person_id=world.garant.id).one()
    if who == "ended":
        mandate.ends_at = clock.now() - timedelta(seconds=1)
    elif who == "coming":
        mandate.starts_at = clock.now() + timedelta(days=1)
    elif who == "suspended":
        world.garant.suspended_at = clock.now()
    db.commit()
    client.log_in(getattr(world, who, world.garant))
    assert [client.get(page).status_code for page in pages(world)] == [404, 404]


def test_a_decision_whose_author_is_forgotten_is_still_a_persons(client, world):
    """Red before: once the name was gone, the page said that a machine had decided."""
    by_rule, by_person = "Automatiquement, version 1.", "L’équipe, version 1."
    decision = db.query(Decision).filter_by(id=world.decision_id).one()
    decision.by_id, decision.forgotten_at = None, clock.now()
    db.commit()
    client.log_in(world.garant)
    page = client.get(pages(world)[1]).text
    assert (by_person in page, by_rule in page) == (True, False)
    database.writing.set(True)
    services.open_case(world.text, Cause.REPORT)
    given = {"route": Route.THRESHOLD, "verdict": Verdict.HIDE, "cause": Cause.REPORT, "article": world.article}
    services.restrict_automatically(world.text, **given, reasons="Plusieurs personnes l’ont signalé.")
    db.commit()
    page = client.get(pages(world)[1]).text
    assert (by_person in page, by_rule in page) == (True, True)


def test_another_projects_case_does_not_exist_in_ones_own(client, world):
    client.log_in(world.elsewhere)
    own = db.query(Mandate).filter_by(person_id=world.elsewhere.id).one().project_id
    assert client.get(f"/moderation/garant/{own}").status_code == 200
    assert client.get(f"/moderation/garant/{own}/cas/{world.case_id}").status_code == 404


def test_no_post_of_moderation_succeeds_for_the_garant(client, world, app):
    """Every route of moderation that takes a POST, with what exists; only what any citizen may do (report, contest by link) is left out.
    Seen red with `appeal.read` given to whoever is signed in."""
    values = {
        "territory_slug": world.place.slug, "case_id": world.case_id, "appeal_id": world.appeal_id, "sanction_id": world.sanction_id,
        "decision_id": world.decision_id, "public_id": world.bruno.public_id, "content_id": world.text_id, "token": "x",
    }  # fmt: skip
    everybodys = {"moderation.report", "moderation.confirm_report"}
    rooms = {"moderation", "desk", "appeals", "sanctions", "garants", "transparency"}
    client.log_in(world.garant)
    answers = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.split(".")[0] not in rooms or "POST" not in rule.methods or rule.endpoint in everybodys:
            continue
        given = {name: values.get(name, 1) for name in rule.arguments}
        path = app.url_map.bind("localhost").build(rule.endpoint, given, method="POST")
        sent = {
            "version": "1",
            "verdict": "keep",
            "reasons": "Oui.",
            "outcome": "upheld",
            "answer": "Oui.",
            "facts": "x",
            "kind": "warning",
        }
        answers[rule.endpoint] = client.post(path, data=sent).status_code
    assert len(answers) >= 8
    assert {endpoint: status for endpoint, status in answers.items() if status < 400} == {}


def test_the_door_of_moderation_leads_the_garant_to_their_room(client, world):
    client.log_in(world.garant)
    assert client.get("/moderation/").location == "/moderation/garant/"
    client.log_in(world.bruno)
    assert client.get("/moderation/").status_code == 404


def test_the_case_leads_its_readers_to_propose_a_sanction(client, world):
    client.log_in(world.claire)
    page = client.get(f"/moderation/{world.place.slug}/cas/{world.case_id}").text
    assert f"/moderation/{world.place.slug}/sanctions/proposer/{world.bruno.public_id}" in page
