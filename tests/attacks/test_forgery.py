"""C01-C04: nothing is done for a page that is not ours, and reading does nothing."""

import re

import pytest
from itsdangerous import URLSafeTimedSerializer

from tests.attacks import matrix
from tests.attacks.dump import changes, dump
from tests.attacks.routes import Route, fields, routes
from tests.attacks.world import PHRASE, ROLES, make_world

KNOWN = matrix.written()
RAW, OTHERS = "a" * 40, "b" * 40  # the secret in the session's cookie, and another session's


@pytest.fixture(scope="module")
def guarded_world(tmp_path_factory):
    world = make_world(tmp_path_factory.mktemp("forgery"), "forgery", WTF_CSRF_ENABLED=True)
    yield world
    world.app.extensions["engine"].dispose()


@pytest.fixture
def guarded(guarded_world):
    with guarded_world.attacked():
        yield guarded_world


# What each of these acts on, and who does: not the published thing, nor whoever comes first.
OTHERWISE = {
    "accounts.lift_suspension": ("suspended", "administrator"),
    "accounts.log_out": ("-", "citizen"),
    "catalogue_admin.publish": ("initiative:pending", "curator"),
    "catalogue_admin.send_back": ("initiative:pending", "curator"),
    "catalogue_admin.take": ("initiative:pending", "curator"),
    "catalogue_admin.tick": ("initiative:pending", "curator"),
    "consultations_admin.publish": ("consultation:draft", "manager"),
    "consultations_admin.remove_section": ("consultation:draft", "manager"),
    "debates_admin.publish": ("debate:draft", "manager"),
    "initiatives.propose": ("initiative:draft", "author"),
    "notifications.mark_all_read": ("-", "author"),
    "notifications.mark_read": ("-", "author"),
    "projects_admin.publish": ("project:draft", "manager"),
    "proposals.discard_draft": ("consultation:published", "author"),
}


def unsafe(world) -> list[tuple[Route, str]]:
    """Every route that is not a GET, once, with somebody who may use it."""
    found: dict[str, tuple[Route, str]] = {}
    for route in routes(world):
        answer = KNOWN.get((route.endpoint, route.method, route.thing), "")
        if route.method == "GET" or "Y" not in answer:
            continue
        thing, role = OTHERWISE.get(route.endpoint, ("", ""))
        known = found.get(route.endpoint)
        is_better = route.thing == thing if thing else route.thing.endswith(":published")
        if known is None or (is_better and not (known[0].thing == thing if thing else known[0].thing.endswith(":published"))):
            found[route.endpoint] = route, role or best(answer)
    return list(found.values())


def best(answer: str) -> str:
    """The visitor where the visitor may; else whoever is meant to act: an agent before a passer-by."""
    order = ["visitor", "moderator", "manager", "curator", "administrator", "author", "citizen", *ROLES]
    return next(role for role in order if answer[ROLES.index(role)] == "Y")


def token(world, raw: str) -> str:
    return URLSafeTimedSerializer(world.app.secret_key, salt="wtf-csrf-token").dumps(raw)


def cookie(world, role: str) -> str:
    return world.sealed(world.sessions[role] | {"csrf_token": RAW})


def test_c01_every_write_without_a_token_or_with_anothers_is_refused_and_does_nothing(guarded):
    """Seen red with `csrf.exempt` on one view, and with CSRFProtect not initialised (security.init_app)."""
    wrong = []
    before = dump(guarded.connection)
    sent = unsafe(guarded)
    for route, role in sent:
        if route.endpoint == "follows.stop":  # RFC 8058: a mail program posts to the signed link, and has no token
            continue
        for name, given in {"none": None, "another session's": token(guarded, OTHERS), "nonsense": "x.y.z"}.items():
            data = fields(guarded, route.endpoint) | ({"csrf_token": given} if given else {})
            response = guarded.ask(role, route.method, route.path(guarded), data=data, cookie=cookie(guarded, role), undo=False)
            if response.status_code != 400:
                wrong.append(f"{route.method} {route.path(guarded)} with {name} as {role}: {response.status_code}")
    assert wrong == []
    assert changes(before, dump(guarded.connection)) == {}
    assert {route.endpoint for route, _role in sent} == {
        endpoint for (endpoint, method, _thing), answer in KNOWN.items() if method != "GET" and "Y" in answer
    }


IDLE = {
    "accounts.export",  # gives a file, changes nothing
    "related.elsewhere",  # answers a question that is too long for an address
    "appeals.against_decision",  # asked already
    "appeals.by_link",
    "catalogue_admin.restore",  # nothing is archived
    "initiatives.reopen",  # no remark is closed
    "exchange_admin.settle",  # no harvested sheet disagrees
    "sanctions.lift",  # no sanction holds
    "moderation.uncut",  # nothing is cut
    "consultations_admin.conclude",  # these are open
    "debates_admin.conclude",
    "lists.adopt",  # each list has one term
    "lists.merge",
    "lists.move",
}


