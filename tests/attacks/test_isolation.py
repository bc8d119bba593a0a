"""T01, T08: what is another's, or not published, is answered as what never was: status, words, lists and counts."""

import re
import time

import pytest
from sqlalchemy import delete, insert

from app.contents.models import Content, Link, LinkNature, LinkState, State
from app.core import clock
from app.core import db as database
from app.core.db import db
from app.search import engines
from app.search.engines.base import SearchUnavailable
from tests.attacks import matrix
from tests.attacks.pages import said
from tests.attacks.routes import Route, fields, routes
from tests.attacks.world import ROLES, make_world
from tests.factories import restrict

NOBODYS = 1_987_654_321
IDS = (
    "content_id",
    "project_id",
    "consultation_id",
    "debate_id",
    "proposal_id",
    "source_id",
    "sheet_id",
    "case_id",
    "decision_id",
    "role_id",
    "token_id",
    "file_id",
)
KNOWN = matrix.written()
BLUEPRINTS = sorted({endpoint.split(".")[0] for endpoint, _method, _thing in KNOWN})
COMERS = ("visitor", "citizen", "suspended", "other", "curator", "administrator")


def of_nobody(route: Route) -> tuple[Route, int] | None:
    """The same address with an id that was never given; None if it has no id."""
    for name in IDS:
        if name in route.given:
            arguments = tuple(sorted((route.given | {name: NOBODYS}).items()))
            return Route(route.endpoint, route.method, route.thing, arguments, route.defaults), route.given[name]
    return None


def answer(world, role, route: Route, number: int):
    data = fields(world, route.endpoint) if route.method != "GET" else None
    return said(world.ask(role, route.method, route.path(world), data=data), number, NOBODYS)


def reads(role: str, thing: str) -> bool:
    """May this person read this content? What the matrix says of its stable address."""
    stable = [KNOWN.get((endpoint, "GET", thing)) for endpoint in ("contents.show", "initiatives.show")]
    return any(letters[ROLES.index(role)] == "Y" for letters in stable if letters)


def with_ids(world, slug: str | None = None, blueprint: str = ""):
    for route in routes(world, slug=slug, blueprint=blueprint):
        found = of_nobody(route)
        if found:
            yield route, *found


@pytest.mark.parametrize("blueprint", BLUEPRINTS)
def test_what_one_may_not_read_is_answered_like_an_id_never_given(world, blueprint):
    """Two guards: the back office answers refusals as 404 (errors.denied), and `load` asks for the place before the thing. Seen red
    without both: 403 for what exists, 404 for what does not."""
    different = []
    for route, nobodys, number in with_ids(world, blueprint=blueprint):
        if route.thing.endswith(
            (":published", ":pending", ":removed", ":buried", "logo")
        ):  # of one mind with ":hidden"; the first is no secret
            continue
        for role in COMERS:
            letters = KNOWN.get((route.endpoint, route.method, route.thing))  # what the matrix lacks fails there
            if letters is None or letters[ROLES.index(role)] == "Y" or reads(role, route.thing):
                continue
            if answer(world, role, route, number) != answer(world, role, nobodys, number):
                different.append(f"{route.method} {route.path(world)} ({route.thing}) as {role}")
    assert different == []


@pytest.mark.parametrize("blueprint", [name for name in BLUEPRINTS if name.endswith("_admin") or name == "moderation"])
def test_the_team_of_b_finds_nothing_of_a_in_its_own_back_office(world, blueprint):
    """Ids of A in B's addresses, published or not. Seen red without the comparison of slugs and the `require` of `load`."""
    different = []
    for route, nobodys, number in with_ids(world, slug=world.b.slug, blueprint=blueprint):
        if "territory_slug" not in route.given:
            continue
        here, never = answer(world, "other", route, number), answer(world, "other", nobodys, number)
        if here != never or here[0] != 404:
            different.append(f"{route.method} {route.path(world)} ({route.thing}): {here[0]}, {never[0]}")
    assert different == []


