"""D08: the store of the limits dies or hangs; people go on, and are still counted."""

import socket

import pytest

from app.accounts import pace
from app.core.limits import PATIENCE, store_options


@pytest.fixture
def silent():
    """A store that takes connections and never answers."""
    pytest.importorskip("redis")
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_d08_a_store_that_hangs_is_given_up_and_log_ins_are_counted_here(app, monkeypatch, silent):
    """Measured without `store_options`, with Redis stopped in mid-air: ten seconds a write, five a page, in each process."""
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", True)
    monkeypatch.setitem(app.config, "RATELIMIT_STORAGE_URI", silent)
    pace.init_app(app)
    client = app.test_client()
    sent = {"email": "marie@example.org", "password": "une phrase qui n’est pas la sienne"}
    answers = [client.post("/compte/connexion", data=sent).status_code for _ in range(11)]
    shared, _alone = app.extensions["log_in_pace"]
    monkeypatch.undo()
    pace.init_app(app)
    assert answers == [422] * 10 + [429]
    assert shared.storage.storage.connection_pool.connection_kwargs["socket_timeout"] == PATIENCE


def test_d08_only_a_shared_store_is_told_to_hurry():
    assert store_options("redis://x/0")["socket_timeout"] == PATIENCE
    assert store_options("rediss://x/0")["socket_connect_timeout"] == PATIENCE
    assert store_options("memory://") == {}
