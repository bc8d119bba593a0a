"""T06 and what the cache in front of Flask promises: each guard here was seen red once with its line taken out."""

import gzip
import threading
import time
from datetime import UTC, datetime, timedelta

import brotli
import pytest
from flask import render_template_string
from markupsafe import Markup

from app.core import clock, front, pagecache, shapes
from app.core.db import writing
from app.core.pagecache import fragment
from app.core.shelf import Shelf
from tests.conftest import database_url
from tests.core.kept import HOST, Elsewhere, change_title, create_tables, get, kept_app, until

THING = "/things/1"


@pytest.fixture(autouse=True, name="transaction")
def no_outer_transaction():
    """Commits are real here: nothing to roll back."""


@pytest.fixture
def make_site(tmp_path):
    made = []

    def make(url=f"sqlite:///{tmp_path}/kept.db", **settings):
        app = kept_app(url, **settings)
        create_tables(app)
        made.append(app)
        context = app.app_context()
        context.push()
        made.append(context)
        until(lambda: app.extensions["stamps"].look() is not None)
        return app

    yield make
    for app, context in zip(made[::2], made[1::2], strict=True):
        context.pop()
        app.extensions["stamps"].close()
        app.extensions["engine"].dispose()


@pytest.fixture
def site(make_site):
    return make_site()


@pytest.fixture
def any_site(make_site, tmp_path):
    """On the database the suite runs on; the others have no opinion about databases and use SQLite."""
    return make_site(database_url("kept", tmp_path))


@pytest.fixture
def renders(site):
    return site.extensions["renders"]


@pytest.fixture
def complaints(monkeypatch):
    heard = []
    monkeypatch.setattr(front.log, "warning", lambda event, **about: heard.append(about["reason"]), raising=False)
    return heard


def test_a_page_is_rendered_once_and_served_to_all(site, renders):
    first, second = get(site, THING), get(site, THING)
    assert first.text == second.text
    assert len(renders) == 1
    assert first.headers["ETag"] == second.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.headers["Vary"] == "Cookie, Accept-Encoding"
    assert "Set-Cookie" not in first.headers
    assert pagecache.figures()["hits"] == 1


def test_a_change_is_seen_by_the_next_request(any_site):
    get(any_site, THING)
    get(any_site, "/things/2")
    change_title(1, "changed", strict=True)
    assert "changed" in get(any_site, THING).text
    assert "two" in get(any_site, "/things/2").text
    assert len(any_site.extensions["renders"]) == 3, "the other page stayed"


def test_a_change_made_through_the_site_is_seen_by_the_next_visitor(any_site):
    get(any_site, THING)
    any_site.test_client().post(THING, data={"title": "posted", "strict": "1"}, base_url=f"http://{HOST}")
    assert "posted" in get(any_site, THING).text


def test_a_change_in_another_process_is_seen_by_the_next_request(any_site):
    """Moderation: the decision is answered by one process, the next request goes to another."""
    elsewhere = Elsewhere(any_site.config["DATABASE_URL"])
    try:
        for turn in range(10):
            get(any_site, THING)
            elsewhere.ask("change", 1, f"from elsewhere {turn}")
            assert f"from elsewhere {turn}" in get(any_site, THING).text
        elsewhere.ask("get", THING)
        change_title(1, "from here", strict=True)
        assert "from here" in elsewhere.ask("get", THING)[0]
        rendered = elsewhere.ask("get", THING)[1]
        assert elsewhere.ask("get", THING)[1] == rendered
    finally:
        elsewhere.close()


def test_an_ordinary_change_is_seen_everywhere_within_a_second(any_site):
    get(any_site, THING)
    change_title(1, "ordinary")
    until(lambda: "ordinary" in get(any_site, THING).text, 1)


# Who gets it


