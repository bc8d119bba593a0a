"""F05, F06, P04: what we stand on goes away, the site says so, keeps what was typed, and its logs keep nobody's."""

import errno
import io
import json
import re
import sqlite3

import psycopg
import pytest
import structlog
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core import logs
from app.core.db import db
from app.core.outages import is_outage
from tests.factories import make_person


def of_sqlite(code: int) -> OperationalError:
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code
    return OperationalError("SELECT 1", {}, error)


def of_postgres(kind: type, state: str | None = None) -> OperationalError:
    error = kind("connection failed")
    if state:
        error.sqlstate = state
    return OperationalError("SELECT 1", {}, error)


AWAY = {
    "no connection": of_postgres(psycopg.OperationalError),
    "no answer": of_postgres(psycopg.errors.ConnectionTimeout),
    "restarted": of_postgres(psycopg.errors.AdminShutdown),
    "too many": of_postgres(psycopg.errors.TooManyConnections),
    "disk full there": of_postgres(psycopg.errors.DiskFull),
    "too slow": of_postgres(psycopg.errors.QueryCanceled),
    "disk full": of_sqlite(sqlite3.SQLITE_FULL),
    "disk broken": of_sqlite(sqlite3.SQLITE_IOERR_FSYNC),
    "busy": of_sqlite(sqlite3.SQLITE_BUSY),
    "file gone": of_sqlite(sqlite3.SQLITE_CANTOPEN),
    "no file written": OSError(errno.ENOSPC, "No space left on device"),
    "pool": PoolTimeout(),
}
OURS = {
    "a table that is not": of_postgres(psycopg.errors.UndefinedTable),
    "a value no column holds": of_postgres(psycopg.errors.NumericValueOutOfRange),
    "a write in a reading": of_postgres(psycopg.errors.ReadOnlySqlTransaction),
    "no such column": of_sqlite(sqlite3.SQLITE_ERROR),
    "a write in a reading, here": of_sqlite(sqlite3.SQLITE_READONLY),
    "a file that is not": FileNotFoundError(errno.ENOENT, "x"),
    "a mistake": ValueError(),
}


def test_what_is_away_is_told_from_what_is_wrong():
    assert [name for name, error in AWAY.items() if not is_outage(error)] == []
    assert [name for name, error in OURS.items() if is_outage(error)] == []


@pytest.fixture
def falls(app, monkeypatch):
    """`falls(error)`: from then on every question to the database raises it. As in production, where nothing is raised to us."""
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    def fall(error):
        def refuse(*_args, **_more):
            raise error

        monkeypatch.setattr(type(db()), "execute", refuse)
        monkeypatch.setattr(type(db()), "scalars", refuse)
        monkeypatch.setattr(type(db()), "scalar", refuse)

    return fall


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/debats/",
        "/compte/",
        "/compte/x",
        "/contributions/1",
        "/gestion/x/",
        "/gestion/x/y",
        "/debats.json",
        "/fichiers/1",
        "/personnes/x",
    ],
)
def test_a_page_says_that_the_site_pauses_whoever_asks(client, falls, path):
    """Seen red: 500; and for who is logged in, a bare page of the server's without a header of ours, since ours asked who they were."""
    person = make_person(confirmed=True)
    client.log_in(person)
    falls(AWAY["no connection"])
    for given in (True, False):
        answer = client.get(path) if given else client.application.test_client(use_cookies=False).get(path)
        assert answer.status_code in ({503} if given else {503, 302, 404})
        assert "Content-Security-Policy" in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) <= 60
            assert "Le site fait une pause" in (answer.json["error"] if path.endswith("json") else answer.text)


@pytest.mark.parametrize("name", ["restarted", "disk full"])
def test_what_was_typed_comes_back(client, falls, name):
    client.log_in(make_person(confirmed=True))
    falls(AWAY[name])
    answer = client.post("/compte/profil", data={"name": "Autre nom", "bio": "Un long texte à moi."})
    assert answer.status_code == 503
    assert "Un long texte à moi." in answer.text


def test_a_mistake_of_ours_is_still_told_with_our_page(client, falls, app, monkeypatch):
    """Seen red: a page that fails for who is logged in was not ours."""
    client.log_in(make_person(confirmed=True))
    falls(ValueError("a mistake"))
    monkeypatch.setattr(app, "testing", False)
    answer = client.get("/compte/x")
    assert answer.status_code == 500
    assert "Content-Security-Policy" in answer.headers
    assert "Une erreur s’est produite" in answer.text


# --- P04 -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def written(monkeypatch):
    """What our logs say, as lines of JSON."""
    out = io.StringIO()
    before = structlog.get_config()
    logs.configure()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(out), cache_logger_on_first_use=False)
    monkeypatch.setattr(logs, "log", structlog.get_logger("beffroi"))
    monkeypatch.setattr("app.core.errors.log", logs.log)
    yield out
    structlog.configure(**before)


@pytest.mark.parametrize("error", [AWAY["no connection"], ValueError("a mistake")], ids=["away", "mistake"])
def test_p04_no_log_gives_the_link_of_a_letter(client, falls, app, monkeypatch, written, error):
    """Whoever reads the logs could choose somebody's password. Seen red with `request.path`."""
    falls(error)
    monkeypatch.setattr(app, "testing", False)
    for path in (
        "/compte/nouveau-mot-de-passe/",
        "/compte/confirmer/",
        "/recours/",
        "/signalements/",
        "/compte/invitation/",
        "/recherche/suivies/",
    ):
        client.get(f"{path}secretjeton.abcdef")
        client.get(f"{path}secretjeton.abcdef.atom?adresse=secret%40example.org")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert {line["event"] for line in lines} & {"away", "error"}
    assert re.search(r"secretjeton|secret@|secret%40", written.getvalue()) is None


def test_p04_no_log_gives_the_row_that_postgresql_refused(written):
    """Seen red without `without_rows`."""
    said = 'duplicate key value violates unique constraint "uq_identities_email"\nDETAIL:  Key (email)=(marie@example.org) already\nexists.'
    try:
        raise IntegrityError("INSERT INTO identities", {}, psycopg.errors.UniqueViolation(said)) from psycopg.errors.UniqueViolation(said)
    except IntegrityError:
        logs.log.exception("error")
    (line,) = map(json.loads, written.getvalue().splitlines())
    assert "marie@example.org" not in written.getvalue()
    assert all("uq_identities_email" in raised["exc_value"] for raised in line["exception"])
    assert "INSERT INTO identities" in line["exception"][0]["exc_value"]
