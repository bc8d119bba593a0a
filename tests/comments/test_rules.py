import pytest

from app.accounts.sessions import Visitor
from app.contents.models import State
from app.core import clock
from app.core.permissions import can, could_after_login
from tests.factories import make_person, make_territory
from tests.participation import make_argument, make_debate, make_reply

STATES = [State.PENDING, State.PUBLISHED, State.HIDDEN, State.REMOVED, State.WITHDRAWN]
ALL_STATES = dict.fromkeys(STATES)
EVERYONE = "visitor unconfirmed citizen suspended author moderator manager elsewhere administrator"
MAY = {
    "argument.read": {State.PUBLISHED: EVERYONE} | {state: "author moderator manager" for state in STATES if state != State.PUBLISHED},
    "argument.edit": dict.fromkeys(STATES, "author"),
    "argument.withdraw": dict.fromkeys(STATES, "author"),
    "content.vote": dict.fromkeys(STATES, "citizen author moderator manager elsewhere administrator"),
    "content.comment": dict.fromkeys(STATES, "citizen author moderator manager elsewhere administrator"),
    "content.argue": dict.fromkeys(STATES, "citizen author moderator manager elsewhere administrator"),
    "content.answer": dict.fromkeys(STATES, "moderator manager"),
}
PEOPLE = EVERYONE.split()


def person_named(name, argument, territory):
    return {
        "visitor": Visitor,
        "unconfirmed": lambda: make_person(confirmed=False),
        "citizen": make_person,
        "suspended": lambda: make_person(suspended_at=clock.now()),
        "author": lambda: argument.author,
        "moderator": lambda: make_person(roles=[("moderator", territory)]),
        "manager": lambda: make_person(roles=[("manager", territory)]),
        "elsewhere": lambda: make_person(roles=[("moderator", make_territory()), ("manager", make_territory())]),
        "administrator": lambda: make_person(roles=[("administrator", None)]),
    }[name]()


@pytest.mark.parametrize("state", STATES)
def test_who_may_do_what_with_an_argument(state):
    territory = make_territory()
    debate = make_debate(territory=territory)
    argument = make_argument(debate, state=state)
    people = {name: person_named(name, argument, territory) for name in PEOPLE}
    found = {rule: " ".join(name for name, person in people.items() if can(rule, argument, person)) for rule in MAY}
    assert found == {rule: states[state] for rule, states in MAY.items()}


@pytest.mark.parametrize("rule", ["comment.read", "comment.edit", "comment.withdraw"])
def test_a_reply_follows_the_same_rules_as_an_argument(rule):
    territory = make_territory()
    reply = make_reply(make_argument(make_debate(territory=territory)))
    people = {name: person_named(name, reply, territory) for name in PEOPLE}
    may = " ".join(name for name, person in people.items() if can(rule, reply, person))
    assert may == MAY[rule.replace("comment", "argument")][State.PUBLISHED]


def test_a_visitor_is_offered_the_door(app):
    with app.test_request_context():
        argument = make_argument()
        assert could_after_login("content.vote", argument)
        assert could_after_login("content.argue", argument)
        assert not could_after_login("content.answer", argument)
