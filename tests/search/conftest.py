"""An empty index for each test: the database is rolled back between tests, files are not."""

import pytest

from app.search import engines, sync
from tests.core.test_fragments import marie, place, readers, site  # noqa: F401 -- fixtures: an application as in production


@pytest.fixture
def index(app, transaction):
    """The engine of the application, over the contents of this test alone."""
    engine = engines.current()
    if hasattr(engine, "forget"):
        engine.forget()
    sync.rebuild(engine)
    yield engine
    if hasattr(engine, "forget"):
        engine.forget()
