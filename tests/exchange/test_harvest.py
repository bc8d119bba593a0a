"""What others publish comes in as proposed sheets, is kept up to date, never over local work, and leaves with its source."""

import json

import pytest
from sqlalchemy import select

from app.contents.models import Content, State
from app.core.db import db
from app.core.fetch import Fetched, Unreachable
from app.exchange import harvest, readers
from app.exchange.models import HarvestedSheet, HarvestSource, SourceKind
from app.initiatives import queries, services
from app.initiatives.models import Step
from tests.factories import make_person, make_territory

BILLION = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><feed><entry><title>&b;</title></entry></feed>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&e;</title></item></channel></rss>"""
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Fil</title>
<entry><id>urn:1</id><title>Un &lt;b&gt;marché&lt;/b&gt;</title><link href="/marche"/><summary>Tous les mardis.</summary>
<content type="html">&lt;h2&gt;Contexte&lt;/h2&gt;&lt;p onclick="x()"&gt;Le bourg.&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;</content></entry>
<entry><id>urn:2</id><title></title></entry></feed>"""
RSS = """<rss><channel><item><guid>7</guid><title>Une lettre</title><link>https://ailleurs.example/7</link><description>Du texte.</description></item></channel></rss>"""


@pytest.fixture
def web(monkeypatch):
    """address → body; whatever is not there does not answer."""
    pages: dict[str, object] = {}

    def fetch(url, **_asked):
        found = pages.get(url)
        if found is None:
            raise Unreachable("no_answer", "Ce site ne répond pas correctement.")
        body = found if isinstance(found, bytes) else found.encode() if isinstance(found, str) else json.dumps(found).encode()
        return Fetched(200, url, {}, body)

    monkeypatch.setattr(readers, "fetch", fetch)
    return pages


@pytest.fixture
def curator(app):
    return make_person(roles=[("curator", None)])


def source_of(curator, kind, url) -> int:
    place = make_territory(short_name="Lomme")
    made = harvest.save_source(None, by=curator, name="Ailleurs", kind=kind, url=url, territory=place, every_hours=24, is_active=True)
    db.commit()
    return made.id


def reap(source_id: int) -> HarvestSource:
    db.commit()
    harvest.run(source_id)
    return db.scalars(select(HarvestSource).where(HarvestSource.id == source_id).execution_options(populate_existing=True)).one()


def sheets() -> list:
    ids = db.scalars(select(HarvestedSheet.content_id).order_by(HarvestedSheet.id)).all()
    db.expire_all()
    return [queries.get_sheet(sheet_id) for sheet_id in ids]


def remote(*titles, **more) -> dict:
    items = [
        {
            "identifier": f"https://nord.example/contributions/{n}",
            "kind": "initiative",
            "title": title,
            "summary": "Dit.",
            "facts": {},
            "sections": [],
            "url": f"https://nord.example/contributions/{n}",
        }
        for n, title in enumerate(titles, 1)
        if title
    ]
    return {"total": len(items), "page": 1, "pages": 1, "items": items} | more


HERE = "https://nord.example/api/v1/catalogue?page=1"


def test_another_beffroi_is_harvested_and_followed(curator, web):
    source_id = source_of(curator, "beffroi", "https://nord.example/")
    web[HERE] = remote("Un budget", "Un jury")
    assert reap(source_id).counts["added"] == 2
    one, _two = sheets()
    assert (one.title, one.step, one.state, one.byline) == ("Un budget", Step.PROPOSED, State.PENDING, "Ailleurs")
    assert one.sources[0]["url"] == "https://nord.example/contributions/1"
    assert reap(source_id).counts["added"] == 0
    web[HERE] = remote("Un budget de quartier", "Un jury")
    assert reap(source_id).counts == {"found": 2, "added": 0, "updated": 1, "kept": 0, "withdrawn": 0, "refused": 0}
    assert sheets()[0].title == "Un budget de quartier"
    assert sheets()[0].revision == 2


def test_local_work_is_never_written_over(curator, web):
    """Seen red without the comparison of revisions in `take`."""
    source_id = source_of(curator, "beffroi", "https://nord.example/")
    web[HERE] = remote("Un budget")
    reap(source_id)
    (sheet,) = sheets()
    services.edit_sheet(sheet, by=curator, seen=1, title="Notre titre", summary="Relu.", sections={}, terms=[])
    web[HERE] = remote("Titre de la source")
    assert reap(source_id).counts["kept"] == 1
    assert sheets()[0].title == "Notre titre"
    row = db.scalars(select(HarvestedSheet)).one()
    assert row.changed_at is not None
    harvest.settle(row)
    assert row.changed_at is None


@pytest.mark.parametrize("published", [False, True])
def test_what_the_source_withdraws_is_withdrawn_if_nobody_touched_it(curator, web, published):
    source_id = source_of(curator, "beffroi", "https://nord.example/")
    web[HERE] = remote("Un budget", "Un jury", "Reste")
    reap(source_id)
    touched, untouched, _stays = sheets()
    if published:
        services.publish(untouched, by=curator)
    services.edit_sheet(touched, by=curator, seen=1, title="Notre titre", summary="Relu.", sections={}, terms=[])
    web[HERE] = remote("", "", "Reste")
    assert reap(source_id).counts["withdrawn"] == 2
    touched, untouched, stays = sheets()
    assert untouched.state == (State.ARCHIVED if published else State.WITHDRAWN)
    assert touched.state == State.PENDING
    assert stays.state == State.PENDING
    assert len(db.scalars(select(HarvestedSheet).where(HarvestedSheet.withdrawn_at.is_not(None))).all()) == 2


