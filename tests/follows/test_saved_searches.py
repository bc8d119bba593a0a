"""Saved searches: kept by their owner, read as a feed, told by one letter a day."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, inspect, select

from app.accounts import personal
from app.contents.models import State
from app.core import clock, mail
from app.core.db import db
from app.core.errors import DomainError
from app.follows import digests, links, queries, services
from app.follows.models import SavedSearch
from app.projects.models import Project
from tests.factories import make_content, make_person, make_territory, restrict
from tests.search.conftest import index  # noqa: F401 -- a fixture

pytestmark = pytest.mark.usefixtures("index")
MORNING = clock.now().astimezone(clock.PARIS).replace(hour=9, minute=0, second=0, microsecond=0)


@pytest.fixture
def nadia(client):
    person = make_person(name="Nadia")
    client.log_in(person)
    return person


def saved(person, address="q=v%C3%A9lo", **values):
    search = services.save_search(person, address=address, label=values.pop("label", "« vélo »"))
    for name, value in values.items():
        setattr(search, name, value)
    db.commit()
    return search


def published(title, at, **values):
    content = make_content(Project, title=title, **values)
    content.published_at = at
    db.commit()
    return content


def letters():
    return db.scalars(select(mail.MailMessage).where(mail.MailMessage.template == "search_alerts").order_by(mail.MailMessage.id)).all()


def again(row):
    return db.get(type(row), inspect(row).identity[0], populate_existing=True)


# --- Keeping --------------------------------------------------------------------------------------------------------------------


def test_a_search_is_saved_from_its_results_once_whatever_its_order(client, run_worker, nadia):
    make_content(Project, title="Plan vélo", territory=make_territory(slug="lille", short_name="Lille"))
    run_worker("search")
    page = client.get("/recherche?sort=date&territory=lille&q=v%C3%A9lo&page=1&recent=no")
    assert "Suivre cette recherche" in page.text
    assert 'value="q=v%C3%A9lo&amp;territory=lille"' in page.text
    for address in ("q=v%C3%A9lo&territory=lille", "territory=lille&sort=date&q=v%C3%A9lo&near=lille", "?territory=lille&q= v%C3%A9lo "):
        assert client.post("/compte/recherches", data={"address": address, "label": "« vélo », Lille"}).status_code == 302
    assert db.execute(select(SavedSearch.address, SavedSearch.label)).all() == [("q=v%C3%A9lo&territory=lille", "« vélo », Lille")]
    assert "Vous suivez cette recherche" in client.get("/recherche?q=v%C3%A9lo&territory=lille").text
    assert "« vélo », Lille" in client.get("/compte/recherches").text.replace("\u202f", " ")
    assert "Vos recherches suivies" in client.get("/compte/").text


def test_a_search_of_the_catalogue_keeps_its_kinds(client, nadia):
    assert "q=banc&amp;kind=document&amp;kind=initiative&amp;kind=tool" in client.get("/catalogue/?q=banc").text


def test_a_visitor_is_shown_the_door(client):
    assert "/compte/connexion?next=" in client.get("/recherche?q=v%C3%A9lo").text
    assert client.post("/compte/recherches", data={"address": "q=x"}).status_code == 401
    assert db.scalar(select(func.count(SavedSearch.id))) == 0


def test_one_keeps_fifty_searches_and_no_longer_ones(nadia):
    for n in range(services.MOST_SEARCHES):
        saved(nadia, f"q=mot{n}")
    with pytest.raises(DomainError, match="déjà 50"):
        saved(nadia, "q=encore")
    assert saved(nadia, "q=mot3").address == "q=mot3"
    with pytest.raises(DomainError, match="trop longue"):
        saved(nadia, "&".join(f"theme={n}{'x' * 90}" for n in range(40)))


def test_whatever_address_is_sent_is_read_or_refused(client, nadia):
    for address in ("%ff%fe", "kind=" * 500, "a" * 90_000, "q=%00", "space=99999999999", "\u202e"):
        assert client.post("/compte/recherches", data={"address": address, "label": "x"}).status_code in {302, 422}


def test_anothers_search_does_not_exist(client, nadia):
    theirs = saved(make_person()).id
    for act in ("alertes", "retirer"):
        assert client.post(f"/compte/recherches/{theirs}/{act}", data={"on": "0"}).status_code == 404
    assert db.get(SavedSearch, theirs, populate_existing=True).is_alerted
    mine = saved(nadia).id
    assert client.post(f"/compte/recherches/{mine}/alertes", data={"on": "0"}).status_code == 302
    assert not db.get(SavedSearch, mine, populate_existing=True).is_alerted
    assert client.post(f"/compte/recherches/{mine}/retirer").status_code == 302
    assert db.get(SavedSearch, mine) is None


def test_searches_are_exported_and_erased_with_their_person(nadia):
    saved(nadia, label="« vélo »")
    saved(make_person())
    assert [row["label"] for row in personal.data_of(nadia.id)["saved_searches"]] == ["« vélo »"]
    personal.erase(nadia)
    assert db.scalar(select(func.count(SavedSearch.id))) == 1


# --- The feed -------------------------------------------------------------------------------------------------------------------


def test_the_feed_opens_by_its_address_alone_and_says_nothing_of_who_reads_it(client, run_worker):
    search = saved(make_person(name="Zoé Discrète", email="zoe@example.org"), "q=plan+v%C3%A9lo")
    now = clock.now()
    for n, title in enumerate(["Plan vélo ancien", "Plan vélo <récent>"]):
        published(title, now - timedelta(days=10 - n))
    published("Plan marche", now)
    published("Plan vélo caché", now, state=State.PENDING)
    run_worker("search")
    token = links.sign(links.FEED, again(search).nonce)
    answer = client.get(f"/recherche/suivies/{token}.atom")
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    assert answer.text.count("<entry>") == 2
    assert answer.text.index("&lt;récent&gt;") < answer.text.index("ancien")
    assert "Zo" not in answer.text
    assert client.get(f"/recherche/suivies/{token}.atom", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    for wrong in (token[:-1], "x" + token, f"{search.nonce}.", search.nonce, links.sign(links.STOP, search.nonce), "é.é"):
        assert client.get(f"/recherche/suivies/{wrong}.atom").status_code == 404


# --- The letter -----------------------------------------------------------------------------------------------------------------


def test_one_letter_a_day_tells_what_all_searches_found(app, at, run_worker, nadia):
    lille = make_territory(short_name="Lille", slug="lille")
    at(MORNING)
    yesterday = MORNING - timedelta(days=1)
    for address, label in (("q=plan+v%C3%A9lo", "« plan vélo »"), ("territory=lille", "Lille"), ("q=rien", "« rien »")):
        saved(nadia, address, label=label, looked_at=yesterday)
    saved(nadia, "q=ancien", label="« ancien »", is_alerted=False, looked_at=yesterday)
    published("Plan vélo", MORNING - timedelta(hours=5), territory=lille)
    published("Plan de table", MORNING - timedelta(hours=5))
    published("Ancien plan vélo", MORNING - timedelta(days=3), territory=lille)
    published("Plan vélo trop neuf", MORNING - timedelta(minutes=1))
    run_worker("search")
    digests.queue_digests()
    digests.queue_digests()
    db.commit()
    run_worker("alerts")
    (letter,) = letters()
    with app.test_request_context():
        written = mail.compose(letter)
    assert written.body.count("- Plan vélo (Projet, Lille)") == 2
    for absent in ("table", "Ancien", "neuf", "rien"):
        assert absent not in written.body
    assert written.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert written.extra_headers["List-Unsubscribe"].startswith("<http")
    run_worker("alerts")
    digests.queue_digests()
    db.commit()
    run_worker("alerts")
    assert len(letters()) == 1

    at(MORNING + timedelta(days=1))
    digests.queue_digests()
    db.commit()
    run_worker("alerts")
    with app.test_request_context():
        assert "trop neuf" in mail.compose(letters()[1]).body


def test_nothing_new_no_letter_and_none_to_an_account_that_is_closed_or_unconfirmed(at, run_worker):
    at(MORNING)
    yesterday = MORNING - timedelta(days=1)
    for person in (make_person(), make_person(confirmed=False), make_person(closed_at=MORNING)):
        saved(person, "q=neuf", looked_at=yesterday)
        saved(person, "q=rien", looked_at=yesterday)
    run_worker("search")
    for person in db.scalars(select(SavedSearch.person_id).distinct()).all():
        digests.write_digest(person)
    assert letters() == []
    for search in db.scalars(select(SavedSearch)):
        search.looked_at = yesterday
    published("Du neuf", MORNING - timedelta(hours=4))
    run_worker("search")
    for person in db.scalars(select(SavedSearch.person_id).distinct()).all():
        digests.write_digest(person)
    assert len(letters()) == 1


def test_o03_what_is_hidden_before_the_letter_leaves_is_not_in_it(app, at, run_worker, nadia):
    """attacks.md O03: titles are read again when the letter is written out. Red with a title kept from when it was queued."""
    at(MORNING)
    saved(nadia, looked_at=MORNING - timedelta(days=1))
    content = published("Vélo regretté", MORNING - timedelta(hours=4))
    run_worker("search")
    digests.write_digest(again(nadia).id)
    restrict(again(content), State.HIDDEN)
    db.commit()
    (letter,) = letters()
    assert "regretté" not in str(letter.context)
    with app.test_request_context():
        written = mail.compose(letter)
    assert "regretté" not in written.body + str(written.alternatives)
    assert "n’est plus public" in written.body


def test_n02_one_click_stops_the_letters_and_looking_does_not(app, client, at, run_worker):
    """attacks.md N02: GET shows, POST acts, without a session, for this person only.

    Seen red five ways: `stop` acting on GET and committing (acting alone is undone: no GET is kept), without `csrf.exempt`,
    without comparing the signature, with one signature for feeds and letters, without the person in `stop_alerts`.
    """
    at(MORNING)
    person, other = make_person(), make_person()
    search = saved(person, looked_at=MORNING - timedelta(days=1)).id
    kept = saved(other).id
    published("Vélo", MORNING - timedelta(hours=4))
    run_worker("search")
    person = again(person)
    digests.write_digest(person.id)
    db.commit()
    (letter,) = letters()
    with app.test_request_context():
        address = mail.compose(letter).extra_headers["List-Unsubscribe"].strip("<>")
    path = urlsplit(address).path
    assert "Un clic suffit" in client.get(path).text
    assert db.get(SavedSearch, search, populate_existing=True).is_alerted
    app.config["WTF_CSRF_ENABLED"], before = True, app.config.get("WTF_CSRF_ENABLED")
    try:
        assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    finally:
        app.config["WTF_CSRF_ENABLED"] = before
    assert not db.get(SavedSearch, search, populate_existing=True).is_alerted
    assert db.get(SavedSearch, kept, populate_existing=True).is_alerted
    person = again(person)
    for wrong in (path[:-1], path + "x", f"/alertes/{person.public_id}.", f"/alertes/{links.sign(links.FEED, person.public_id)}"):
        assert client.post(wrong).status_code == 404


def test_an_index_that_cannot_be_read_makes_the_letter_wait(at, nadia, monkeypatch):
    from app.search import engines
    from app.search.engines.base import SearchUnavailable

    at(MORNING)
    yesterday = MORNING - timedelta(days=1)
    search = saved(nadia, looked_at=yesterday).id

    def refuse(_request):
        raise SearchUnavailable("gone")

    monkeypatch.setattr(engines.current(), "search", refuse)
    with pytest.raises(SearchUnavailable):
        digests.write_digests([str(nadia.id)])
    assert db.get(SavedSearch, search, populate_existing=True).looked_at == yesterday


def test_published_between_is_half_open(run_worker, nadia):
    now = clock.now()
    search = saved(nadia)
    published("Vélo un", now - timedelta(hours=2))
    published("Vélo deux", now - timedelta(hours=1))
    run_worker("search")
    search = again(search)
    found = queries.published_between(search, now - timedelta(hours=2), now - timedelta(hours=1))
    assert [content.title for content in found] == ["Vélo deux"]