@pytest.mark.parametrize("cookie", ["beffroi=abc", "x=1; beffroi=abc", "remember_token=1|a", "x=beffroi"])
def test_a_session_never_meets_the_cache(site, renders, cookie):
    get(site, THING)
    for turn in (2, 3):
        answer = get(site, THING, headers={"Cookie": cookie})
        assert len(renders) == turn
        assert "ETag" not in answer.headers


def test_what_a_session_is_answered_is_never_kept(site, renders):
    get(site, THING, headers={"Cookie": "beffroi=abc"})
    get(site, THING)
    assert len(renders) == 2


@pytest.mark.parametrize("header", [{"Cookie": "other=1"}, {"Accept-Language": "en"}, {"X-Forwarded-Host": "evil.example"}])
def test_other_headers_change_nothing(site, renders, header):
    assert get(site, THING, headers=header).text == get(site, THING).text
    assert len(renders) == 1


@pytest.mark.parametrize("header", [{"Authorization": "Bearer x"}, {"HX-Request": "true"}])
def test_requests_of_their_own_kind_are_not_kept(site, renders, header):
    get(site, THING)
    get(site, THING, headers=header)
    assert len(renders) == 2


@pytest.mark.parametrize("host", ["evil.example", "beffroi.example.evil", "beffroi.example@evil.example", "", "beffroi.example/x"])
def test_a_forged_host_gets_no_entry_and_no_hit(site, renders, host):
    get(site, THING)
    environ = {"HTTP_HOST": host}
    answer = site.test_client().get(THING, environ_overrides=environ)
    assert answer.status_code == 400
    assert "one" not in answer.text
    assert [key[1] for key in site.extensions["pagecache"].shelf.slots] == [HOST]
    assert site.extensions["pagecache"].hosts == {HOST}


def test_two_hosts_of_ours_have_two_entries(make_site):
    site = make_site(TRUSTED_HOSTS=[HOST, "other.example"])
    get(site, THING)
    site.test_client().get(THING, base_url="http://other.example")
    site.test_client().get(THING, base_url="http://other.example:8080")
    assert len(site.extensions["renders"]) == 3


def test_without_a_list_of_our_hosts_nothing_is_kept(make_site):
    site = make_site(TRUSTED_HOSTS=None)
    get(site, THING)
    get(site, THING)
    assert len(site.extensions["renders"]) == 2


def test_the_scheme_a_trusted_proxy_saw_is_part_of_the_address(make_site):
    site = make_site(PROXY_HOPS=1)
    for proto in ("https", "http", "evil, https", "https"):
        get(site, THING, headers={"X-Forwarded-Proto": proto})
    assert len(site.extensions["renders"]) == 2


def test_the_query_is_part_of_the_address_in_any_order(site, renders):
    one = get(site, THING + "?a=1&b=2")
    assert get(site, THING + "?b=2&a=1").text == one.text
    assert len(renders) == 1
    get(site, THING + "?a=1&b=3")
    get(site, THING + "?a=1")
    assert len(renders) == 3
    get(site, THING + "?b=1&b=2")
    get(site, THING + "?b=2&b=1")
    assert len(renders) == 5, "fields of one name keep their order"


def test_two_languages_of_one_page_have_two_entries(site, renders):
    """The language is in the address; one chosen in the session passes by the cache."""
    assert get(site, THING + "?langue=fr").text != get(site, THING + "?langue=en").text


def test_a_very_long_address_is_not_kept(site, renders):
    long = THING + "?a=" + "x" * 600
    get(site, long)
    get(site, long)
    assert len(renders) == 2


# What is kept


@pytest.mark.parametrize("what", ["private", "session", "missing", "over", "_once", "csrf_token"])
def test_what_is_not_for_all_is_not_kept(site, renders, complaints, what):
    first, second = get(site, f"/nobodys/{what}"), get(site, f"/nobodys/{what}")
    assert len(renders) == 2
    assert first.text == second.text
    assert "ETag" not in second.headers
    assert not site.extensions["pagecache"].shelf.slots
    assert len(complaints) == (what in {"session", "_once", "csrf_token"}), "said once, and only of mistakes"