def test_an_answer_cut_short_withdraws_nothing(curator, web):
    source_id = source_of(curator, "beffroi", "https://nord.example/")
    web[HERE] = remote("Un budget", "Un jury")
    reap(source_id)
    for wrong in ({"items": []}, {"items": "?"}, "<html>", remote("Un budget", pages=2)):
        web[HERE] = wrong
        reap(source_id)
        assert [sheet.state for sheet in sheets()] == [State.PENDING, State.PENDING]
    assert reap(source_id).problem


def test_a_feed_brings_what_it_has_and_its_html_is_cleaned(curator, web):
    source_id = source_of(curator, "feed", "https://ailleurs.example/fil")
    web["https://ailleurs.example/fil"] = ATOM
    counts = reap(source_id).counts
    assert (counts["added"], counts["refused"]) == (1, 1)
    (sheet,) = sheets()
    assert sheet.title == "Un marché"
    assert sheet.summary == "Tous les mardis."
    assert [(s["key"], str(s["html"])) for s in sheet.sections] == [("context", "<h3>Contexte</h3><p>Le bourg.</p>")]
    assert sheet.sources[0]["url"] == "https://ailleurs.example/marche"
    web["https://ailleurs.example/fil"] = RSS
    assert reap(source_id).counts["withdrawn"] == 0


@pytest.mark.parametrize("bad", [BILLION, OUTSIDE, "<feed", "", "<a>" * 50_000, b"\xff\xfe\x00"])
def test_s03_bad_xml_is_one_sentence_and_nothing_comes_in(curator, web, bad):
    source_id = source_of(curator, "feed", "https://ailleurs.example/fil")
    web["https://ailleurs.example/fil"] = bad
    assert "fil Atom ou RSS" in reap(source_id).problem
    assert sheets() == []


def test_a_decidim_is_harvested_by_its_api(curator, web):
    source_id = source_of(curator, "decidim", "https://decidim.example/processes?x=1")
    title = {"translations": [{"locale": "en", "text": "Budget"}, {"locale": "fr", "text": "Budget 2025"}]}
    process = {
        "id": "3",
        "slug": "budget",
        "title": title,
        "description": {"translations": [{"locale": "fr", "text": "<p>Dix projets.</p>"}]},
    }
    web["https://decidim.example/api"] = {
        "data": {"participatoryProcesses": [process | {"startDate": "2025-01-02", "endDate": "2024-01-01"}, None, {}]}
    }
    counts = reap(source_id).counts
    assert (counts["added"], counts["refused"]) == (1, 2)
    (sheet,) = sheets()
    assert (sheet.title, str(sheet.started_on), sheet.ended_on) == ("Budget 2025", "2025-01-02", None)
    assert sheet.sources[0]["url"] == "https://decidim.example/processes/budget"


def test_a_table_at_an_address_is_harvested(curator, web):
    source_id = source_of(curator, "table", "https://ailleurs.example/open.csv")
    web["https://ailleurs.example/open.csv"] = "id;title/fr;body/fr\n1;Un banc;Pour la place\n2;;Rien\n"
    counts = reap(source_id).counts
    assert (counts["added"], counts["refused"]) == (1, 1)
    assert sheets()[0].sections[0]["source"] == "Pour la place"


def test_our_own_sheets_do_not_come_back_by_another_road(app, curator, web):
    mine = services.create_sheet("initiative", by=curator, territory=None, title="À nous", summary="", sections={})
    db.commit()
    source_id = source_of(curator, "beffroi", "https://nord.example/")
    from app.exchange.rows import identifier_of

    answer = remote("À nous")
    answer["items"][0]["identifier"] = identifier_of(mine.id)
    web[HERE] = answer
    assert reap(source_id).counts["added"] == 0
    assert len(db.scalars(select(Content.id).where(Content.kind == "initiative")).all()) == 1


def test_only_public_addresses_become_sources_and_one_that_fails_is_tried_again(client, curator, web):
    client.log_in(curator)
    given = {"name": "X", "kind": "feed", "territory": "0", "every_hours": "24", "is_active": "y"}
    for url in ("http://127.0.0.1:8000/", "file:///etc/passwd", "ftp://x.example/"):
        refused = client.post("/gestion/region/catalogue/moissons/ajouter", data={**given, "url": url})
        if url.startswith("http://127"):
            assert refused.status_code == 422  # its port; the address itself is refused when it is asked
        assert refused.status_code == 422
    page = client.get(
        client.post("/gestion/region/catalogue/moissons/ajouter", data={**given, "url": "https://ailleurs.example/fil"}).location
    )
    assert "Pas encore lue" in page.text
    source = db.scalars(select(HarvestSource)).one()
    source_id, kind = source.id, source.kind
    assert kind == SourceKind.FEED
    shown = reap(source_id)
    assert "ne répond pas" in shown.problem
    assert "ne répond pas" in client.get(page.request.path).text
    twice = client.post("/gestion/region/catalogue/moissons/ajouter", data={**given, "url": "https://ailleurs.example/fil"})
    assert "déjà moissonnée" in twice.text
