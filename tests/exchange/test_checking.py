from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import db
from app.core.fetch import Fetched, Unreachable
from app.exchange import checking
from app.exchange.models import CitedAddress
from app.initiatives import services
from tests.factories import make_person


@pytest.fixture
def web(monkeypatch):
    answers: dict[tuple[str, str], int | str] = {}
    asked: list[tuple[str, str]] = []

    def fetch(url, method="GET", **_more):
        asked.append((method, url))
        answer = answers.get((method, url), answers.get(("", url), 200))
        if isinstance(answer, str):
            raise Unreachable(answer, "")
        return Fetched(answer, url, {}, b"")

    monkeypatch.setattr(checking, "fetch", fetch)
    return answers, asked


def sheet(*urls, publish=True):
    curator = make_person(roles=[("curator", None)])
    sources = [{"title": "S", "url": url} for url in urls]
    made = services.create_sheet("initiative", by=curator, territory=None, title="Fiche", summary="", sections={}, sources=sources)
    if publish:
        services.publish(made, by=curator)
    db.commit()
    return made


def test_an_address_is_broken_after_two_failures_days_apart_and_well_again_after_one_answer(app, web, at):
    answers, asked = web
    made_id = sheet("https://a.example/x", "https://b.example/y").id
    sheet("https://draft.example/", publish=False)
    checking.list_addresses()
    db.commit()
    answers["", "https://a.example/x"] = 404
    start = clock.now()
    checking.check_some()
    checking.check_some()  # not due yet
    assert sorted(url for _method, url in asked) == ["https://a.example/x", "https://b.example/y"]
    assert db.scalars(checking.broken_sheets()).all() == []
    at(start + timedelta(days=3))
    checking.check_some()
    assert db.scalars(checking.broken_sheets()).all() == [made_id]
    answers["", "https://a.example/x"] = 200
    at(start + timedelta(days=20))
    checking.check_some()
    assert db.scalars(checking.broken_sheets()).all() == []


def test_a_site_that_refuses_programs_is_not_broken_and_one_that_refuses_head_is_asked_again(app, web):
    answers, asked = web
    sheet("https://a.example/", "https://b.example/", "https://c.example/")
    checking.list_addresses()
    db.commit()
    answers["HEAD", "https://a.example/"] = 405
    answers["", "https://b.example/"] = 403
    answers["", "https://c.example/"] = "unknown_host"
    checking.check_some()
    assert ("GET", "https://a.example/") in asked
    failures = dict(db.execute(select(CitedAddress.url, CitedAddress.failures)).all())
    assert failures == {"https://a.example/": 0, "https://b.example/": 0, "https://c.example/": 1}


def test_what_a_sheet_no_longer_cites_is_forgotten(app, web):
    made = sheet("https://a.example/", "https://b.example/")
    checking.list_addresses()
    made.sources = [{"title": "S", "url": "https://b.example/"}]
    db.flush()
    checking.list_addresses()
    checking.list_addresses()
    assert db.scalars(select(CitedAddress.url)).all() == ["https://b.example/"]


def test_one_host_is_not_asked_without_measure(app, web):
    sheet(*(f"https://a.example/{n}" for n in range(10)))
    checking.list_addresses()
    db.commit()
    checking.check_some()
    assert len(web[1]) == checking.A_HOST


def test_the_curators_desk_lists_sheets_with_broken_links_and_says_which(client, web, at):
    answers, _asked = web
    made_id = sheet("https://a.example/x", "https://b.example/y", "https://c.example/z").id
    checking.list_addresses()
    db.commit()
    answers |= {("", "https://a.example/x"): 404, ("", "https://b.example/y"): "unknown_host"}
    start = clock.now()
    checking.check_some()
    at(start + timedelta(days=3))
    checking.check_some()
    told = checking.broken_of([made_id])[made_id]
    assert "https://a.example/x (erreur 404, depuis le" in told
    assert "https://b.example/y (ce site n’existe plus" in told
    assert "https://c.example/z" not in told
    client.log_in(make_person(roles=[("curator", None)]))
    page = client.get("/gestion/region/catalogue/?vue=broken").text
    assert "https://a.example/x (erreur 404" in page
    assert "Liens en panne 1" in page
