"""What only shows with real commits, and with a body that the rest of the site would refuse."""

import io
import threading
from datetime import timedelta

import pytest
from flask import request
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from app import files
from app.core import clock
from app.core.db import db, transaction
from app.core.permissions import require
from app.files import services, storage, tasks
from app.files.models import StoredFile
from tests.files import samples


def test_a_file_being_used_is_not_swept(committed, monkeypatch):
    """The sweeper arrives after the file was taken, and before that is committed."""
    with transaction():
        file = services.keep(services.prepare(io.BytesIO(b"a"), name="a.txt"), purpose="test.open", owner_id=3)
        file_id, name = file.id, file.stored_as
    taken = threading.Event()
    later = clock.from_now(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)

    def sweep():
        taken.wait(10)
        with committed.app_context():
            swept.append(tasks.sweep())

    swept: list[tasks.Swept] = []
    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    with transaction():
        services.attach(file_id, owner_id=3, purpose="test.open")
        taken.set()
        sweeper.join(0.5)  # it waits for us, or has already looked
    sweeper.join(10)
    assert swept[0].unused == 0
    assert db.scalar(select(func.count(StoredFile.id)).where(StoredFile.is_attached)) == 1
    assert storage.path_of(name).exists()


@pytest.fixture
def uploads(committed):
    """Two views alike, of which one says that it takes files. The form is read before either runs, to act once."""

    def receive():
        require("audit.checkpoints.read")
        given = request.files["file"]
        return str(services.store(given.stream, name=given.filename, purpose="test.open", is_attached=True).id)

    committed.add_url_rule("/marked", "marked", files.takes_files(lambda: receive()), methods=["POST"])
    committed.add_url_rule("/plain", "plain", lambda: receive(), methods=["POST"])
    client = committed.test_client()

    def send(address, content, name):
        boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(content), name)})
        return client.post(address, data=body, content_type=f"multipart/form-data; boundary={boundary}")

    return send


def test_a_large_file_enters_by_the_views_that_take_files_only(uploads):
    large = samples.PDF + b"\n" * 3_000_000 + b"%%EOF"
    assert uploads("/plain", large, "a.pdf").status_code == 413
    assert uploads("/marked", large, "a.pdf").status_code == 200
    assert db.scalar(select(StoredFile.size)) == len(large)


def test_a_refused_file_leaves_no_row_and_no_octet(uploads):
    answer = uploads("/marked", b"<svg/>", "a.svg")
    assert answer.status_code == 422
    assert "n’est pas accepté" in answer.text
    assert db.scalar(select(func.count(StoredFile.id))) == 0
    assert not [path for path in storage.root().rglob("*") if path.is_file()]


def test_a_week_later_the_address_of_what_was_never_used_is_gone(committed, monkeypatch):
    with transaction():
        file_id = services.keep(services.prepare(io.BytesIO(b"a"), name="a.txt"), purpose="test.open", owner_id=3).id
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert tasks.sweep().unused == 1
    assert committed.test_client().get(f"/fichiers/{file_id}").status_code == 404
