"""G01, G02: a backup under writes misses nothing acknowledged before it; a restoration is whole, asked for, and holds letters."""

import http.client
import threading
import time
from contextlib import nullcontext

import pytest
from sqlalchemy import select

from app.core.db import Session, db, transaction
from app.operations import backup
from app.operations.cli import after_restore
from tests.conftest import database_url, make_app
from tests.core import small
from tests.core.kills import free_port, is_up

pytestmark = pytest.mark.no_database


@pytest.fixture
def site(tmp_path):
    """A small site with its tables, a file and a key; nobody serves it yet."""
    before = dict(Session.kw)
    folder = tmp_path / "instance"
    folder.mkdir()
    place = backup.Place(database_url("saved", folder), folder)
    db.remove()
    app = small.small_app(place.url, folder, TESTING=True)
    small.create_tables(app)
    app.extensions["engine"].dispose()
    Session.configure(**before)
    put(folder / "files" / "ab" / "cd" / ("abcd" + "0" * 28), b"bytes")
    put(folder / "secret-key", b"k" * 64)
    return place


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture
def elsewhere(tmp_path):
    """An empty installation on the same engine."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return backup.Place(database_url("restored", folder), folder)


@pytest.fixture(autouse=True)
def no_migration(monkeypatch):
    monkeypatch.setattr(backup.migrations, "upgrade_if_behind", lambda url: None)


def rows(place, query="SELECT job FROM done"):
    outside = small.Outside(place.url)
    try:
        return [row[0] for row in outside.rows(query)]
    finally:
        outside.engine.dispose()


def note(place, job):
    rows(place, f"INSERT INTO done (job, process) VALUES ('{job}', 0) RETURNING job")


def test_a_backup_under_writes_misses_nothing_acknowledged_before_it(site, elsewhere, tmp_path):
    port = free_port()
    process = small.start(site.url, site.folder, "web", str(port))
    acknowledged, stop = [], threading.Event()

    def write():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while not stop.is_set():
            name = f"{threading.get_ident()}-{time.monotonic_ns()}"
            connection.request("POST", f"/write/{name}")
            if connection.getresponse().read() == b"written":
                acknowledged.append((time.monotonic(), name))
            time.sleep(0.02)
        connection.close()

    try:
        small.until(lambda: is_up(port))
        people = [threading.Thread(target=write) for _ in range(2)]
        for person in people:
            person.start()
        small.until(lambda: len(acknowledged) > 40)
        begun = time.monotonic()
        backup.write(site, tmp_path / "saved.beffroi")
        assert len(acknowledged) > 40
        small.until(lambda: acknowledged[-1][0] > time.monotonic() - 1)
    finally:
        stop.set()
        for person in people:
            person.join()
        process.kill()
        process.wait()
    backup.read(elsewhere, tmp_path / "saved.beffroi")
    there = set(rows(elsewhere))
    expected = {name for moment, name in acknowledged if moment < begun}
    assert len(expected) > 40
    assert expected <= there
    assert {f"twin {name}" for name in expected} <= there


def test_files_and_the_key_come_back_and_the_archive_is_private(site, elsewhere, tmp_path):
    manifest = backup.write(site, tmp_path / "saved.beffroi")
    assert manifest["files"] == 1
    assert (tmp_path / "saved.beffroi").stat().st_mode & 0o077 == 0
    assert [path.name for path in site.folder.glob("backup-*")] == []
    backup.read(elsewhere, tmp_path / "saved.beffroi")
    assert (elsewhere.folder / "files" / "ab" / "cd" / ("abcd" + "0" * 28)).read_bytes() == b"bytes"
    assert (elsewhere.folder / "secret-key").read_bytes() == b"k" * 64
    assert (elsewhere.folder / "secret-key").stat().st_mode & 0o777 == 0o600


def test_what_is_there_is_replaced_only_when_asked(site, elsewhere, tmp_path):
    note(site, "saved")
    backup.write(site, tmp_path / "saved.beffroi")
    note(site, "later")
    with pytest.raises(backup.Refused, match="--force"):
        backup.read(site, tmp_path / "saved.beffroi")
    assert rows(site) == ["saved", "later"]
    backup.read(site, tmp_path / "saved.beffroi", force=True)
    assert rows(site) == ["saved"]
    if site.on_sqlite:
        assert list(site.folder.glob("saved.db.avant-*"))


def test_a_running_site_is_not_restored(site, tmp_path):
    backup.write(site, tmp_path / "saved.beffroi")
    process = small.start(site.url, site.folder)
    try:
        small.until(lambda: rows(site, "SELECT name FROM worker_beats WHERE is_leader"))
        with pytest.raises(backup.Refused, match="arrêtez"):
            backup.read(site, tmp_path / "saved.beffroi", force=True)
    finally:
        process.kill()
        process.wait()


def test_a_damaged_archive_changes_nothing(site, elsewhere, tmp_path):
    note(site, "kept")
    saved = tmp_path / "saved.beffroi"
    backup.write(site, saved)
    whole = saved.read_bytes()
    halfway = len(whole) // 2
    flipped = whole[:halfway] + bytes([whole[halfway] ^ 1]) + whole[halfway + 1 :]
    for bad in (b"", b"nothing of ours", whole[:halfway], flipped, whole[:-200] + bytes(200), whole[:-8] + bytes(8)):
        saved.write_bytes(bad)
        with pytest.raises(backup.Refused, match=r"abîmée|pas une sauvegarde"):
            backup.read(site, saved, force=True)
    assert rows(site) == ["kept"]
    assert (site.folder / "secret-key").exists()


def test_an_archive_of_the_other_engine_is_refused(site, tmp_path):
    other = backup.Place("postgresql://nowhere/x" if site.on_sqlite else "sqlite:////nowhere.db", site.folder)
    backup.write(site, tmp_path / "saved.beffroi")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backup, "alone", lambda place: nullcontext())
        with pytest.raises(backup.Refused, match="même moteur"):
            backup.read(other, tmp_path / "saved.beffroi")


def test_a_backup_never_replaces_another(site, tmp_path):
    backup.write(site, tmp_path / "saved.beffroi")
    with pytest.raises(backup.Refused, match="existe déjà"):
        backup.write(site, tmp_path / "saved.beffroi")


def test_letters_that_waited_are_held_and_the_register_says_so(tmp_path):
    from app.audit.models import AuditEntry
    from app.core import outbox

    before = dict(Session.kw)
    db.remove()
    app = make_app(tmp_path, "held")
    Session.configure(join_transaction_mode="conditional_savepoint")
    try:
        with app.app_context():
            with transaction():
                outbox.enqueue("mail", 1)
                outbox.enqueue("search", 1)
            assert after_restore({"made_at": "2026-03-02T12:00:00+00:00"}) == 1
            assert outbox.due_topics() == {"search"}
            assert db.scalars(select(AuditEntry.act)).all() == ["site.restored"]
    finally:
        db.remove()
        app.extensions["engine"].dispose()
        Session.configure(**before)
