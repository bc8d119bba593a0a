"""The demonstration region, loaded once and committed, read by one client a role. These tests only read."""

import pytest
from sqlalchemy import text

from app.core import db as database
from app.demo.people import PASS_PHRASE
from app.search import sync
from tests.conftest import make_told_app, statements_to
from tests.pages import addresses


class Site:
    def __init__(self, app):
        self.app = app
        self.engine = app.extensions["engine"]
        self.emails = addresses.people(self.ask)
        self.pages = addresses.pages(self.ask, self.emails)
        self.clients = {}

    def ask(self, query: str) -> list[tuple]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def client(self, role: str):
        if role not in self.clients:
            client = self.clients[role] = self.app.test_client()
            if role != "visitor":
                answer = client.post("/compte/connexion", data={"email": self.emails[role], "password": PASS_PHRASE})
                assert answer.status_code in {302, 303}, answer.text
        return self.clients[role]

    def read(self, role: str, name: str):
        """The page, at the address where it ends up."""
        return self.client(role).get(self.pages[role][name], follow_redirects=True)

    def cost(self, role: str, name: str) -> list[str]:
        """The statements that one reading of the page sends."""
        client, path = self.client(role), self.pages[role][name]
        path = client.get(path, follow_redirects=True).request.full_path  # counts neither redirects nor what is read once a process
        with statements_to(self.engine) as sent:
            client.get(path)
        return sent


def load_region(folder, name: str) -> Site:
    """Its own application and database: the region as it is told, found by its own index."""
    app = make_told_app(folder, name)
    database.db.remove()
    database.Session.configure(bind=app.extensions["engine"], join_transaction_mode="conditional_savepoint")
    with app.app_context():
        sync.rebuild()
        database.db.remove()
    return Site(app)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory):
    site = load_region(tmp_path_factory.mktemp("pages"), "pages")
    yield site
    site.engine.dispose()


@pytest.fixture
def site(loaded):
    """Other tests of this process have sessions of their own: this one's is set each time."""
    database.db.remove()
    database.Session.configure(bind=loaded.engine, join_transaction_mode="conditional_savepoint")
    yield loaded
    database.db.remove()