def test_ids_of_another_territory_inside_a_form_are_refused(world):
    """T02: B's section, project, article and territory in forms of A."""
    a, b = world.a, world.b
    sent = [
        ("citizen", f"/consultations/{a.contents['consultation', 'published']}/proposer", {"title": "Un arbre", "body": "Oui.", "section": str(b.sections["published"])}, {422}),
        ("manager", f"/gestion/{a.slug}/consultations/{a.contents['consultation', 'published']}", fields(world, "consultations_admin.edit") | {"project": str(b.contents["project", "published"])}, {422}),
        ("manager", f"/gestion/{a.slug}/debats/{a.contents['debate', 'published']}", fields(world, "debates_admin.edit") | {"project": str(b.contents["project", "published"])}, {422}),
        ("moderator", f"/moderation/{a.slug}/cas/{a.cases['reported']}", {"version": "1", "verdict": "refuse", "reasons": "Non.", "article": str(b.articles[0])}, {422}),
        ("citizen", f"/contributions/{a.contents['argument', 'published']}/signaler", {"article": str(b.articles[0])}, {422}),
        ("manager", "/catalogue/nouvelle/initiative", fields(world, "initiatives.create") | {"territory": str(b.id)}, {422}),
        ("manager", f"/contributions/{a.contents['project', 'published']}/liens", {"target": str(b.contents["project", "hidden"]), "nature": "follows"}, {422}),
        ("manager", f"/gestion/{a.slug}/consultations/{a.contents['consultation', 'published']}/rubriques/{b.sections['published']}", {"title": "À moi"}, {404}),
        ("manager", f"/gestion/{a.slug}/consultations/{a.contents['consultation', 'published']}/phases/{b.phases['consultation', 'published']}", fields(world, "consultations_admin.edit_phase"), {404}),
        ("manager", f"/gestion/{a.slug}/equipe/{b.role_id}/retirer", {}, {404}),
        ("manager", f"/gestion/{a.slug}/equipe/invitations/{b.invitation_id}/annuler", {}, {404}),
    ]  # fmt: skip
    found = [(path, world.ask(role, "POST", path, data=data).status_code, expected) for role, path, data, expected in sent]
    assert [(path, status) for path, status, expected in found if status not in expected] == []


