"""M01, I03, I04, I06, G05: forms take what they ask for, and nonsense anywhere is an answer, never a breakdown."""

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import Boolean, DateTime, Enum, Integer
from werkzeug.exceptions import HTTPException, NotFound

from app.api import exact
from app.core import clock
from app.core.db import Base
from tests.attacks import corpus, matrix
from tests.attacks.dump import changes, dump
from tests.attacks.routes import FORMS, Route, fields, routes
from tests.attacks.test_forgery import best, unsafe
from tests.attacks.test_markup import poison

KNOWN = matrix.written()
ENDPOINTS = sorted({endpoint for (endpoint, method, _thing), answer in KNOWN.items() if method == "POST" and "Y" in answer})
_name = re.compile(r'<(?:input|textarea|select)\b[^>]*?\bname="([^"]+)"')
ASKED = {
    "comments.reply": {"voice"},
    "proposals.propose": {"action"},
    "comments.vote": {"value"},
    "notifications.mark_read": {"next"},
    "accounts.log_in": {"next"},
    "follows.save": {"label"},
    "related.accept_suggestion": {"nature"},
    "sanctions.decline": {"reasons", "version"},
    "catalogue_admin.publish": {"version"},
}
RANDOM = {
    "stored_as",
    "commitment",
    "previous_hash",
    "signature",
    "nonce",
    "public_id",
    "message_id",
    "token_hash",
    "password_hash",
    "public_key",
    "salt",
    "mail_messages.context",
    "decisions.batch",
    "hash",
    "previous",
    "key",
}


def writes(world, endpoint: str) -> tuple[Route, str]:
    return next((route, role) for route, role in unsafe(world) if route.endpoint == endpoint)


def columns() -> dict[str, Any]:
    """Every column of every model, with a value somebody would like it to have."""
    found: dict[str, Any] = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            kind = column.type
            if isinstance(kind, Boolean):
                value = "true"
            elif isinstance(kind, Enum):
                value = "published" if "published" in kind.enums else kind.enums[-1]
            elif isinstance(kind, Integer) or column.foreign_keys:
                value = "424242"
            elif isinstance(getattr(kind, "impl", kind), DateTime):
                value = "1999-12-31T00:00"
            else:
                value = "zzmass"
            found[column.name] = value
    return found | {
        "is_admin": "1",
        "admin": "1",
        "weight": "424242",
        "votes_count": "424242",
        "roles": "administrator",
        "epoch": "424242",
        "user_id": "424242",
    }


AT_ONCE = 170  # columns sent beside a form's own fields


def plain(rows: dict[str, list[tuple]]) -> dict[str, list[tuple]]:
    """Without the columns that are random each time."""
    skipped = {
        table.name: [i for i, column in enumerate(table.columns) if column.name in RANDOM or f"{table.name}.{column.name}" in RANDOM]
        for table in Base.metadata.sorted_tables
    }
    return {name: [tuple(value for i, value in enumerate(row) if i not in skipped[name]) for row in found] for name, found in rows.items()}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_m01_no_form_takes_columns_it_does_not_ask_for(world, endpoint):
    """The same act with every column of every table beside it does the same. Seen red with `form.populate_obj(project)`."""
    moment = datetime.now(UTC)
    route, role = writes(world, endpoint)
    path = route.path(world)
    shown = world.ask(role, "GET", path)
    asked = set(fields(world, endpoint)) | ASKED.get(endpoint, set()) | set(_name.findall(shown.text) if shown.status_code == 200 else ())
    extra = [(name, value) for name, value in columns().items() if name not in asked]
    crowds = [dict(extra[start : start + AT_ONCE]) for start in range(0, len(extra), AT_ONCE)]  # a form has 200 parts at most
    found = []
    for more in ({}, *crowds):
        savepoint = world.connection.begin_nested()
        with clock.telling(moment):  # column defaults hear this too
            response = world.ask(role, "POST", path, data=fields(world, endpoint) | more, undo=False)
        found.append((response.status_code, dump(world.connection)))
        savepoint.rollback()
    (status, alone), *others = found
    for other_status, rows_of in others:
        assert status == other_status
        kept = repr([row for name, rows in rows_of.items() if name != "form_keys" for row in rows])
        assert not any(mark in kept for mark in ("zzmass", "424242", "1999-12-31"))
        if world.connection.dialect.name == "sqlite":  # elsewhere a number that was rolled back is not given again
            assert changes(plain(alone), plain(rows_of)) == {}