def test_c01_the_same_requests_with_their_token_do_act(guarded):
    """Or the test before would prove nothing."""
    idle = {}
    for route, role in unsafe(guarded):
        before = dump(guarded.connection)
        savepoint = guarded.connection.begin_nested()
        data = fields(guarded, route.endpoint) | {"csrf_token": token(guarded, RAW)}
        response = guarded.ask(role, route.method, route.path(guarded), data=data, cookie=cookie(guarded, role), undo=False)
        if response.status_code == 400 or not changes(before, dump(guarded.connection)):
            idle[route.endpoint] = f"{route.thing} as {role}: {response.status_code}"
        savepoint.rollback()
    assert idle.keys() == IDLE, idle


def test_c02_a_token_from_before_logging_in_or_of_another_account_is_refused(guarded):
    """Seen red without `session.clear()` in sessions.leave, which begin calls."""
    client = guarded.app.test_client()
    before = token_in(client.get("/compte/connexion"))
    answer = client.post("/compte/connexion", data={"email": "citizen@example.org", "password": PHRASE, "csrf_token": before})
    assert answer.status_code == 302
    assert client.post("/compte/profil", data={"name": "Prise", "csrf_token": before}).status_code == 400
    inside = token_in(client.get("/compte/profil"))
    assert client.post("/compte/profil", data={"name": "Choisi", "csrf_token": inside}).status_code == 302
    assert client.post("/compte/deconnexion", data={"csrf_token": inside}).status_code == 302
    fresh = token_in(client.get("/compte/connexion"))
    client.post("/compte/connexion", data={"email": "author@example.org", "password": PHRASE, "csrf_token": fresh})
    assert client.post("/compte/profil", data={"name": "Volé", "csrf_token": inside}).status_code == 400


def token_in(response) -> str:
    assert response.status_code == 200
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', response.text)[1]


@pytest.mark.parametrize("role", ["visitor", "author", "manager", "administrator"])
def test_c03_reading_writes_nothing(guarded_world, role):
    """Every address with GET and HEAD, in real transactions. Seen red with a `db.add` in a view and `writing` set for GET."""
    with guarded_world.for_real():
        engine = guarded_world.app.extensions["engine"]
        with engine.connect() as connection:
            before = dump(connection)
        asked: set[tuple[str, str]] = set()
        for route in routes(guarded_world):
            kind = route.thing.split(":")[0]
            if route.method != "GET" or (route.endpoint, kind) in asked or (":" in route.thing and not route.thing.endswith(":published")):
                continue
            asked.add((route.endpoint, kind))
            headers = {"Cookie": f"beffroi={guarded_world.cookies[role]}"} if role != "visitor" else {}
            for method in ("GET", "HEAD") if role == "visitor" else ("GET",):
                response = guarded_world.client.open(route.path(guarded_world), method=method, headers=headers, buffered=True)
                assert response.status_code < 500 or route.endpoint == "operations.ready", route
        with engine.connect() as connection:
            assert changes(before, dump(connection)) == {}
        assert len(asked) > 90


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:81"},
    {"Origin": "http://["},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda headers: " ".join(headers.values()))
def test_c04_a_write_that_says_it_comes_from_elsewhere_is_refused_before_its_token(world, headers):
    """Tokens are off here: the origin alone is asked. Seen red without refuse_foreign_writes."""
    before = dump(world.connection)
    for route, role in unsafe(world):
        response = world.ask(role, route.method, route.path(world), data=fields(world, route.endpoint), headers=headers, undo=False)
        assert response.status_code == 403, route
    assert changes(before, dump(world.connection)) == {}


@pytest.mark.parametrize(
    "request_",
    [
        {"data": '{"name": "Prise"}', "content_type": "text/plain"},
        {"data": '{"name": "Prise"}', "content_type": "application/json"},
        {"data": "name=Prise", "content_type": "application/x-www-form-urlencoded", "headers": {"Origin": "null"}},
        {"data": "_method=GET&name=Prise", "content_type": "application/x-www-form-urlencoded"},
        {"data": "name=Prise", "content_type": "application/x-www-form-urlencoded", "headers": {"X-HTTP-Method-Override": "GET"}},
    ],
    ids=["text", "json", "null origin", "_method", "override"],
)
def test_c04_other_bodies_and_overrides_are_no_way_around(guarded, request_):
    before = dump(guarded.connection)
    assert guarded.ask("citizen", "POST", "/compte/profil", cookie=cookie(guarded, "citizen"), undo=False, **request_).status_code == 400
    assert (
        guarded.ask(
            "citizen", "GET", "/compte/profil?_method=POST&name=Prise", headers={"X-HTTP-Method-Override": "POST"}, undo=False
        ).status_code
        == 200
    )
    assert changes(before, dump(guarded.connection)) == {}
