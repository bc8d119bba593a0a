"""The form of an agent: nothing typed is lost, nothing else is written."""

from datetime import date
from html.parser import HTMLParser

import pytest
from sqlalchemy import select

from app.contents import queries as contents
from app.contents import vocabularies
from app.contents.models import State
from app.core import clock
from app.core.db import db
from app.initiatives import queries, services, versions
from app.initiatives.models import Initiative, Step
from tests.factories import make_person, make_territory

FULL = {
    "title": "Marcher pour voir",
    "summary": "Quatre villages.",
    "sections": {"context": "Avant.", "method": "On **marche**.\n\n- un\n- deux", "pitfalls": "- Trop long"},
    "promoter": "Une ville, avec une association",
    "place": "Arras",
    "latitude": 50.291,
    "longitude": -2.5,
    "started_on": date(2024, 5, 1),
    "ended_on": date(2024, 6, 30),
    "steps": [{"when": "mai 2024", "what": "On part."}, {"when": "", "what": "On rentre."}],
    "participants": "187",
    "cost": "1 900 €",
    "cost_euros": 1900,
    "staff_time": "Onze jours",
    "contacts": [{"name": "Sylvie", "role": "chargée de mission", "email": "s@example.org", "phone": "03 21 00 00 00"}],
    "contacts_are_public": True,
    "sources": [
        {"title": "Bilan", "url": "https://example.org/bilan", "date": "mai 2025"},
        {"title": "Entretien"},
        {"url": "https://example.org"},
    ],
}


class Fields(HTMLParser):
    """What a browser would send of the page's main form, as it is."""

    def __init__(self, page):
        super().__init__()
        self.sent, self.select, self.area = [], None, None
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.inside = "bf-form" in attrs.get("class", "")
        if not self.inside:
            return
        if tag == "input" and attrs.get("name") and (attrs.get("type") not in {"checkbox", "radio"} or "checked" in attrs):
            value = attrs.get("value", "on")
            is_emptied = attrs.get("type") == "number" and not value.replace(".", "", 1).lstrip("-").isdigit()
            self.sent.append((attrs["name"], "" if is_emptied else value))  # browsers empty a number field that holds no number
        elif tag == "select":
            self.select = attrs["name"]
        elif tag == "option" and self.select and "selected" in attrs:
            self.sent.append((self.select, attrs["value"]))
        elif tag == "textarea":
            self.area = attrs["name"]
            self.sent.append((self.area, ""))

    def handle_data(self, data):
        if self.area:
            self.sent[-1] = (self.area, self.sent[-1][1] + data)

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        self.area = None if tag == "textarea" else self.area
        self.select = None if tag == "select" else self.select


def as_data(sent):
    data = {}
    for name, value in sent:
        data.setdefault(name, []).append(value.removeprefix("\r\n").replace("\n", "\r\n"))  # as browsers do
    return data


def sheet_of(person, place, kind="initiative", **given):
    values = FULL | given if kind == "initiative" else {"title": "T", "summary": "S", "sections": {}} | given
    sheet = services.create_sheet(kind, by=person, territory=place, **values)
    db.commit()
    return sheet.id


def test_a_form_sent_back_as_it_came_changes_nothing(client):
    """Every kind, every field: a field that the page shows empty would be emptied. Seen red with a comma in a number field."""
    place, curator = make_territory(), make_person(roles=[("curator", None)])
    for key in ("theme", "promoter", "licence", "level", "document_kind"):
        vocabularies.add_term(key, key, label=f"Un {key}", by=None)
    terms = {key: contents.terms_in(key)[0] for key in ("theme", "promoter", "licence", "level", "document_kind")}
    kept = {
        "initiative": [terms["theme"], terms["promoter"], terms["level"]],
        "document": [terms["theme"], terms["document_kind"], terms["licence"], terms["level"]],  # a list that its form does not have
        "tool": [terms["theme"], terms["licence"]],
    }
    facts = {
        "initiative": {},
        "document": {
            "writer": "Nous",
            "issued_on": date(2024, 1, 2),
            "issued_year": 2024,
            "licence": "X",
            "address": "https://example.org/a",
        },
        "tool": {"price": "0", "hosting": "Ici", "licence": "Y", "address": "https://example.org/b", "language": "nl"},
    }
    ids = [sheet_of(curator, place, kind, terms=kept[kind], **facts[kind]) for kind in kept]
    client.log_in(curator)
    for sheet_id in ids:
        page = client.get(f"/catalogue/{sheet_id}/modifier")
        sent = client.post(f"/catalogue/{sheet_id}/modifier", data=as_data(Fields(page.text).sent))
        assert sent.status_code == 302
        sheet = queries.get_sheet(sheet_id)
        new, old = contents.revisions_of(sheet)
        assert versions.compare(sheet.kind, old.fields, new.fields) == []
        assert sheet.territory_id == place.id
        assert sheet.language == ("nl" if sheet.kind == "tool" else "fr")


