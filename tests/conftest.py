"""The harness. Each test runs inside a transaction that is rolled back; what needs real commits asks for `committed`.

`TEST_DATABASE_URL=postgresql+psycopg://…` runs the same suite on PostgreSQL. What is absent is skipped with its
reason, and is an error where CI=true.
"""

import os
import shutil
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from flask import g, has_app_context
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import ORMExecuteState

os.environ.setdefault("INSTANCE_DIR", tempfile.mkdtemp(prefix="beffroi-tests-"))

from app import create_app
from app.core import clock, outbox
from app.core import db as database
from app.core.templates import Compiled, state_of
from app.operations.migrations import import_models
from config import Config

# A test has no time limit of its own: a busy machine is not a fault.
settings.register_profile("beffroi", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("beffroi")

# What is asked here of pages, words, files and permissions is answered alike on every database: the gate asks once, on SQLite.
ONCE = (
    "attacks/test_forgery.py",
    "attacks/test_http.py",
    "attacks/test_markup.py",
    "attacks/test_matrix.py",
    "attacks/test_requests.py",
    "core/test_assets.py",
    "core/test_differences.py",
    "core/test_fetch.py",
    "core/test_formats.py",
    "core/test_templates.py",
    "core/test_text.py",
    "core/test_urls.py",
    "operations/test_settings.py",
    "pages/test_every_page.py",
    "pages/test_linked_data.py",
    "pages/test_words.py",
    "search/test_analysis.py",
    "search/test_grammar.py",
    "search/test_highlight.py",
    "search/test_whoosh.py",
    "test_architecture.py",
)

SHARED = Path(__file__).resolve().parents[2] / "shared"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
GIVEN_URL = os.environ.get("TEST_DATABASE_URL", "")


class TestConfig(Config):
    __test__ = False
    TESTING = True
    SECRET_KEY = "only-for-tests-" + "x" * 40
    BASE_URL = "http://localhost"
    TRUSTED_HOSTS = ["localhost"]
    SESSION_COOKIE_SECURE = False
    SESSION_COOKIE_NAME = "beffroi"
    WTF_CSRF_ENABLED = False
    PASSWORD_TIME_COST = 1
    PASSWORD_MEMORY_COST = 8
    PAGE_CACHE = False
    MAIL_URL = None


class Client(FlaskClient):
    """Fails a test whose write succeeded without asking anybody's permission."""

    def open(self, *args, **kwargs):
        database.db.remove()  # as in production, a request starts with nothing loaded
        for name in list(g) if has_app_context() else ():
            g.pop(name)  # the test's own context is the request's too: neither who was here nor what was checked may stay
        with self:
            response = super().open(*args, **{"buffered": True} | kwargs)  # read to its end, and let go: some answers are files
            if response.request.method not in {"GET", "HEAD", "OPTIONS"} and response.status_code < 400:
                assert g.get("permission_checked"), f"{response.request.path} never called require()"
        return response

    def log_in(self, person):
        """Open a session for this person, as logging in does."""
        from app.accounts import sessions

        with self.session_transaction() as cookie:
            cookie.clear()
            cookie.update(sessions.open_for(person))
        database.db.commit()


@cache
def compiled_templates() -> Compiled:
    """One folder for every process and every application of the suite: compiling our templates takes some eight seconds."""
    folder = Path(__file__).resolve().parents[1] / ".pytest_cache" / "templates"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Compiled(folder, state_of())


def database_url(name: str, folder: Path, template: str | None = None) -> str:
    """A fresh database of its own for this test process: empty, or a copy of `template`'s."""
    if not GIVEN_URL:
        path = folder / f"{name}.db"
        if template:
            shutil.copyfile(make_url(template).database, path)
        return f"sqlite:///{path}"
    url = make_url(GIVEN_URL)
    own = f"{url.database}_{name}_{WORKER}"
    copied = f' TEMPLATE "{make_url(template).database}"' if template else ""
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)'))
        connection.execute(text(f'CREATE DATABASE "{own}"{copied}'))
    admin.dispose()
    return url.set(database=own).render_as_string(hide_password=False)


@cache
def with_tables() -> str:
    """The address of a database that has the tables and nothing else, made once a process and copied from then on."""
    url = database_url("tables", Path(tempfile.mkdtemp(prefix="beffroi-tables-")))
    import_models()
    engine = database.make_engine(url)
    token = database.writing.set(True)
    database.Base.metadata.create_all(engine)
    database.writing.reset(token)
    engine.dispose()
    return url


@cache
def with_region() -> tuple[str, Path]:
    """The address of a database with the demonstration region, told once a process, and the folder of its keys and files."""
    from app.demo import services as demo

    folder = Path(tempfile.mkdtemp(prefix="beffroi-told-"))
    app = make_app(folder, "told")
    database.db.remove()
    database.Session.configure(bind=app.extensions["engine"], join_transaction_mode="conditional_savepoint")
    with app.app_context(), database.transaction():
        demo.load()
    database.db.remove()
    app.extensions["engine"].dispose()
    return app.config["DATABASE_URL"], folder


