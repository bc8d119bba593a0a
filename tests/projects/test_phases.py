"""A project's phases: added, changed in place, removed; what the register keeps of it, and what the page says."""

import json
from datetime import timedelta

from sqlalchemy import select

from app.audit.models import AuditEntry
from app.contents import queries as contents
from app.contents import spaces
from app.contents.models import Phase, State
from app.core import clock
from app.core.db import db
from app.projects.models import Project
from app.territories.models import Territory
from tests.factories import make_content, make_person, make_territory
from tests.participation import CLOSES, OPENS, make_argument, make_debate

SENT = {"name": "Étude", "note": "Avec le bureau", "opens_at": "2030-01-01T00:00", "closes_at": "2030-02-01T00:00"}


def make_project(**values):
    return make_content(Project, territory=values.pop("territory", None) or make_territory(), **values)


def phased(project, *names):
    dates = {"opens_at": OPENS, "closes_at": CLOSES, "allows": []}
    spaces.set_dates(project, [Phase(name=name, note="", **dates) for name in names], by=None)
    db.commit()
    return contents.phases_of(project)


def desk(project, path=""):
    return f"/gestion/{db.get(Territory, project.territory_id).slug}/projets/{project.id}{path}"


def at_work(client, project):
    client.log_in(make_person(roles=[("manager", db.get(Territory, project.territory_id))]))


def changes(thing):
    query = select(AuditEntry.detail).where(AuditEntry.subject == f"content:{thing.id}", AuditEntry.act == spaces.DATES_CHANGED)
    return [json.loads(each) for each in db.scalars(query.order_by(AuditEntry.id))]


def version_in(page):
    return page.text.split('name="version" type="hidden" value="')[1].split('"')[0]


def test_a_phase_is_changed_where_it_is(client):
    project = make_project()
    first, second = phased(project, "Étude", "Travaux")
    at_work(client, project)
    form = client.get(desk(project, f"/phases/{second.id}"))
    assert 'value="Travaux"' in form.text
    sent = {**SENT, "name": "Chantier", "closes_at": "2030-03-01T00:00", "version": version_in(form)}
    assert client.post(desk(project, f"/phases/{second.id}"), data=sent).status_code == 302
    db.expire_all()
    assert {(each.id, each.name) for each in contents.phases_of(project)} == {(first.id, "Étude"), (second.id, "Chantier")}
    assert "Avec le bureau" in [each.note for each in contents.phases_of(project)]
    assert "Chantier" in client.get(f"/projets/{project.id}", follow_redirects=True).text


def test_the_phase_of_another_project_is_not_found_here(client):
    project, other = make_project(), make_project()
    (theirs,) = phased(other, "Étude")
    at_work(client, project)
    assert client.get(desk(project, f"/phases/{theirs.id}")).status_code == 404
    assert client.post(desk(project, f"/phases/{theirs.id}"), data=SENT).status_code == 404


def test_of_two_tabs_on_one_phase_the_second_sees_both_texts_and_may_send_its_own(client):
    project = make_project()
    (phase,) = phased(project, "Étude")
    at_work(client, project)
    address = desk(project, f"/phases/{phase.id}")
    read = version_in(client.get(address))
    assert client.post(address, data={**SENT, "name": "Étude d’impact", "version": read}).status_code == 302
    late = client.post(address, data={**SENT, "name": "Concertation", "closes_at": "2030-04-01T00:00", "version": read})
    assert late.status_code == 409
    assert "Étude d’impact" in late.text
    assert "vendredi 1er\u00a0février 2030 à 0 h" in late.text
    assert 'value="Concertation"' in late.text
    again = client.post(address, data={**SENT, "name": "Concertation", "version": version_in(late)})
    assert again.status_code == 302
    assert [each.name for each in contents.phases_of(project)] == ["Concertation"]


def test_the_other_phases_keep_their_address_when_one_is_added_or_removed(client):
    project = make_project()
    first, second = phased(project, "Étude", "Travaux")
    at_work(client, project)
    read = version_in(client.get(desk(project, f"/phases/{second.id}")))
    assert client.post(desk(project, "/phases"), data={**SENT, "name": "Bilan"}).status_code == 302
    assert client.post(desk(project, f"/phases/{first.id}/retirer")).status_code == 302
    assert client.post(desk(project, f"/phases/{second.id}"), data={**SENT, "name": "Chantier", "version": read}).status_code == 302
    assert sorted(each.name for each in contents.phases_of(project)) == ["Bilan", "Chantier"]