# --- I03: addresses ----------------------------------------------------------------------------------------------------------

NUMBERS = [
    "0",
    "-1",
    "3000000000",
    "2147483648",
    "100000000000000000000",
    "9" * 400,
    "%00",
    "1%00",
    "%C2%B2",
    "%D9%A1",
    "1-%ED%A0%80",
    "1-%2e%2e",
]
WORDS = ["%00", "%ED%A0%80", "%F0%9F%92%A9", "..%2f..%2fetc", "%2e%2e", "a" * 3000, "%0d%0aX-Evil:1", "~", "'", "%25", "%C3%28", "region"]


def spoilt(rule: str):
    """The address of a rule with each argument spoilt in turn, the others plausible."""
    arguments = re.findall(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>", rule)
    for chosen, (converter, _) in enumerate(arguments):
        for bad in NUMBERS if converter in {"int", "ref"} else WORDS:
            values = iter(bad if n == chosen else "1" if kind in {"int", "ref"} else "aubigny" for n, (kind, _) in enumerate(arguments))
            yield re.sub(r"<[^>]+>", lambda _found, values=values: next(values), rule)


def reaches_a_view(world, path: str) -> bool:
    try:
        world.app.url_map.bind("localhost").match(unquote(path))
    except NotFound:
        return False
    except HTTPException:  # by another method, or at another address
        pass
    return True


def test_i03_no_address_breaks_anything(world):
    """Seen red without BoundedInt and Ref's bound (core.urls): an id of 10^20 is an OverflowError."""
    broken = []
    for rule in world.app.url_map.iter_rules():
        if "<" not in rule.rule or rule.endpoint == "static":
            continue
        methods = sorted({"GET", "POST"} & rule.methods)
        role = "administrator" if "/region/" in rule.rule or "/personnes/" in rule.rule else "manager"
        for n, path in enumerate(spoilt(rule.rule)):
            # What no rule takes is refused before anybody asks how it was sent: each method has its share of it.
            for method in methods if reaches_a_view(world, path) else [methods[n % len(methods)]]:
                try:
                    status = world.ask(role, method, path).status_code
                except Exception as error:
                    status = repr(error)[:120]
                if not isinstance(status, int) or status >= 500:
                    broken.append(f"{method} {path[:80]} as {role}: {status}")
    assert broken == []


PAGES = ["9" * 31, "-1", "²", "1\x00", "\ud800", "9" * 5000]


def test_i03_a_nul_in_an_address_is_refused_before_any_query(world):
    """PostgreSQL stores none. Seen red without `refuse_nul`: 92 addresses were a 500 there, none on SQLite."""
    assert world.ask("visitor", "GET", "/territoires/a%00b/").status_code == 404
    assert world.ask("visitor", "GET", "/recherche?q=a%00b").status_code == 400


@pytest.mark.parametrize("value", PAGES, ids=range(len(PAGES)))
def test_i03_no_parameter_breaks_anything(world, value):
    """page=10^30, years, seeds, versions, on every list and page. Seen red with `int(request.args["page"])`."""
    names = (
        "page",
        "per_page",
        "seed",
        "version",
        "argument",
        "year",
        "territory",
        "q",
        "state",
        "sort",
        "section",
        "etape",
        "kind",
        "theme",
        "level",
        "next",
        "side",
    )
    value = value.encode("utf-8", "surrogatepass").decode("latin-1") if "\ud800" in value else value
    broken = []
    for route in routes(world):
        answer = KNOWN.get((route.endpoint, route.method, route.thing), "")
        if (
            route.method == "GET"
            and "Y" in answer
            and (":" not in route.thing or route.thing.endswith(":published"))
            and route.endpoint != "operations.ready"
        ):
            try:
                status = world.ask(best(answer), "GET", route.path(world), query_string=dict.fromkeys(names, value)).status_code
            except Exception as error:
                status = repr(error)[:160]
            if not isinstance(status, int) or status >= 500:
                broken.append(f"{route.path(world)}: {status}")
    assert broken == []


# --- I03, G05: fields --------------------------------------------------------------------------------------------------------

NASTY = ["\x00", "²", "9" * 400, "100000000000000000000", "9999-12-31T23:59", "0001-01-01T00:00", "0001-01-01", "9999-12-31", "2026-10-25T02:30", "é" * 30_000, "\u202e\u2066abc",
         "=1+1", "a\r\nBcc: x@example.org", "👩‍👩‍👧‍👦" * 50, "[]", "#ZZZZZZ", "%"]  # fmt: skip


def alone(usual: Any) -> list[str]:
    """What a field is sent by itself, where one refusal would hide the others: what breaks its kind, told by its usual value."""
    every = ["a\x00b", "²"]
    if not isinstance(usual, str) or usual.isdigit():
        every.append("9" * 400)
    if not isinstance(usual, str) or re.match(r"\d{4}-\d\d", usual):
        every.append("0001-01-01T00:00")
    return every


@pytest.mark.parametrize("endpoint", sorted(FORMS.keys() & set(ENDPOINTS)))
def test_i03_g05_no_field_breaks_anything(world, endpoint):
    """Each field in turn, then all of them, with what breaks software. Seen red with `int(form.version.data)` for "²", and with
    `from_paris` of the year 1."""
    route, role = writes(world, endpoint)
    path = route.path(world)
    shown = world.ask(role, "GET", path)
    names = sorted(
        (set(fields(world, endpoint)) | set(_name.findall(shown.text) if shown.status_code == 200 else ()))
        - {"csrf_token", "file", "_once"}
    )
    broken = []

    def send(changed: dict[str, str], what: str) -> None:
        try:
            savepoint = world.connection.begin_nested()
            response = world.ask(role, "POST", path, data=fields(world, endpoint) | changed, undo=False)
            status = response.status_code
            if status in {302, 303} and response.headers["Location"].startswith("/"):  # and what was kept can be shown
                status = world.ask(role, "GET", response.headers["Location"]).status_code
        except Exception as error:
            status = repr(error)[:200]
        finally:
            savepoint.rollback()
        if not isinstance(status, int) or status >= 500:
            broken.append(f"{what}: {status}")

    for name in names:
        for nasty in alone(fields(world, endpoint).get(name)):
            send({name: nasty}, f"{name}={nasty[:30]!r}")
    for nasty in [*NASTY, *corpus.naughty(4)]:
        send(dict.fromkeys(names, nasty), f"all={nasty[:30]!r}")
    send({"\x00": "x", "é" * 200: "y", "": "z"}, "names of fields")
    assert broken == []


# --- I04, I06 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "/compte/\r\nX-Evil: 1",
        "/a%0d%0aX-Evil:%201",
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "/\tx",
        "\r\n/x",
        "/x\r\nSet-Cookie: a=b",
    ],
)
def test_i04_no_header_is_made_of_what_came_in(world, address):
    """Seen red without local_path in accounts.views.welcome. The whole list of 259: tests/accounts/test_next.py."""
    data = fields(world, "accounts.log_in") | {"next": address}
    for response in (
        world.ask("visitor", "POST", "/compte/connexion", data=data),
        world.ask("author", "POST", f"/compte/messages/{world.message_id}/lu", data={"next": address}),
        world.ask("citizen", "GET", "/compte/connexion", query_string={"next": address}),
    ):
        assert "X-Evil" not in response.headers
        assert "a=b" not in response.headers.get("Set-Cookie", "")
        location = response.headers.get("Location", "/")
        assert location.startswith("/")
        assert not location.startswith(("//", "/\\"))
        assert "\r" not in location
        assert "\n" not in location


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-1+1", "@SUM(A1)", "\t=1", "＝1+1", "'=1", "=1\r\n+2", ";=1", '";=1'])
def test_i06_no_cell_of_any_csv_is_a_formula(world, text):
    """Every address that ends in .csv. Seen red with `harmless` left out of api.tables.cell."""
    poison(world.connection, text)
    seen = 0
    for route in routes(world):
        if route.method == "GET" and route.path(world).endswith(".csv") and route.thing.endswith((":published", "-")):
            response = world.ask("visitor", "GET", route.path(world))
            assert response.mimetype == "text/csv"
            rows = list(csv.reader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=";"))
            cells = [cell for row in rows for cell in row]
            assert [cell for cell in cells if cell[:1] in set("=+@\t\r\n＝＋－＠") or re.match(r"-\D", cell)] == []
            assert any(exact(cell) == text for cell in cells) or text.strip() != text or "\r" in text
            seen += len(rows) > 1
    assert seen
