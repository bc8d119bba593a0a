import io

import pytest

from app import files
from app.core.db import db
from app.files import services, storage


@pytest.fixture(autouse=True)
def purposes(monkeypatch):
    """Purposes of these tests only: for all, for whoever is signed in, for their owner."""
    monkeypatch.setitem(files.readers, "test.open", lambda person, file: True)
    monkeypatch.setitem(files.readers, "test.members", lambda person, file: not person.is_anonymous)
    monkeypatch.setitem(files.readers, "test.own", lambda person, file: not person.is_anonymous and person.id == file.owner_id)


@pytest.fixture(autouse=True)
def own_folder(request, tmp_path, monkeypatch):
    app = request.getfixturevalue("committed" if "committed" in request.fixturenames else "app")
    monkeypatch.setitem(app.config, "INSTANCE_DIR", tmp_path)


@pytest.fixture
def store():
    def store(content=b"bonjour", name="note.txt", **values):
        file = services.store(io.BytesIO(content), name=name, **{"purpose": "test.open", "is_attached": True} | values)
        db.commit()
        db.expunge(file)  # as a later request would find it: nothing is loaded
        return file

    return store


@pytest.fixture
def on_disk():
    """Every file under the instance's `files/`."""
    return lambda: sorted(path for path in storage.root().rglob("*") if path.is_file())
