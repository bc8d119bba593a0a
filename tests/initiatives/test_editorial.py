"""The pages of the work on sheets: reports of citizens, reviews, versions, the desk, the lists."""

import re

from sqlalchemy import select

from app.contents import queries as contents
from app.contents import vocabularies
from app.contents.models import State
from app.core.db import db
from app.initiatives import remarks, services
from app.initiatives.models import Initiative, Move, Step
from app.notifications.models import Notification
from tests.factories import make_person, make_territory

DESK = "/gestion/region/catalogue/"


def sheet_of(person, place=None, **given):
    values = {"title": "Marcher pour voir", "summary": "Quatre villages.", "sections": {"method": "On marche."}} | given
    sheet = services.create_sheet("initiative", by=person, territory=place, **values)
    db.commit()
    return sheet


def the_only_one():
    return db.scalars(select(Initiative)).one()


def test_a_visitor_is_offered_the_door_and_a_citizen_reports(client):
    assert "Se connecter pour signaler" in client.get("/catalogue/signaler").text
    assert client.post("/catalogue/signaler", data={"title": "X", "story": "Y"}).status_code == 401
    client.log_in(make_person(confirmed=False))
    assert "Confirmez d’abord votre adresse" in client.get("/catalogue/signaler").text
    citizen, place = make_person(), make_territory()
    client.log_in(citizen)
    refused = client.post("/catalogue/signaler", data={"title": "Un café", "story": "", "territory": "0", "year": "12"})
    assert refused.status_code == 422
    assert "Un café" in refused.text
    told = {"title": "Un café", "story": "Deux mères **ont** installé une table.", "territory": str(place.id), "year": "2024"}
    sent = client.post("/catalogue/signaler", data=told | {"known_by": "L’école | https://example.org"})
    assert sent.status_code == 302
    sheet = the_only_one()
    assert (sheet.step, sheet.state, sheet.voice, sheet.territory_id) == (Step.PROPOSED, State.PENDING, "citizen", place.id)
    assert (sheet.summary, sheet.started_on.year) == ("Deux mères ont installé une table.", 2024)
    assert sheet.sources == [{"title": "L’école", "url": "https://example.org"}]
    assert client.get(sent.location).status_code == 200
    assert client.application.test_client().get(sent.location).status_code == 404


def test_a_citizen_completes_what_they_reported_until_it_is_published(client):
    citizen, curator = make_person(), make_person(roles=[("curator", None)])
    sheet = services.suggest(by=citizen, territory=None, title="Un café", summary="Une table.", sections={"method": "Une table."})
    services.edit_sheet(
        sheet, by=curator, seen=1, title="Un café", summary="Une table.", sections={"method": "Une table.", "aims": "Parler."}, terms=[]
    )
    db.commit()
    client.log_in(citizen)
    assert client.get(f"/catalogue/{sheet.id}/modifier").status_code == 403
    late = client.post(
        f"/catalogue/{sheet.id}/completer", data={"title": "Un café", "story": "Et un thermos.", "territory": "0", "version": "1"}
    )
    assert late.status_code == 409
    assert "Et un thermos." in late.text
    saved = client.post(
        f"/catalogue/{sheet.id}/completer", data={"title": "Un café", "story": "Et un thermos.", "territory": "0", "version": "2"}
    )
    assert saved.status_code == 302
    sheet = the_only_one()
    assert {section["key"]: section["source"] for section in sheet.sections} == {"aims": "Parler.", "method": "Et un thermos."}
    services.publish(sheet, by=curator)
    db.commit()
    assert client.post(f"/catalogue/{sheet.id}/completer", data={"title": "X", "story": "Y", "version": "3"}).status_code == 403