def test_reading_the_empty_session_of_a_visitor_is_no_harm(site, renders):
    """Flask-Login reads it at every request."""
    get(site, "/nobodys/reads")
    assert get(site, "/nobodys/reads").headers["Vary"] == "Cookie, Accept-Encoding"
    assert len(renders) == 1


def test_a_page_ends_at_the_next_moment_that_changes_it(make_site, monkeypatch):
    noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    site = make_site(UNTIL=noon)
    moment = noon - timedelta(seconds=10)
    monkeypatch.setattr(clock, "now", lambda: moment)
    get(site, THING)
    moment = noon - timedelta(microseconds=1)
    get(site, THING)
    assert len(site.extensions["renders"]) == 1
    moment = noon
    get(site, THING)
    assert len(site.extensions["renders"]) == 2, "half-open: at noon it is over"


def test_no_page_is_kept_longer_than_a_minute(site, renders, monkeypatch):
    began = clock.now()
    get(site, THING)
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(seconds=pagecache.LONGEST + 5))
    get(site, THING)
    assert len(renders) == 2


def test_the_nearest_moment_and_every_stamp_count(site):
    near, far = clock.from_now(seconds=5), clock.from_now(days=1)
    with site.test_request_context():
        pagecache.public("a", until=far)
        pagecache.public("b", "c", until=near)
        pagecache.public()
        from flask import request

        page = request.environ[pagecache.MARK]
    assert page.names == {"a", "b", "c"}
    assert page.until == near


def test_clear_forgets_all(site, renders):
    get(site, THING)
    pagecache.clear()
    get(site, THING)
    assert len(renders) == 2


@pytest.mark.parametrize("settings", [{"PAGE_CACHE": False}, {"PAGE_CACHE_BYTES": 0}])
def test_it_can_be_switched_off(make_site, settings):
    site = make_site(**settings)
    get(site, THING)
    get(site, THING)
    assert len(site.extensions["renders"]) == 2
    pagecache.clear()
    assert pagecache.figures() == {}


def test_when_changes_cannot_be_known_nothing_is_served_from_it(site, renders, monkeypatch):
    get(site, THING)
    monkeypatch.setattr(site.extensions["stamps"], "look", lambda: None)
    get(site, THING)
    get(site, THING)
    assert len(renders) == 3


# What is sent


def test_an_unchanged_page_is_not_sent_again(site, renders):
    etag = get(site, THING).headers["ETag"]
    assert etag.startswith('W/"')
    for known in (etag, etag.removeprefix("W/"), f'"x", {etag}', "*"):
        answer = get(site, THING, headers={"If-None-Match": known})
        assert answer.status_code == 304
        assert answer.data == b""
        assert answer.headers["ETag"] == etag
        assert answer.headers["Cache-Control"] == "no-cache"
    assert get(site, THING, headers={"If-None-Match": '"other"'}).status_code == 200
    change_title(1, "changed", strict=True)
    assert get(site, THING, headers={"If-None-Match": etag}).status_code == 200
    change_title(1, "one", strict=True)
    assert get(site, THING, headers={"If-None-Match": etag}).status_code == 304, "rendered anew, and the same"


@pytest.mark.parametrize("warm", [True, False])
def test_head_has_the_headers_and_no_body(site, renders, warm):
    if warm:
        get(site, THING)
    head = site.test_client().head(THING, base_url=f"http://{HOST}")
    page = get(site, THING)
    assert head.data == b""
    assert dict(head.headers) == dict(page.headers)
    assert len(renders) == 1


def test_head_of_what_is_not_kept_is_answered_too(site):
    head = site.test_client().head("/nobodys/private", base_url=f"http://{HOST}")
    assert (head.status_code, head.data) == (200, b"")


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("br;q=0, gzip", "gzip"),
        ("identity", None),
        ("", None),
        ("*", "br"),
        ("gzip;q=0", None),
    ],
)
def test_compressed_once_as_the_browser_accepts(site, accepted, coding):
    plain = get(site, THING).data
    for _ in range(2):
        answer = get(site, THING, headers={"Accept-Encoding": accepted})
        assert answer.headers.get("Content-Encoding") == coding
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        undo = {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}[coding]
        assert undo(answer.data) == plain
    assert site.extensions["pagecache"].shelf.bytes == sum(slot.value.size for slot in site.extensions["pagecache"].shelf.slots.values())