def test_rows_are_added_removed_and_kept_when_refused(client):
    place = make_territory()
    agent = make_person(roles=[("manager", place)])
    sheet_id = sheet_of(agent, place)
    client.log_in(agent)
    data = as_data(Fields(client.get(f"/catalogue/{sheet_id}/modifier").text).sent)
    data |= {"steps-0-what": [""], "steps-0-when": [""], "steps-2-when": ["juillet"], "steps-2-what": ["On recommence."]}
    refused = client.post(f"/catalogue/{sheet_id}/modifier", data=data | {"latitude": ["ici"], "contacts-1-email": ["a@example.org"]})
    assert refused.status_code == 422
    assert "On recommence." in refused.text
    assert "Un nombre de degrés, comme 50,7236." in refused.text
    nameless = client.post(f"/catalogue/{sheet_id}/modifier", data=data | {"contacts-1-email": ["a@example.org"]})
    assert nameless.status_code == 422
    assert "Donnez un nom, ou un service, à chaque contact." in nameless.text
    assert client.post(f"/catalogue/{sheet_id}/modifier", data=data).status_code == 302
    assert db.get(Initiative, sheet_id).steps == [{"when": "", "what": "On rentre."}, {"when": "juillet", "what": "On recommence."}]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"latitude": "91"}, "Entre −90 et 90 degrés."),
        ({"longitude": "-181"}, "Entre −180 et 180 degrés."),
        ({"latitude": "nan"}, "Un nombre de degrés"),
        ({"longitude": ""}, "Donnez la latitude et la longitude, ou aucune des deux."),
        ({"cost_euros": "-1"}, "Un nombre d’euros"),
        ({"ended_on": "2020-01-01"}, "La fin doit suivre le début."),
        ({"steps-0-what": ""}, "Dites ce qui s’est passé à chaque date."),
        ({"title": "\x00"}, "signe qui ne peut pas être enregistré"),
    ],
)
def test_what_does_not_hold_is_refused_beside_its_field(client, given, sentence):
    place = make_territory()
    agent = make_person(roles=[("manager", place)])
    sheet_id = sheet_of(agent, place)
    client.log_in(agent)
    data = as_data(Fields(client.get(f"/catalogue/{sheet_id}/modifier").text).sent)
    refused = client.post(f"/catalogue/{sheet_id}/modifier", data=data | {name: [value] for name, value in given.items()})
    assert refused.status_code == 422
    assert sentence in refused.text


def test_the_second_of_two_sees_both_texts_field_by_field(client):
    place = make_territory()
    agent = make_person(roles=[("manager", place)])
    sheet_id = sheet_of(agent, place)
    client.log_in(agent)
    data = as_data(Fields(client.get(f"/catalogue/{sheet_id}/modifier").text).sent)
    services.edit_sheet(db.get(Initiative, sheet_id), by=agent, seen=1, terms=[], **FULL | {"cost": "2 500 €"})
    db.commit()
    late = client.post(f"/catalogue/{sheet_id}/modifier", data=data | {"context": ["Depuis toujours."]})
    assert late.status_code == 409
    assert "Depuis toujours." in late.text
    shown = late.text[late.text.index("clashes") : late.text.index("<form")]
    assert "<del>" in shown
    assert "2 500" in shown
    assert "1 900" in shown
    assert "Méthode</h3>" not in shown  # what is the same is not shown
    again = client.post(f"/catalogue/{sheet_id}/modifier", data=as_data(Fields(late.text).sent))
    assert again.status_code == 302
    assert db.get(Initiative, sheet_id).section("context")["source"] == "Depuis toujours."