def test_a_curator_takes_ticks_comments_and_the_author_answers(client):
    place = make_territory()
    agent, curator = make_person(roles=[("manager", place)]), make_person(roles=[("curator", None)], name="Claire")
    sheet = sheet_of(agent, place)
    services.propose(sheet, by=agent)
    db.commit()
    client.log_in(curator)
    assert "Marcher pour voir" in client.get(f"{DESK}?vue=proposed").text
    assert "0 point vérifié sur" in client.get(f"/catalogue/{sheet.id}/relecture").text
    assert client.post(f"{DESK}{sheet.id}/verifier", data={"checked": ["plain", "true"]}).status_code == 302
    page = client.get(f"/catalogue/{sheet.id}/relecture").text
    assert "2 points vérifiés sur 8" in page
    asked = client.post(f"/catalogue/{sheet.id}/relecture", data={"field": "cost", "body": "Combien ?"})
    assert asked.status_code == 302
    assert client.post(f"/catalogue/{sheet.id}/relecture", data={"field": "points", "body": "X"}).status_code == 422
    assert "relue par Claire" in client.get(f"{DESK}?vue=review&relecture=moi").text
    client.log_in(agent)
    assert "Combien ?" in client.get(f"/catalogue/{sheet.id}/modifier").text
    (thread,) = remarks.threads_of(the_only_one())
    answered = client.post(
        f"/catalogue/{sheet.id}/relecture", data={"answers": str(thread.first.id), "field": "title", "body": "Dix euros."}
    )
    assert answered.status_code == 302
    assert client.post(f"/catalogue/{sheet.id}/remarques/{thread.first.id}/resoudre").status_code == 403
    (thread,) = remarks.threads_of(the_only_one())
    assert (thread.last.body, thread.last.field) == ("Dix euros.", "cost")
    client.log_in(curator)
    assert "Marcher pour voir" in client.get(f"{DESK}?vue=answers").text
    assert client.post(f"/catalogue/{sheet.id}/remarques/{thread.first.id}/resoudre").status_code == 302
    assert client.post(f"/catalogue/{sheet.id}/remarques/{thread.first.id}/rouvrir").status_code == 302
    assert client.get(f"/catalogue/{sheet.id}/relecture?reponse={thread.first.id}").status_code == 200
    assert client.get(f"/catalogue/{sheet.id}/relecture?reponse=9999").status_code == 404
    assert client.post(f"{DESK}{sheet.id}/publier").status_code == 302
    moves = db.scalars(select(Move).order_by(Move.id)).all()
    assert [(each.before, each.after) for each in moves] == [
        (Step.DRAFT, Step.PROPOSED),
        (Step.PROPOSED, Step.REVIEW),
        (Step.REVIEW, Step.PUBLISHED),
    ]
    assert the_only_one().reviewer_id is None
    assert db.scalars(select(Notification.template).where(Notification.person_id == agent.id)).all() == ["sheet_published"]


def test_an_agent_of_elsewhere_neither_reads_nor_discusses_what_is_not_published(client):
    place = make_territory()
    sheet = sheet_of(make_person(roles=[("manager", place)]), place)
    client.log_in(make_person(roles=[("manager", make_territory())]))
    for page in ("", "/relecture", "/versions", "/modifier", "/fichiers", "/completer"):
        assert client.get(f"/catalogue/{sheet.id}{page}").status_code == 404, page
    assert client.post(f"/catalogue/{sheet.id}/relecture", data={"field": "", "body": "X"}).status_code == 404
    assert client.get(DESK).status_code == 404
    assert client.post(f"{DESK}{sheet.id}/prendre").status_code == 404
    assert client.get("/gestion/region/vocabulaires/theme").status_code == 404


def test_contacts_are_for_agents_unless_the_sheet_says_so(client):
    """Each kind of reader, the page kept for all included. Seen red with contacts in the shared body whatever the sheet says."""
    place, curator = make_territory(), make_person(roles=[("curator", None)])
    contacts = [{"name": "Sylvie", "phone": "03 21 00 00 00"}]
    sheets = [sheet_of(curator, place, contacts=contacts, contacts_are_public=shown) for shown in (False, True)]
    for sheet in sheets:
        services.publish(sheet, by=curator)
    db.commit()

    def reads(person, sheet):
        reader = client.application.test_client()
        if person:
            reader.log_in(person)
        return "03 21 00 00 00" in reader.get(f"/catalogue/{sheet.id}").text

    elsewhere = make_person(roles=[("moderator", make_territory())])
    assert [reads(who, sheets[0]) for who in (elsewhere, None, make_person(), curator)] == [True, False, False, True]
    assert [reads(who, sheets[1]) for who in (None, make_person())] == [True, True]