# Crowds


def crowd(count, work):
    answers, threads = [], [threading.Thread(target=lambda: answers.append(work())) for _ in range(count)]
    for thread in threads:
        thread.start()
    return answers, threads


def test_one_rebuild_serves_everybody_who_waits(any_site):
    get(any_site, THING)
    slow = any_site.extensions["slow"]
    for turn in range(5):
        change_title(1, f"turn {turn}", strict=True)
        any_site.extensions["renders"].clear()
        slow.clear()
        answers, threads = crowd(24, lambda: get(any_site, THING).text)
        until(lambda: any_site.extensions["renders"])
        time.sleep(0.05)
        slow.set()
        for thread in threads:
            thread.join()
        assert len(any_site.extensions["renders"]) == 1
        assert all(f"turn {turn}" in text for text in answers)
        assert len(answers) == 24


def test_one_rendering_serves_a_crowd_on_a_cold_page(site, renders):
    site.extensions["slow"].clear()
    answers, threads = crowd(12, lambda: get(site, THING).text)
    until(lambda: renders)
    time.sleep(0.05)
    site.extensions["slow"].set()
    for thread in threads:
        thread.join()
    assert len(renders) == 1
    assert len(set(answers)) == 1


def test_nobody_waits_for_a_page_that_is_not_shared(site, renders):
    get(site, "/nobodys/private")
    site.extensions["slow"].clear()
    _, threads = crowd(6, lambda: get(site, "/nobodys/private").text)
    until(lambda: len(renders) == 7)
    site.extensions["slow"].set()
    for thread in threads:
        thread.join()


def test_a_rendering_begun_before_a_change_is_not_kept_after_it(any_site):
    """The page read the old title; the change is committed before the page is done."""
    any_site.extensions["slow"].clear()
    answers, [old] = crowd(1, lambda: get(any_site, THING).text)
    until(lambda: any_site.extensions["renders"])
    change_title(1, "new", strict=True)
    late, [waiting] = crowd(1, lambda: get(any_site, THING).text)
    time.sleep(0.05)
    any_site.extensions["slow"].set()
    old.join()
    waiting.join()
    assert "one" in answers[0], "whoever asked before the change may see what was before"
    assert "new" in late[0], "whoever asked after it may not"
    assert "new" in get(any_site, THING).text


def test_a_rendering_that_fails_lets_the_others_try(site, renders, monkeypatch):
    get(site, THING)
    change_title(1, "new", strict=True)
    failed = []

    def broken(self, key, environ, start_response, build=front.PageCache.build):
        if not failed:
            failed.append(key)
            time.sleep(0.1)
            raise RuntimeError("broken")
        return build(self, key, environ, start_response)

    monkeypatch.setattr(front.PageCache, "build", broken)

    def ask():
        try:
            return get(site, THING).text
        except RuntimeError:
            return "broken"

    answers, threads = crowd(6, ask)
    for thread in threads:
        thread.join()
    assert answers.count("broken") == 1
    assert sum("new" in text for text in answers) == 5
    assert not site.extensions["pagecache"].flights


def test_readers_and_writers_never_see_the_past(any_site):
    """Four readers on two pages while a writer changes them: a reader that asked after a commit sees it, or a later one."""
    done = {1: -1, 2: -1}
    wrong, stop = [], threading.Event()

    def reader(number):
        while not stop.is_set():
            floor = done[number]
            text = get(any_site, f"/things/{number}").text
            found = text.split()[0].removeprefix("<p>")
            if found.isdigit() and int(found) < floor:
                wrong.append((number, floor, found))
            time.sleep(0.001)

    threads = [threading.Thread(target=reader, args=(number,)) for number in (1, 2, 1, 2)]
    for thread in threads:
        thread.start()
    for turn in range(60):
        number = turn % 2 + 1
        change_title(number, str(turn), strict=True)
        done[number] = turn
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


