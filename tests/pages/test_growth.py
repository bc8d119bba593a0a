"""Twice and three times the contributions, the sheets and the people: every page asks as many questions as before."""

import pytest

from app.core import db as database
from app.demo.scale import Multiplier
from app.search import sync
from tests.pages.conftest import load_region
from tests.pages.names import NAMES
from tests.pages.test_every_page import QUERY_LIMIT

pytestmark = [pytest.mark.no_database]


@pytest.fixture(scope="module")
def costs(tmp_path_factory):
    """(role, page) → questions before, and after two copies. On a region of its own: it changes."""
    grown = load_region(tmp_path_factory.mktemp("grown"), "grown")
    before = {(role, name): len(grown.cost(role, name)) for role, name in NAMES}
    with grown.app.app_context():
        copies = Multiplier()
        database.db.rollback()
        for n in (1, 2):
            with database.transaction():
                copies.add_copy(n)
            database.db.expunge_all()
        sync.rebuild()
        database.db.remove()
    after = {(role, name): grown.cost(role, name) for role, name in NAMES}
    grown.engine.dispose()
    return {key: (before[key], after[key]) for key in before}


@pytest.mark.parametrize(("role", "name"), NAMES)
def test_a_page_asks_no_more_of_a_larger_region(costs, role, name):
    before, after = costs[role, name]
    # Results ask one question for each kind among them that has columns of its own; another list, once it has rows to tell of, one more.
    more = 4 if path_of_results(name) else 1 if before < 8 else 0
    assert len(after) <= min(before + more, max(QUERY_LIMIT, before)), "\n".join(after)


def path_of_results(name: str) -> bool:
    return name.startswith(("search", "catalogue"))
