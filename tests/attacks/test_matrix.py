"""Z01: every address, method, thing and state, by everyone, answers what matrix.tsv says. See matrix.py for the letters.

Seen red with any predicate loosened (for one: `writer` for `author` in initiatives/rules), with the `require` of
projects_admin.load taken out, and with a route added.
"""

import pytest

from tests.attacks import matrix
from tests.attacks.routes import NOT_OURS, rules
from tests.attacks.world import ROLES, STATES

KNOWN = matrix.written()
BLUEPRINTS = sorted({endpoint.split(".")[0] for endpoint, _method, _thing in KNOWN})
WRITTEN_BY_ALL = {"accounts", "notifications", "moderation"}  # blueprints whose POSTs do not change what is published


def named(row) -> str:
    return " ".join(row)


@pytest.mark.parametrize("blueprint", BLUEPRINTS)
def test_everyone_meets_what_the_matrix_says(world, blueprint):
    found = dict(matrix.rows(world, blueprint))
    expected = {row: answer for row, answer in KNOWN.items() if row[0].split(".")[0] == blueprint}
    different = [
        f"{named(row)}: {expected.get(row, 'absent')} in matrix.tsv, {answer} now"
        for row, answer in found.items()
        if expected.get(row) != answer
    ]
    gone = [f"{named(row)}: in matrix.tsv, no longer there" for row in expected.keys() - found.keys()]
    assert not different + gone, "\n".join([" ".join(ROLES), *different, *gone])


def test_every_endpoint_is_in_the_matrix(whole_world):
    absent = {(rule.endpoint, method) for rule, method in rules(whole_world)} - {(endpoint, method) for endpoint, method, _ in KNOWN}
    assert absent == set(), "read who may do this, then: python -m tests.attacks.matrix --write"
    assert {rule.endpoint for rule in whole_world.app.url_map.iter_rules()} >= NOT_OURS


# --- What the matrix must say, whatever is written in it -------------------------------------------------------------------


def allowed(row_test, *roles: str) -> list[str]:
    """Rows that let any of these people in."""
    return [
        f"{named(row)}: {role}" for row, answer in KNOWN.items() if row_test(*row) for role in roles if answer[ROLES.index(role)] == "Y"
    ]


def test_nothing_breaks():
    assert [named(row) for row, answer in KNOWN.items() if "X" in answer] == []


def test_nobody_without_a_role_enters_a_back_office():
    behind = lambda endpoint, method, thing: (
        "admin" in endpoint or endpoint in {"moderation.case", "moderation.queue", "moderation.settings"}
    )
    assert allowed(behind, "visitor", "citizen", "unconfirmed", "suspended", "author", "banned", "evaluator", "garant") == []


def test_the_team_of_another_territory_has_no_power_here():
    local = lambda endpoint, method, thing: endpoint.split(".")[0].endswith("_admin") or endpoint.startswith("moderation.c")
    rows = allowed(lambda *row: local(*row) and row[0] != "moderation.confirm_report", "other", "upstairs")
    assert rows == []


def test_what_is_not_published_exists_for_nobody_else():
    hidden = lambda endpoint, method, thing: ":" in thing and thing.rsplit(":", 1)[1] in set(STATES) - {"published"}
    assert allowed(hidden, "visitor", "citizen", "unconfirmed", "suspended", "upstairs", "other", "evaluator") == []


def test_the_suspended_and_the_unconfirmed_write_nothing_that_others_read():
    writes = lambda endpoint, method, thing: (
        method == "POST" and endpoint.split(".")[0] not in WRITTEN_BY_ALL and "withdraw" not in endpoint
    )
    mine = {  # contesting what restricts one, stopping letters, forgetting a search: nobody else reads it
        "appeals.against_decision",
        "appeals.by_link",
        "follows.alert",
        "follows.forget",
        "follows.stop",
    }
    assert {row.split()[0] for row in allowed(writes, "suspended", "unconfirmed", "banned")} <= mine


def test_the_garant_decides_nothing_and_the_visitor_writes_only_at_the_door():
    writes = lambda endpoint, method, thing: method == "POST" and endpoint.split(".")[0] != "accounts"
    said = {
        "comments.reply",
        "comments.vote",
        "debates.argue",
        "proposals.propose",
        "proposals.argue",
        "proposals.add_source",
        "proposals.autosave",
        "proposals.discard_draft",
    }
    by_link = {"moderation.report", "moderation.confirm_report", "appeals.by_link", "follows.stop"}  # a signed link is the door
    mine = said | by_link | {"notifications.mark_all_read", "notifications.mark_read"}
    mine |= {"follows.save", "initiatives.report", "related.elsewhere"}  # as any member
    assert {row.split()[0] for row in allowed(writes, "garant")} <= mine
    assert {row.split()[0] for row in allowed(writes, "visitor")} == by_link


@pytest.mark.parametrize(
    "endpoint",
    [
        "comments.vote",
        "comments.reply",
        "proposals.argue",
        "proposals.add_source",
        "debates.argue",
        "moderation.report",
        "proposals.propose",
    ],
)
def test_whoever_reads_what_is_not_published_still_cannot_take_part_in_it(world, endpoint):
    """Seen red without `if not content.is_public` in comments.services.vote."""
    from tests.attacks.routes import fields, routes

    through = []
    for route in routes(world, blueprint=endpoint.split(".")[0]):
        if route.endpoint == endpoint and route.method == "POST" and not route.thing.endswith(":published"):
            for role in ("author", "moderator", "manager"):
                response = world.ask(role, "POST", route.path(world), data=fields(world, endpoint))
                if response.status_code < 400:
                    through.append(f"{route.thing} {role} {response.status_code}")
    assert through == []
