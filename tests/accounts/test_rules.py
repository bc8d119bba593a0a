"""Who may do what, as a matrix: person × thing."""

from types import SimpleNamespace

import pytest

from app.accounts import rules
from app.accounts.models import Person, Role
from app.accounts.sessions import Visitor
from app.core import clock
from app.core.permissions import OrdinaryMember, could_after_login
from app.territories.models import Territory

HERE, THERE = Territory(id=1), Territory(id=2)
LOCAL_ROLES, REGIONAL_ROLES = ("moderator", "manager", "elected"), ("curator", "evaluator", "administrator")


def person(role=None, place=None, confirmed=True, suspended=False):
    made = Person(id=7, name="x", epoch=1, confirmed_at=clock.now() if confirmed else None, suspended_at=clock.now() if suspended else None)
    made.roles = [Role(name=role, territory_id=place)] if role else []
    return made


PEOPLE = {
    "visitor": Visitor(),
    "member": OrdinaryMember(),
    "citizen": person(),
    "unconfirmed": person(confirmed=False),
    "suspended": person(suspended=True),
    **{f"{role} here": person(role, 1) for role in LOCAL_ROLES},
    **{f"{role} there": person(role, 2) for role in LOCAL_ROLES},
    **{role: person(role) for role in REGIONAL_ROLES},
    "suspended manager here": person("manager", 1, suspended=True),
    "unconfirmed administrator": person("administrator", confirmed=False),
}
THINGS = {
    "here": [HERE, SimpleNamespace(territory_id=1)],
    "region": [None, SimpleNamespace(territory_id=None)],
}
MATRIX = {
    ("citizen", "here"): {"member", "citizen", "moderator here", "manager here", "elected here", "moderator there", "manager there", "elected there", "curator", "evaluator", "administrator"},
    ("moderator_of", "here"): {"moderator here"},
    ("manager_of", "here"): {"manager here"},
    ("elected_of", "here"): {"elected here"},
    ("team_of", "here"): {"moderator here", "manager here", "elected here"},
    ("inviter", "here"): {"manager here", "administrator"},
    ("curator", "here"): {"curator"},
    ("evaluator", "here"): {"evaluator"},
    ("administrator", "here"): {"administrator"},
    ("moderator_of", "region"): {"curator", "administrator"},
    ("manager_of", "region"): {"curator", "administrator"},
    ("elected_of", "region"): set(),
    ("team_of", "region"): {"curator", "administrator"},
    ("inviter", "region"): {"administrator"},
    ("administrator", "region"): {"administrator"},
}  # fmt: skip


@pytest.mark.parametrize(("name", "where"), MATRIX)
def test_predicates(name, where):
    for thing in THINGS[where]:
        allowed = {who for who, one in PEOPLE.items() if getattr(rules, name)(one, thing)}
        assert allowed == MATRIX[name, where]


def test_a_visitor_is_offered_the_door_where_any_member_could(app):
    with app.test_request_context():
        assert could_after_login("account.own")
        assert not could_after_login("person.suspend", None)


def test_nobody_suspends_themself():
    administrator = person("administrator")
    other = Person(id=8, name="y")
    from app.core.permissions import rules as declared

    assert declared()["person.suspend"](administrator, other)
    assert not declared()["person.suspend"](administrator, administrator)
