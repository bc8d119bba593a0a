"""R02, D01, D02: hosts that are not ours, bodies that are too much, markup that costs."""

import io

import pytest
from flask import request

from app.core.errors import DomainError
from app.core.text import LIMIT, from_markdown, rich
from config import Config
from tests.attacks.dump import changes, dump
from tests.attacks.routes import fields, routes
from tests.attacks.test_forgery import unsafe
from tests.attacks.test_markup import foreign
from tests.attacks.world import make_world

# --- R02 -------------------------------------------------------------------------------------------------------------------

HOSTS = [
    "evil.example",
    "localhost.evil.example",
    "evil.example:80",
    "localhost@evil.example",
    "localhost:80@evil.example",
    "127.0.0.1",
    "[::1]",
    "",
    "localhost/evil",
    "localhost\\evil",
    "a b",
    "LOCALHOST.",
    "localhost,evil.example",
]


@pytest.mark.parametrize("host", HOSTS)
def test_r02_a_host_that_is_not_ours_is_refused_before_anything_is_done(world, host):
    """Every page and every act. Seen red without TRUSTED_HOSTS."""
    before = dump(world.connection)
    for path in (
        "/",
        "/flux.atom",
        "/recherche.json",
        "/compte/connexion",
        "/healthz",
        f"/propositions/{world.a.contents['proposal', 'published']}",
        "/nulle-part",
    ):
        response = world.ask("visitor", "GET", path, headers={"Host": host})
        assert response.status_code == 400, path
        assert "evil" not in response.text
        assert "evil" not in response.headers.get("Location", "")
    for path, data in (
        ("/compte/mot-de-passe-oublie", {"email": "citizen@example.org"}),
        ("/compte/connexion", fields(world, "accounts.log_in")),
    ):
        assert world.ask("visitor", "POST", path, data=data, headers={"Host": host}, undo=False).status_code == 400
    assert changes(before, dump(world.connection)) == {}


FORWARDED = [
    {"X-Forwarded-Host": "evil.example"},
    {"X-Forwarded-Host": "localhost, evil.example"},
    {"X-Forwarded-Server": "evil.example", "X-Host": "evil.example", "Forwarded": "host=evil.example;proto=https"},
    {"X-Original-URL": "/gestion/", "X-Rewrite-URL": "/gestion/"},
    {"X-Forwarded-Proto": "evil", "X-Forwarded-Prefix": "//evil.example", "X-Forwarded-Port": "666"},
]


def test_r02_what_a_proxy_would_say_is_heard_from_nobody_else(world):
    """Addresses in pages, feeds and redirections are ours. Seen red with ProxyFix(x_host=1) on, whatever PROXY_HOPS."""
    for route in routes(world):
        if (
            route.method == "GET"
            and route.endpoint.split(".")[0] in {"home", "feeds", "contents", "accounts", "search"}
            and (":" not in route.thing or route.thing.endswith(":published"))
        ):
            plain = world.ask("visitor", "GET", route.path(world))
            for headers in FORWARDED:
                response = world.ask("visitor", "GET", route.path(world), headers=headers)
                assert (response.status_code, response.headers.get("Location")) == (plain.status_code, plain.headers.get("Location"))
                assert "evil" not in response.text


def test_r02_behind_proxies_of_ours_only_what_the_nearest_said_counts(tmp_path):
    """Seen red with ProxyFix(x_for=PROXY_HOPS + 1)."""
    world = make_world(tmp_path, "proxied", PROXY_HOPS=1)
    world.app.add_url_rule("/where-from", "where_from", lambda: f"{request.remote_addr} {request.host}")
    client = world.app.test_client(use_cookies=False)
    headers = {"X-Forwarded-For": "127.0.0.1, 198.51.100.7", "X-Forwarded-Host": "evil.example"}
    assert client.get("/where-from", headers=headers).text == "198.51.100.7 localhost"
    world.app.extensions["engine"].dispose()


# --- D01 -------------------------------------------------------------------------------------------------------------------

BOUNDARY = "x" * 20


def parts(count: int) -> bytes:
    one = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    return (one * count + f"--{BOUNDARY}--\r\n").encode()


FORM = "application/x-www-form-urlencoded"
HUGE = {
    "3 MB in one field": {"data": b"body=" + b"a" * 3_000_000, "content_type": FORM},
    "1.5 MB in one part": {
        "data": f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="body"\r\n\r\n'.encode()
        + b"a" * 1_500_000
        + f"\r\n--{BOUNDARY}--\r\n".encode(),
        "content_type": f"multipart/form-data; boundary={BOUNDARY}",
    },
    "1,500 parts": {"data": parts(1500), "content_type": f"multipart/form-data; boundary={BOUNDARY}"},
    "100,000 fields": {"data": b"&".join(b"a%d=1" % n for n in range(100_000)), "content_type": FORM},
    "100,000 same fields": {"data": b"a=1&" * 100_000, "content_type": FORM},
    "declared 1 GB": {"data": b"a=1", "content_type": FORM, "environ_overrides": {"CONTENT_LENGTH": "1000000000"}},
    "no end of part": {
        "data": f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=".encode() + b"a" * 100_000,
        "content_type": f"multipart/form-data; boundary={BOUNDARY}",
    },
    "boundary of 10 kB": {"data": parts(1), "content_type": "multipart/form-data; boundary=" + "y" * 10_000},
    "deep json": {"data": b"[" * 100_000, "content_type": "application/json"},
}


