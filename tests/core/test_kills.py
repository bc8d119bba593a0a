"""F01, F03: what was acknowledged survives `kill -9`, whole, and the work it caused is done."""

import pytest

from app.core.db import Session, db
from tests.conftest import database_url
from tests.core import small
from tests.core.kills import kill_again_and_again

pytestmark = pytest.mark.no_database


def test_every_acknowledged_write_survives_a_kill(tmp_path):
    before = dict(Session.kw)
    url = database_url("kills", tmp_path)
    db.remove()
    app = small.small_app(url, tmp_path, TESTING=True)
    small.create_tables(app)
    app.extensions["engine"].dispose()
    Session.configure(**before)
    count = kill_again_and_again(url, tmp_path, times=3)
    assert count.kills == 3
    assert len(count.acknowledged) > 20
    assert (count.lost, count.halves) == ([], [])