def test_an_end_before_the_beginning_is_said_beside_the_end(client):
    project = make_project()
    (phase,) = phased(project, "Étude")
    at_work(client, project)
    wrong = {**SENT, "closes_at": "2029-01-01T00:00", "version": spaces.version_of(phase)}
    page = client.post(desk(project, f"/phases/{phase.id}"), data=wrong)
    assert page.status_code == 422
    assert 'href="#closes_at"' in page.text
    assert 'value="2029-01-01T00:00"' in page.text


def test_two_tabs_on_a_project_show_both_texts_and_the_second_sending_is_meant(client):
    project = make_project(title="Une place")
    at_work(client, project)
    address = desk(project)
    sent = {"title": "Ma place", "summary": "La mienne.", "body": "Moi.", "project_kind": project.project_kind.value}
    read = version_in(client.get(address))
    assert client.post(address, data={**sent, "title": "Leur place", "summary": "La leur.", "version": read}).status_code == 302
    late = client.post(address, data={**sent, "version": read})
    assert late.status_code == 409
    assert 'value="Ma place"' in late.text
    assert "Leur place" in late.text
    assert "La leur." in late.text
    assert client.post(address, data={**sent, "version": version_in(late)}).status_code == 302
    assert "Ma place" in client.get(address).text


def test_a_change_of_dates_is_in_the_register_once_the_project_is_public():
    draft, public = make_project(state=State.DRAFT), make_project()
    agent = make_person()
    for project in (draft, public):
        (phase,) = phased(project, "Étude")
        dates = {"opens_at": OPENS, "closes_at": CLOSES + timedelta(days=9)}
        spaces.change_phase(project, phase.id, by=agent, seen=spaces.version_of(phase), **dates)
    assert changes(draft) == []
    assert changes(public)[-1]["end_before"] == CLOSES.isoformat()


def test_a_page_says_that_the_end_changed_once_people_had_taken_part(client, at):
    """H04."""
    at(OPENS + timedelta(days=3))
    project = make_project()
    debate = make_debate(territory=db.get(Territory, project.territory_id), project_id=project.id, opens_at=OPENS, closes_at=CLOSES)
    phased(project, "Étude")
    later = CLOSES + timedelta(days=9)
    pages = f"/projets/{project.id}", f"/debats/{debate.id}"

    def extend(end):
        for thing in (project, debate):
            phases = spaces.copies_of(thing)
            phases[0].closes_at = end
            spaces.set_dates(thing, phases, by=make_person())
        db.commit()

    extend(later)
    assert not [page for page in pages if "La date de fin a changé" in client.get(page, follow_redirects=True).text]
    make_argument(debate)
    assert (spaces.taken_part(project), spaces.taken_part(debate)) == (1, 1)
    extend(CLOSES)
    for page in pages:
        text = client.get(page, follow_redirects=True).text
        assert "La date de fin a changé le 4\u00a0janvier 2030" in text
        assert "dimanche 10\u00a0février 2030 à 1 h" in text
        assert "1 personne avait déjà participé." in text


def test_who_only_voted_on_the_debate_itself_has_taken_part():
    from app.contents import services

    debate = make_debate()
    make_debate(territory=make_territory())
    services.cast_vote(debate, person=make_person(), value="agree")
    assert spaces.taken_part(debate) == 1


def test_giving_an_end_to_what_had_none_is_said_too(at):
    at(OPENS)
    debate = make_debate()
    phases = spaces.copies_of(debate)
    phases[0].closes_at = None
    spaces.set_dates(debate, phases, by=None)
    make_argument(debate)
    phases = spaces.copies_of(debate)
    phases[0].closes_at = CLOSES
    spaces.set_dates(debate, phases, by=None)
    assert [each.before for each in spaces.ends_moved(debate)] == [None]
    assert "avant, il n’y en avait pas" in spaces.ends_moved(debate)[0].sentence()
    assert clock.now() == OPENS