def test_an_archived_sheet_still_answers_and_says_why(client):
    curator = make_person(roles=[("curator", None)])
    sheet = sheet_of(curator)
    services.publish(sheet, by=curator)
    db.commit()
    client.log_in(curator)
    assert client.post(f"{DESK}{sheet.id}/archiver", data={"note": ""}).status_code == 422
    assert client.post(f"{DESK}{sheet.id}/archiver", data={"note": "Le dispositif n’existe plus."}).status_code == 302
    sheet = the_only_one()
    assert (sheet.step, sheet.state, sheet.is_public) == (Step.ARCHIVED, State.ARCHIVED, False)
    page = client.application.test_client().get(f"/catalogue/{sheet.id}")
    assert page.status_code == 200
    assert "Le dispositif n’existe plus." in page.text
    assert client.post(f"{DESK}{sheet.id}/restaurer").status_code == 302
    assert the_only_one().is_public


def test_what_moderation_removed_is_not_read_because_it_was_once_archived(client):
    """Only the archive of the catalogue leaves an address open; any other state that is not public is a 404."""
    sheet_id = sheet_of(make_person(roles=[("curator", None)])).id
    for state in (State.HIDDEN, State.REMOVED, State.ARCHIVED):
        db.execute(Initiative.__table__.update().values(step="archived" if state != State.ARCHIVED else "published"))
        db.execute(Initiative.__mapper__.local_table.metadata.tables["contents"].update().values(state=state.value, is_public=False))
        db.commit()
        db.expire_all()
        assert client.get(f"/catalogue/{sheet_id}").status_code == 404, state


def test_a_sheet_is_confirmed_fresh_until_a_day_to_come(client):
    curator = make_person(roles=[("curator", None)])
    sheet = sheet_of(curator)
    services.publish(sheet, by=curator)
    db.commit()
    client.log_in(curator)
    past = client.post(f"{DESK}{sheet.id}/confirmer", data={"review_on": "2020-01-01"})
    assert past.status_code == 422
    assert "Choisissez un jour à venir." in past.text
    assert client.post(f"{DESK}{sheet.id}/confirmer", data={"review_on": "2099-01-01"}).status_code == 302
    assert the_only_one().review_on.year == 2099


def test_its_territory_edits_a_published_sheet_only_when_it_is_due(client, at):
    from datetime import timedelta

    from app.core import clock

    place = make_territory()
    agent, curator = make_person(roles=[("manager", place)]), make_person(roles=[("curator", None)])
    sheet = sheet_of(agent, place)
    services.publish(sheet, by=curator)
    db.commit()
    client.log_in(agent)
    assert client.get(f"/catalogue/{sheet.id}/modifier").status_code == 403
    at(clock.now() + timedelta(days=services.REVIEWED_EVERY))
    client.log_in(agent)
    assert "n’a pas été relue depuis longtemps" in client.get(f"/catalogue/{sheet.id}").text
    assert client.get(f"/catalogue/{sheet.id}/modifier").status_code == 200


def test_versions_are_read_and_compared(client):
    curator = make_person(roles=[("curator", None)])
    sheet = sheet_of(curator)
    for n in (1, 2):
        services.edit_sheet(sheet, by=curator, seen=n, title=f"Titre {n}", summary="x", sections={}, terms=[])
    db.commit()
    client.log_in(curator)
    page = client.get(f"/catalogue/{sheet.id}/versions").text
    assert "De la version 2 à la version 3" in page
    far = client.get(f"/catalogue/{sheet.id}/versions?version=3&avec=1").text
    assert re.search(r"<del>.*On marche", far)
    for odd in ("version=99", "version=0"):
        assert client.get(f"/catalogue/{sheet.id}/versions?{odd}").status_code == 404
    assert client.get(f"/catalogue/{sheet.id}/versions?version=%27&avec=-1").status_code == 200


def test_a_theme_is_added_to_the_sheets_ticked(client):
    curator = make_person(roles=[("curator", None)])
    theme = vocabularies.add_term("theme", "Thèmes", label="Eau", by=None)
    one, two = sheet_of(curator), sheet_of(curator, title="Autre", terms=[theme])
    db.commit()
    client.log_in(curator)
    done = client.post(f"{DESK}themes", data={"sheet": [str(one.id), str(two.id), "9999", "x"], "theme": str(theme.id), "vue": "draft"})
    assert (done.status_code, done.location) == (302, f"{DESK}?vue=draft")
    assert "ajouté à 1 fiche" in client.get(f"{DESK}?vue=draft").text
    found = contents.terms_of([one.id, two.id])
    assert [len(found[each.id]["theme"]) for each in (one, two)] == [1, 1]
    assert db.get(Initiative, one.id).revision == 2
    for nothing in ({"theme": str(theme.id)}, {"sheet": str(one.id), "theme": "0"}):
        assert client.post(f"{DESK}themes", data=nothing).status_code == 302


