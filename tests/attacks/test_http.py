"""R02, I03 and the manners of HTTP: whatever the method, the host or the outcome, the answer is ours and says what it must."""

import pytest

from app.core.security import HEADERS
from tests.attacks import matrix
from tests.attacks.routes import routes
from tests.attacks.test_forgery import best
from tests.attacks.world import ROLES

KNOWN = matrix.written()
PUBLIC = {"public, no-cache", "public, max-age=300"}  # files that anyone may read; the colours of a territory


BLUEPRINTS = sorted({endpoint.split(".")[0] for endpoint, method, _thing in KNOWN if method == "GET"})


def pages(world, blueprint):
    """Every address that may be read, with somebody who may, and with a visitor."""
    for route in routes(world, blueprint=blueprint):
        letters = KNOWN.get((route.endpoint, route.method, route.thing), "")
        if route.method == "GET":
            yield route.path(world), {"visitor", best(letters) if "Y" in letters else "citizen"}


@pytest.mark.parametrize("blueprint", BLUEPRINTS)
def test_every_answer_has_our_headers_and_head_is_get_without_its_body(world, blueprint):
    """Refusals and files included; no private page is kept. Seen red: HEAD was 401 where GET leads to log in, and on « Signaler une
    initiative », which a visitor reads."""
    different, wrong = [], []
    for path, roles in pages(world, blueprint):
        for role in sorted(roles):
            whole, head = (world.ask(role, method, path) for method in ("GET", "HEAD"))
            if (head.status_code, head.location, head.data) != (whole.status_code, whole.location, b""):
                different.append(f"{path} as {role}: {whole.status_code}, {head.status_code}")
            missing = [name for name in HEADERS if name not in whole.headers]
            if missing or whole.headers["Cache-Control"] not in {"no-store", "private, no-store", *PUBLIC}:
                wrong.append(f"{path} as {role}: {whole.status_code} {missing} {whole.headers['Cache-Control']}")
    assert different == []
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_every_refusal_has_its_page_whoever_is_refused(world, role):
    """Of the matrix only numbers are read: here are the pages."""
    ids = world.a.contents
    refused = [
        ("GET", "/nulle-part"),
        ("GET", f"/propositions/{ids['proposal', 'hidden']}"),
        ("GET", f"/propositions/{ids['proposal', 'draft']}"),
        ("GET", f"/gestion/{world.b.slug}/reglages"),
        ("GET", "/gestion/region/comptes"),
        ("POST", f"/propositions/{ids['proposal', 'published']}/retirer"),
        ("POST", f"/gestion/{world.b.slug}/reglages"),
        ("POST", "/recherche"),
    ]
    met = set()
    for method, path in refused:
        answer = world.ask(role, method, path)
        if answer.status_code >= 400:
            met.add(answer.status_code)
            assert answer.status_code < 500
            assert answer.text.count("<h1") == 1, path
            assert "</html>" in answer.text
    assert {404, 405} <= met


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PROPFIND", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/recherche.json", "/compte/connexion", "/gestion/aubigny/reglages"])
def test_a_method_that_is_none_of_an_address_is_told_which_are(world, method, path):
    """RFC 9110, 15.5.6. Seen red: 405 without Allow."""
    answer = world.ask("citizen", method, path)
    assert answer.status_code == 405
    assert {"GET", "HEAD", "OPTIONS"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("path", ["/%00", "/recherche?q=%00", "/compte/connexion", "/nulle-part"])
@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_host_meets_no_other_refusal_first(world, path, headers, method):
    """Seen red: no page of refusal can be made for a host that is not ours, and the failure was a 500 of the server's own."""
    crowd = {"data": "a=1&" * 500, "content_type": "application/x-www-form-urlencoded"} if method == "POST" else {}
    answer = world.ask("citizen", method, path, headers={"Host": "evil.example", **headers}, **crowd)
    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"
    assert "evil" not in answer.text