def test_m01_no_form_writes_what_it_does_not_show(client):
    """Mass assignment: every column that the forms do not have, sent with them. Seen red with `setattr` over the whole form's names."""
    place, other = make_territory(), make_territory()
    agent, citizen = make_person(roles=[("manager", place)]), make_person()
    smuggled = {
        "step": "published",
        "state": "published",
        "is_public": "1",
        "points": "99",
        "review_on": "2099-01-01",
        "reviewer_id": str(agent.id),
        "checklist": "true",
        "author_id": "1",
        "voice": "official",
        "origin": "imported",
        "source": "x",
        "byline": "Le maire",
        "revision": "9",
        "created_at": "2000-01-01",
        "published_at": "2000-01-01",
        "territory_id": str(other.id),
        "body_html": "<script>",
        "sections": "[]",
        "id": "1",
    }
    client.log_in(agent)
    data = {"title": "T", "summary": "S", "level": "0", "promoter_term": "0", "version": "1", **smuggled}
    made = client.post("/catalogue/nouvelle/initiative", data=data | {"territory": str(place.id)})
    sheet = db.get(Initiative, int(made.location.rsplit("/", 1)[-1].split("-")[0]))
    assert client.post(f"/catalogue/{sheet.id}/modifier", data=data | {"territory": str(other.id)}).status_code == 302
    client.log_in(citizen)
    told = {"title": "T", "story": "Une histoire.", "territory": "0", "contacts_are_public": "y", "contacts-0-name": "Moi", **smuggled}
    made = client.post("/catalogue/signaler", data=told)
    reported = db.get(Initiative, int(made.location.rsplit("/", 1)[-1].split("-")[0]))
    db.expire_all()
    sheet, reported = db.scalars(select(Initiative).order_by(Initiative.id)).all()
    assert (sheet.step, sheet.state, sheet.is_public, sheet.territory_id) == (Step.DRAFT, State.DRAFT, False, place.id)
    assert (reported.step, reported.state, reported.is_public, reported.territory_id) == (Step.PROPOSED, State.PENDING, False, None)
    for each, author in ((sheet, agent), (reported, citizen)):
        assert (each.points < 9, each.review_on, each.reviewer_id, each.checklist) == (True, None, None, [])
        assert (each.author_id, each.origin, each.source, each.published_at) == (author.id, "online", None, None)
        assert each.created_at.year == clock.now().year
        assert "script" not in each.body_html
    assert (sheet.voice, reported.voice, reported.contacts, reported.contacts_are_public) == ("official", "citizen", [], False)


def test_x02_x04_hostile_texts_are_shown_as_text_on_every_page_of_the_work(client):
    """In every field of a sheet, a remark, a list, a move: each page that shows them. Seen red with `|safe` in `differences.html`."""
    from app.initiatives import remarks

    hostile = "\"><img src=x onerror=alert(1)><script>alert(1)</script>'{{7*7}}"
    curator = make_person(roles=[("curator", None)], name=hostile)
    term = vocabularies.add_term("theme", "Thèmes", label=hostile[:60], note=hostile, by=curator)
    words = dict.fromkeys(("promoter", "place", "participants", "cost", "staff_time"), hostile)
    sections = dict.fromkeys(("context", "results", "practices", "pitfalls"), hostile)
    rows = {"steps": [{"when": hostile[:60], "what": hostile}], "contacts": [{"name": hostile, "role": hostile, "email": hostile}]}
    common = {"title": hostile, "summary": hostile, "sections": sections, "sources": [{"title": hostile, "date": hostile}], **words, **rows}
    sheet = services.create_sheet("initiative", by=curator, territory=None, terms=[term], **common)
    services.edit_sheet(sheet, by=curator, seen=1, terms=[], **common | {"title": hostile + "2", "contacts_are_public": True})
    services.propose(sheet, by=curator)
    services.take(sheet, by=curator)
    remarks.remark(sheet, on="title", body=hostile, by=curator)
    remarks.resolve(remarks.remark(sheet, on="", body=hostile, by=curator), by=curator)
    other = vocabularies.add_term("theme", "Thèmes", label="Autre", by=curator)
    db.commit()
    client.log_in(curator)
    pages = ["", "/relecture", "/modifier", "/versions", "/fichiers"]
    paths = [f"/catalogue/{sheet.id}{page}" for page in pages]
    paths += ["/gestion/region/catalogue/?vue=review", "/gestion/region/vocabulaires/theme", "/gestion/region/vocabulaires/promoter"]
    paths += [f"/gestion/region/vocabulaires/theme/{term.id}", f"/gestion/region/vocabulaires/theme/{other.id}/fusionner"]
    paths += [f"/gestion/region/catalogue/{sheet.id}/renvoyer"]
    for path in paths:
        page = client.get(path)
        assert page.status_code == 200, path
        assert "<script>alert(1)" not in page.text, path
        assert "<img src=x" not in page.text, path
        assert "'49" not in page.text, path
    late = client.post(
        f"/catalogue/{sheet.id}/modifier", data={"title": hostile + "3", "summary": hostile, "version": "1", "territory": "0"}
    )
    assert late.status_code == 409
    assert "<script>alert(1)" not in late.text
    assert "<img src=x" not in late.text