def test_curators_keep_the_lists(client):
    client.log_in(make_person(roles=[("curator", None)], name="Claire"))
    base = "/gestion/region/vocabulaires/"
    assert client.get(base).status_code == 200
    assert client.get(base + "rien").status_code == 404
    assert client.post(base + "theme", data={"label": "Eau", "note": "Rivières et mares"}).status_code == 302
    twice = client.post(base + "theme", data={"label": "EAU"})
    assert twice.status_code == 422
    assert "déjà dans cette liste" in twice.text
    assert client.post(base + "theme", data={"label": "Vélo"}).status_code == 302
    eau, velo = contents.terms_in("theme")
    assert client.post(f"{base}theme/{velo.id}", data={"label": "Vélo et marche", "uri": "https://example.org/velo"}).status_code == 302
    assert client.post(f"{base}theme/{velo.id}/deplacer", data={"sens": "haut"}).status_code == 302
    assert [term.label for term in contents.terms_in("theme")] == ["Vélo et marche", "Eau"]
    assert client.get(f"{base}level/{velo.id}").status_code == 404  # another list's
    assert '<option value="0">Choisissez…' in client.get(f"{base}theme/{eau.id}/fusionner").text
    assert client.post(f"{base}theme/{eau.id}/fusionner", data={"into": "0"}).status_code == 422  # nothing is merged by default
    assert client.post(f"{base}theme/{eau.id}/fusionner", data={"into": str(eau.id)}).status_code == 422
    assert client.post(f"{base}theme/{eau.id}/fusionner", data={"into": str(velo.id)}).status_code == 302
    page = client.get(base + "theme").text
    assert "Claire" in page
    assert "« Eau » → « Vélo et marche »" in page
    assert client.get(f"{base}theme/historique").status_code == 200
    assert "<code>eau</code>" in client.get(f"{base}theme/{velo.id}").text


def test_a_promoter_written_by_hand_enters_the_list_and_its_sheets(client):
    curator = make_person(roles=[("curator", None)])
    ids = [sheet_of(curator, promoter=name).id for name in ("Ville d’Hem", "Ville d’Hem", "Autre")]
    client.log_in(curator)
    page = client.get("/gestion/region/vocabulaires/promoter").text
    assert "Ville d’Hem" in page
    assert client.post("/gestion/region/vocabulaires/promoter/adopter", data={"words": "Ville d’Hem"}).status_code == 302
    found = contents.terms_of(ids)
    assert [[term.label for term in found[each].get("promoter", [])] for each in ids] == [["Ville d’Hem"], ["Ville d’Hem"], []]
    assert services.promoters_in_words() == [("Autre", 1)]


def test_an_image_needs_its_text_and_is_shown_with_it(client):
    from io import BytesIO

    from PIL import Image

    def picture():
        packed = BytesIO()
        Image.new("RGB", (40, 30), "white").save(packed, "PNG")
        packed.seek(0)
        return packed, "plan.png"

    curator = make_person(roles=[("curator", None)])
    sheet = sheet_of(curator)
    client.log_in(curator)
    refused = client.post(f"/catalogue/{sheet.id}/fichiers", data={"file": picture(), "title": "Le plan", "alt": ""})
    assert refused.status_code == 422
    assert "Dites en une phrase ce que montre l’image" in refused.text
    sent = client.post(f"/catalogue/{sheet.id}/fichiers", data={"file": picture(), "title": "Le plan", "alt": "Un plan à huit arrêts"})
    assert sent.status_code == 302
    page = client.get(f"/catalogue/{sheet.id}").text
    assert re.search(r'<img src="/fichiers/\d+[^"]*" alt="Un plan à huit arrêts" width="40" height="30"', page)
    (row,) = contents.attachments_of(sheet)
    described = client.post(f"/catalogue/{sheet.id}/fichiers/{row.id}", data={"title": "Le plan", "alt": "Un plan"})
    assert described.status_code == 302
    assert client.post(f"/catalogue/{sheet.id}/fichiers/{row.id}/retirer").status_code == 302
    assert contents.attachments_of(sheet) == []
    assert client.post(f"/catalogue/{sheet.id}/fichiers/{row.id}/retirer").status_code == 404
