"""The demonstration is loaded once, on a database of its own, for all the tests that only read it."""

import pytest

from app.core import db as database
from app.core.db import db
from tests.conftest import make_told_app


@pytest.fixture(scope="session")
def loaded(tmp_path_factory):
    app = make_told_app(tmp_path_factory.mktemp("demo"), "demo", DEMO=True)
    yield app
    app.extensions["engine"].dispose()


@pytest.fixture
def region(loaded):
    use(loaded)
    with loaded.app_context():
        yield loaded
        db.remove()


def use(app):
    """The session is one for the process: it speaks to this application's database."""
    db.remove()
    database.Session.configure(bind=app.extensions["engine"], join_transaction_mode="conditional_savepoint")
