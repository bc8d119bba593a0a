import pytest

from app.core import db as database
from tests.attacks.world import make_world


@pytest.fixture(scope="session")
def whole_world(tmp_path_factory):
    """Built once a process, on a database of its own."""
    world = make_world(tmp_path_factory.mktemp("attacks"))
    yield world
    world.app.extensions["engine"].dispose()


@pytest.fixture
def world(whole_world):
    """The world, to attack: what is done to it is undone at the end of the test."""
    with whole_world.attacked():
        yield whole_world


def pytest_collection_modifyitems(items):
    """These tests bring their own databases."""
    for item in items:
        if "/attacks/" in str(item.path):
            item.add_marker(pytest.mark.no_database)


__all__ = ["database"]