@pytest.mark.parametrize("name", HUGE)
def test_d01_a_body_that_is_too_much_is_refused_and_does_nothing(world, name):
    """On every write. Seen red without MAX_CONTENT_LENGTH, MAX_FORM_MEMORY_SIZE, MAX_FORM_PARTS: the act was done."""
    before = dump(world.connection)
    heavy = name in {"3 MB in one field", "declared 1 GB", "1.5 MB in one part", "1,500 parts", "100,000 fields", "100,000 same fields"}
    wrong = []
    for route, role in unsafe(world):
        sent = {key: dict(value) if isinstance(value, dict) else value for key, value in HUGE[name].items()}
        savepoint = world.connection.begin_nested()
        status = world.ask(role, route.method, route.path(world), undo=False, **sent).status_code
        changed = changes(before, dump(world.connection)) if status < 400 else {}
        savepoint.rollback()
        takes_files = "file" in fields(world, route.endpoint) or route.endpoint == "initiatives.files_page"
        if status >= 500 or (heavy and not takes_files and status not in {400, 413}):
            wrong.append(f"{route.endpoint} as {role}: {status} {changed}")
    assert wrong == []


@pytest.mark.parametrize("length", ["-1", "abc", "99999999999999999999999", "1e9", ""])
def test_d01_a_length_that_is_none_is_refused(world, length):
    response = world.ask(
        "visitor",
        "POST",
        "/compte/connexion",
        input_stream=io.BytesIO(b"email=a"),
        content_type=FORM,
        environ_overrides={"CONTENT_LENGTH": length},
    )
    assert response.status_code in {400, 411, 413, 422}


def test_d01_the_limits_are_set():
    assert Config.MAX_CONTENT_LENGTH <= 2 * 1024 * 1024
    assert Config.MAX_FORM_MEMORY_SIZE <= 1024 * 1024
    assert Config.MAX_FORM_PARTS <= 200


# --- D02 -------------------------------------------------------------------------------------------------------------------

BOMBS = {
    "attributes": lambda size: "<a " + " ".join(f"a{n}=1" for n in range(size // 8)) + ">x</a>",
    "one long attribute": lambda size: f'<a href="{"h" * size}">x</a>',
    "nesting": lambda size: "<b>" * (size // 3),
    "quotes nested": lambda size: "> " * (size // 2) + "x",
    "lists nested": lambda size: "".join(" " * n + "- a\n" for n in range(int(size**0.5))),
    "less than": lambda size: "<" * size,
    "ampersands": lambda size: "&" * size,
    "brackets": lambda size: "[" * size,
    "links begun": lambda size: "[a](" * (size // 4),
    "emphasis": lambda size: "*a_" * (size // 3),
    "backquotes": lambda size: "".join("`" * n + " " for n in range(int((2 * size) ** 0.5))),
    "addresses": lambda size: "http://a.b/ " * (size // 12),
    "one address": lambda size: "http://" + "a." * (size // 2),
    "tables": lambda size: "|a" * 200 + "\n" + "|-" * 200 + "\n" + ("|b" * 200 + "\n") * (size // 400),
    "comments": lambda size: "<!--" * (size // 4),
    "cdata": lambda size: "<![CDATA[" * (size // 9),
    "svg and math": lambda size: "<svg><math><mi>" * (size // 15),
    "empty paragraphs": lambda size: "<p>" * (size // 7) + "</p>" * (size // 7),
    "entities": lambda size: "&lt;" * (size // 4),
    "combining": lambda size: "e" + "\u0301" * size,
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("size", [10_000, 63_000])
def test_d02_a_bomb_within_the_cap_comes_out_clean_and_not_larger_than_it_can_be(bomb, size):
    """What it costs is counted in bench/hostile.py, which turns red with empty
    elements removed one nesting at a time (25 s for 21,000 `<b>`); this one, past the tests' own two minutes, on a busy machine."""
    source = BOMBS[bomb](size)[:LIMIT]
    for render in (rich, from_markdown):
        try:
            clean = render(source)
        except DomainError:  # "<" is four signs once escaped: past the cap, said with a sentence
            continue
        assert foreign(clean) == []
        assert len(clean) < 40 * LIMIT


@pytest.mark.parametrize("bomb", BOMBS)
def test_d02_past_the_cap_nothing_reaches_a_sanitiser(bomb, monkeypatch):
    """Seen red without `if len(source) > limit` in text.tidy."""
    source = (BOMBS[bomb](1_000_000) * 2)[:1_000_000].ljust(LIMIT + 1, "x")
    monkeypatch.setattr("nh3.clean", lambda *_args, **_more: pytest.fail("reached nh3"))
    monkeypatch.setattr("bleach.linkify", lambda *_args, **_more: pytest.fail("reached bleach"))
    for refuse in (rich, from_markdown):
        with pytest.raises(DomainError):
            refuse(source)