def test_a_refusal_to_link_says_the_same_of_a_hidden_page_and_of_none(world):
    path = f"/contributions/{world.a.contents['project', 'published']}/liens"
    hidden, none = world.b.contents["project", "draft"], NOBODYS % 10**9
    answers = [
        said(world.ask("manager", "POST", path, data={"target": str(number), "nature": "follows"}), hidden, none)
        for number in (hidden, none)
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("state", ["draft", "pending", "hidden", "removed", "buried"])
@pytest.mark.parametrize("link_state", ["accepted", "proposed"])
def test_t08_a_link_does_not_show_what_another_territory_hides_since(world, state, link_state):
    """Seen red without `may_read` in related.views and `both_public` in `sent`: the team read the title of what B had removed."""
    a, b = world.a, world.b
    here, there = a.contents["project", "published"], b.contents["project", state]
    for ends in ((here, there), (there, here)):
        row = {"from_id": ends[0], "to_id": ends[1], "nature": LinkNature.FOLLOWS, "state": LinkState(link_state), "asked_id": there}
        world.connection.execute(insert(Link).values(row | {"created_at": clock.now()}))
    for path in (f"/contributions/{here}/liens", f"/gestion/{a.slug}/liens/", f"/gestion/{a.slug}/projets/{here}", f"/projets/{here}"):
        answer = world.ask("manager", "GET", path)
        assert answer.status_code == 200
        assert f"secretmot{b.slug}project{state}" not in answer.text, path


# --- T08 -------------------------------------------------------------------------------------------------------------------


def public_pages(world, blueprint: str = ""):
    """Every address that may be read, of published things, and the lists with their filters."""
    for route in routes(world, blueprint=blueprint):
        if (
            route.method == "GET"
            and (route.thing == "-" or route.thing.endswith(":published"))
            and not route.endpoint.startswith(("operations.", "showcase."))
        ):
            yield route.path(world)


MORE_PAGES = (
    "/recherche?q=secretmot", "/recherche.json?q=secretmot", "/recherche.json?kind=proposal", "/recherche.json?q=hidden", "/catalogue.json?q=secretmot",
    "/catalogue.json?state=closed", "/participer.json?state=soon", "/participer.json?state=closed", "/consultations.json?state=closed", "/debats.json?state=open",
)  # fmt: skip


@pytest.mark.parametrize("role", ["visitor", "citizen", "other", "evaluator"])
def test_pages_lists_feeds_and_counts_are_those_of_a_world_without_what_is_not_published(world, role):
    """Seen red without `published()` in participants_in (votes on hidden texts were counted), in feeds.sitemap and in figures_in.

    What was restricted stays: a line says why where it stood, and the public register counts it, both without a word of it.
    """
    paths = [*public_pages(world), *MORE_PAGES]
    before = {path: said(world.ask(role, "GET", path)) for path in paths}
    secrets = re.compile(
        rf"secretmot(?:{world.a.slug}{'' if role == 'other' else '|' + world.b.slug})\w*(?:draft|pending|hidden|removed|buried)"
    )
    assert [path for path, (_status, _location, text) in before.items() if secrets.search(text)] == []
    savepoint = world.connection.begin_nested()
    restricted = Content.kind.in_(["argument", "comment"]) & Content.state.in_([State.HIDDEN, State.REMOVED])
    gone = delete(Content).where(~Content.is_public, ~restricted)
    world.connection.execute(gone if role != "other" else gone.where(Content.territory_id != world.b.id))
    after = {path: said(world.ask(role, "GET", path)) for path in paths}
    savepoint.rollback()
    assert [path for path in paths if before[path] != after[path]] == []


def test_search_does_not_show_what_was_hidden_since_it_was_indexed(world):
    """The index is behind: hits are read again. Seen red with the hits of the index shown as they are."""
    hidden = world.a.contents["debate", "published"]
    word = f"secretmot{world.a.slug}debatepublished"
    assert world.ask("visitor", "GET", f"/recherche.json?q={word}").json["total"] == 1
    savepoint = world.connection.begin_nested()
    world.connection.execute(Content.__table__.update().where(Content.id == hidden).values(state=State.HIDDEN, is_public=False))
    answers = [
        world.ask("visitor", "GET", path) for path in (f"/recherche.json?q={word}", f"/recherche?q={word}", "/recherche.json?kind=debate")
    ]
    savepoint.rollback()
    assert [each["id"] for each in answers[0].json["items"]] == []
    assert hidden not in [each["id"] for each in answers[2].json["items"]]
    assert (
        word not in answers[1].text.replace(f'value="{word}"', "").replace(f"« {word} »", "").split("<main", 1)[1] or "0" in answers[1].text
    )


def once_kept(client, path):
    """The page as the cache gives it: on PostgreSQL nothing is kept before the process listens for changes."""
    for _ in range(100):
        page = client.get(path)
        if page.headers.get("ETag"):
            break
        time.sleep(0.05)
    return page


@pytest.mark.parametrize("territory", ["", "²", "9" * 31, "aubigny"])
def test_without_its_index_the_site_still_shows_only_what_is_published(world, territory, monkeypatch):
    """Pages read the database then. Seen red with the listing of all contents in search.queries._browse, and with `int("²")` there."""

    def away(*_args, **_more):
        raise SearchUnavailable("away")

    with world.app.app_context():
        monkeypatch.setattr(type(engines.current()), "search", away)
    secrets = re.compile(r"secretmot\w*(?:draft|pending|hidden|removed|buried)")
    for path in ("/recherche", "/catalogue/", "/recherche.json"):
        response = world.ask("visitor", "GET", path, query_string={"territory": territory, "kind": "initiative", "page": "1"})
        assert response.status_code == (503 if path.endswith("json") else 200)
        assert secrets.search(response.text) is None


def test_a_tag_kept_from_when_it_was_public_is_no_key(tmp_path):
    """With the cache in front. Seen red with `stamps.bump` taken out of contents.changes."""
    world = make_world(tmp_path, "tags", PAGE_CACHE=True)
    client = world.app.test_client(use_cookies=False)
    before = dict(database.Session.kw)
    database.Session.configure(bind=world.app.extensions["engine"], join_transaction_mode="conditional_savepoint")
    try:
        shown = {
            path: once_kept(client, path)
            for path in (f"/debats/{world.a.contents['debate', 'published']}", f"/propositions/{world.a.contents['proposal', 'published']}")
        }
        with world.app.app_context(), database.transaction():
            for kind in ("debate", "proposal"):
                restrict(db.get(Content, world.a.contents[kind, "published"]))
        for path, first in shown.items():
            assert first.status_code == 200
            assert first.headers.get("ETag")
            assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 404
            assert client.get(path, headers={"If-None-Match": "*"}).status_code == 404
    finally:
        database.db.remove()
        database.Session.configure(**before)
        world.app.extensions["engine"].dispose()