def make_told_app(folder: Path, name: str, **settings):
    """An application on a demonstration of its own."""
    template, told = with_region()
    shutil.copytree(told, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.db*"))
    return make_app(folder, name, template=template, **settings)


def make_app(folder: Path, name: str, *, template: str | None = None, **settings):
    """An application on a database of its own, with its tables or all that the `template` holds, in a folder of its own."""
    url = database_url(name, folder, template=template or with_tables())
    config = type(
        "OwnConfig", (TestConfig,), {"INSTANCE_DIR": folder, "DATABASE_URL": url, "JOBS_URL": f"sqlite:///{folder / 'jobs.db'}", **settings}
    )
    app = create_app(config)
    app.jinja_env.bytecode_cache = compiled_templates()
    app.test_client_class = Client
    return app


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("instance")
    app = make_app(folder, "suite")
    yield app
    app.extensions["engine"].dispose()


@pytest.fixture(autouse=True)
def transaction(request):
    """Every test runs inside one outer transaction that is rolled back at the end, except those that commit for real."""
    if "committed" in request.fixturenames or "no_database" in request.keywords:
        yield
        return
    app = request.getfixturevalue("app")
    token = database.writing.set(True)
    with app.app_context(), app.extensions["engine"].connect() as connection:
        outer = connection.begin()
        database.db.remove()
        database.Session.configure(bind=connection, join_transaction_mode="create_savepoint")
        yield
        database.db.remove()
        outer.rollback()
        database.Session.configure(bind=app.extensions["engine"], join_transaction_mode="conditional_savepoint")
    database.writing.reset(token)


@pytest.fixture
def committed(tmp_path):
    """An application on a database of its own, where commits are real: races, workers, browsers, other processes."""
    app = make_app(tmp_path, "committed")
    database.db.remove()
    database.Session.configure(bind=app.extensions["engine"], join_transaction_mode="conditional_savepoint")
    token = database.writing.set(True)
    with app.app_context():
        yield app
        database.db.remove()
    database.writing.reset(token)
    app.extensions["engine"].dispose()
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def client(app):
    return app.test_client()


@contextmanager
def statements_to(engine):
    """The statements sent to this database from here on, by what writes and by what only reads."""
    sent: list[str] = []

    def record(conn, cursor, statement, *_):
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            sent.append(statement)

    engines = {engine, database.readers.get(engine, engine)}
    for each in engines:
        event.listen(each, "before_cursor_execute", record)
    yield sent
    for each in engines:
        event.remove(each, "before_cursor_execute", record)


@pytest.fixture
def count_queries(request):
    """The statements sent since the list was last cleared."""
    app = request.getfixturevalue("committed" if "committed" in request.fixturenames else "app")
    with statements_to(app.extensions["engine"]) as sent:
        yield sent


@pytest.fixture
def at(monkeypatch):
    """Set the clock: `at(moment)`."""
    return lambda moment: monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.fixture
def run_worker():
    """Do all the work the outbox holds, now."""

    def run(*topics):
        for _round in range(20):
            if not outbox.run_due(topics or None):
                return

    return run


@pytest.fixture(autouse=True)
def no_lazy_column_load():
    """A list that reads a column it did not load (inherited ones included) costs a query a row: here it fails."""

    def refuse(state: ORMExecuteState):
        if state.is_column_load and not state.execution_options.get("expected_load"):
            mapper = state.bind_mapper
            names = {attribute.key for attribute in mapper.column_attrs} if mapper else set()
            loaded = state.user_defined_options
            raise AssertionError(f"a column of {mapper} was loaded lazily ({len(names)} columns, options {loaded}): say it in the query")

    event.listen(database.Session, "do_orm_execute", refuse)
    yield
    event.remove(database.Session, "do_orm_execute", refuse)


@pytest.fixture(autouse=True, scope="session")
def no_relationship_written():
    """One that is only for reading forgets in silence what is put into it: here it fails."""

    def refuse(target, value, _old, initiator):
        raise AssertionError(f"{type(target).__name__}.{initiator.key} is for reading: write its column")

    import_models()
    listened = [
        getattr(mapper.class_, each.key) for mapper in database.Base.registry.mappers for each in mapper.relationships if each.viewonly
    ]
    for attribute in listened:
        event.listen(attribute, "set", refuse)
    yield
    for attribute in listened:
        event.remove(attribute, "set", refuse)


def shared(path: str) -> Path:
    """A file of ../shared, or a skip that names it."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"../shared/{path} is absent")
    return found


def pytest_collection_modifyitems(items):
    chromium = shutil.which("chromium")
    for item in items:
        if "browser" in item.keywords and not chromium:
            item.add_marker(pytest.mark.skip(reason="Chromium is absent"))
        if "postgres" in item.keywords and not GIVEN_URL.startswith("postgres"):
            item.add_marker(pytest.mark.skip(reason="PostgreSQL is absent (TEST_DATABASE_URL)"))
        if item.path.as_posix().endswith(ONCE):
            item.add_marker(pytest.mark.once)


def pytest_sessionfinish(session, exitstatus):
    """Where CI=true nothing may skip; tests for the other database are deselected there, by marker."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = 1


__all__ = ["inspect", "shared"]
