import pytest
from werkzeug.routing import Map, Rule

from app.core.urls import LateRule


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("home", {}),
        ("home", {"q": "vélo & tram", "page": 2}),
        ("page", {"slug": "plan vélo", "n": 3}),
        ("page", {"slug": "lille", "n": 3, "rule": "a name that the builder has too"}),
        ("first", {"slug": "lille"}),
    ],
)
def test_a_late_rule_writes_the_address_that_werkzeug_s_own_does(endpoint, values):
    def address(kind):
        rules = [kind("/", endpoint="home"), kind("/<slug>/page-<int:n>", endpoint="page")]
        rules.append(kind("/<slug>/", endpoint="first", defaults={"n": 1}))
        return Map(rules).bind("localhost").build(endpoint, values)

    assert address(LateRule) == address(Rule)


def test_a_rule_learns_to_write_its_address_when_it_is_asked_to(monkeypatch):
    learnt = []
    plain = Rule._compile_builder
    monkeypatch.setattr(Rule, "_compile_builder", lambda rule, unknown: learnt.append(rule.endpoint) or plain(rule, unknown))
    addresses = Map([LateRule("/", endpoint="home"), LateRule("/<slug>", endpoint="page")]).bind("localhost")
    assert learnt == []
    for _twice in range(2):
        assert addresses.build("page", {"slug": "lille"}) == "/lille"
    assert learnt == ["page"]


def test_the_application_makes_its_rules_late(app):
    assert {type(rule) for rule in app.url_map.iter_rules()} == {LateRule}