# Room


def test_memory_is_bounded_and_what_is_read_stays(make_site):
    site = make_site(PAGE_CACHE_BYTES=60_000)
    shelf = site.extensions["pagecache"].shelf
    get(site, THING)
    for number in range(200):
        get(site, f"{THING}?junk={number}")
        if number % 10 == 0:
            get(site, THING)
    assert 0 < shelf.bytes <= 60_000
    assert shelf.bytes == sum(slot.size for slot in shelf.slots.values())
    before = len(site.extensions["renders"])
    get(site, THING)
    assert len(site.extensions["renders"]) == before, "a crowd of addresses asked once did not push it out"


def test_a_shelf_lets_the_oldest_unread_go_first():
    shelf: Shelf[str] = Shelf(1000)
    for name in "abcdefgh":
        shelf.put(name, name, 120)
    assert shelf.get("a") == "a"
    shelf.put("i", "i", 120)
    assert shelf.get("a") == "a"
    assert shelf.get("b") is None
    shelf.put("huge", "x", 500)
    assert shelf.get("huge") is None, "one thing does not take the place of eight"


def test_addresses_known_as_not_shared_are_bounded(site, monkeypatch):
    monkeypatch.setattr(front, "UNSHARED_LIMIT", 20)
    for number in range(50):
        get(site, f"/nobodys/private?{number}")
    assert len(site.extensions["pagecache"].unshared) == 20


# Fragments


@pytest.fixture
def reading(site):
    token = writing.set(False)
    yield site
    writing.reset(token)


def test_a_fragment_is_rendered_once_a_version(reading):
    made = []

    def card():
        made.append(1)
        return Markup("<b>%s</b>") % len(made)

    assert fragment("card:1:fr", 1, card) == "<b>1</b>"
    assert fragment("card:1:fr", 1, card) == "<b>1</b>"
    assert fragment("card:1:fr", 2, card) == "<b>2</b>"
    assert fragment("card:1:en", 2, card) == "<b>3</b>"
    pagecache.clear()
    assert fragment("card:1:fr", 2, card) == "<b>4</b>"


def test_a_fragment_of_plain_text_is_escaped(reading):
    assert fragment("card:1", 1, lambda: "<script>") == "&lt;script&gt;"


def test_a_template_gives_its_fragment_as_a_block(reading):
    template = '{% call fragment("card:1:fr", version) %}<i>{{ title }}</i>{% endcall %}'
    assert render_template_string(template, version=1, title="<a>") == "<i>&lt;a&gt;</i>"
    assert render_template_string(template, version=1, title="other") == "<i>&lt;a&gt;</i>"
    assert render_template_string(template, version=2, title="other") == "<i>other</i>"


def test_a_request_that_writes_renders_for_itself(reading):
    """Its version may be rolled back, and be given again to another text."""
    token = writing.set(True)
    assert fragment("card:1", 1, lambda: "rolled back") == "rolled back"
    writing.reset(token)
    assert fragment("card:1", 1, lambda: "kept") == "kept"


def test_without_the_cache_fragments_are_rendered_each_time(make_site):
    make_site(PAGE_CACHE=False)
    assert fragment("card:1", 1, lambda: "a") == "a"
    assert fragment("card:1", 1, lambda: "b") == "b"


def test_what_a_macro_made_fills_a_slot_and_leaves_the_rest_as_it_is():
    kept = shapes.Shape(f"<p>{shapes.slot('own:1')}</p><p>{shapes.slot('own:2', lambda: Markup('<i>others</i>'))}</p>")
    assert kept.fill({"own:1": Markup("<b>mine</b>")}) == "<p><b>mine</b></p><p><i>others</i></p>"
