"""Recounts: what is written twice says the same twice."""

import pytest
from sqlalchemy import update

from app.contents import services as contents
from app.contents.models import Tally
from app.core import health, outbox
from app.core.db import db
from app.debates.models import Debate
from app.operations import checks
from tests.factories import make_content, make_person, make_territory


def test_a_tally_that_is_not_the_votes_is_found(app):
    debate, person = make_content(Debate, territory=make_territory()), make_person()
    contents.cast_vote(debate, person=person, value="agree")
    db.commit()
    assert checks.tallies_are_right() is None
    db.execute(update(Tally).values(cast=5))
    assert f"n° {debate.id}" in checks.tallies_are_right()
    db.execute(Tally.__table__.delete())
    assert f"n° {debate.id}" in checks.tallies_are_right()


def test_the_register_is_verified_link_by_link(app):
    from app.audit import services as audit

    audit.record("role.given", subject="person:1")
    db.flush()
    assert checks.register_holds() is None


@pytest.mark.parametrize("name", ["database", "migrations", "search", "worker"])
def test_readiness_asks_what_serving_needs(app, name):
    assert name in health.serving_checks
    assert name in health.checks


def test_what_waits_to_be_indexed_is_no_divergence(app):
    outbox.enqueue(checks.sync.TOPIC, 1)
    assert checks.index_follows() is None
