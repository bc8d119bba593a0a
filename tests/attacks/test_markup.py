"""X02, X03, X04, X08: whatever people write is shown as text, on every page, to everyone, in every format and letter."""

import json
import re
from html import unescape
from urllib.parse import urlsplit
from xml.etree import ElementTree

import html5lib
import pytest
from sqlalchemy import select, update

from app.core.db import Base, db
from app.core.mail import MailMessage, compose
from app.core.text import rich
from tests.attacks import corpus, matrix
from tests.attacks.routes import fields, routes
from tests.attacks.test_forgery import best, unsafe
from tests.attacks.world import ROLES

KNOWN = matrix.written()
XHTML = "{http://www.w3.org/1999/xhtml}"
NEVER = {
    "iframe",
    "object",
    "embed",
    "base",
    "style",
    "applet",
    "frame",
    "frameset",
    "math",
    "video",
    "audio",
    "marquee",
    "animate",
    "set",
    "use",
}
NEVER |= {
    "image",
    "foreignobject",
    "zq",
    "meta http-equiv",
    "template",
    "portal",
    "noscript",
    "plaintext",
    "xmp",
    "listing",
    "isindex",
    "keygen",
}
ADDRESSES = {"href", "src", "action", "formaction", "data", "poster", "cite", "xlink:href", "background", "srcset", "ping"}
_attribute = re.compile(r"[a-z][a-z0-9:-]*\Z|viewBox\Z|preserveAspectRatio\Z")

# Plain text, wherever it is kept. Rich texts are cleaned on their way in, below.
TEXTS = {
    "territories": ("name", "short_name", "intro", "logo_alt"),
    "people": ("name", "bio", "suspension_reason"),
    "contents": ("title", "summary", "byline"),
    "consultations": ("asked", "becomes", "open_to"),
    "debates": ("asked", "becomes", "open_to"),
    "sections": ("title", "text"),
    "phases": ("name", "note"),
    "charter_articles": ("title", "text"),
    "legal_pages": ("title",),
    "reports": ("message", "visitor_name"),
    "decisions": ("reasons",),
    "state_changes": ("reason",),
    "notifications": ("title", "text"),
    "attachments": ("title",),
    "stored_files": ("name",),
    "terms": ("label",),
    "vocabularies": ("label",),
    "sources": ("category",),
    "appendices": ("title",),
    "maturity_changes": ("note",),
    "initiatives": ("promoter", "place", "cost", "staff_time", "participants", "review_note"),
    "documents": ("writer", "licence", "review_note"),
    "tools": ("price", "licence", "hosting", "review_note"),
}
RICH = {
    "contents": ("body_html",),
    "territories": ("welcome_html", "charter_html"),
    "legal_pages": ("body_html",),
    "appendices": ("body_html",),
}
RICH |= {"consultations": ("conclusion_html",), "debates": ("conclusion_html",)}


def poison(connection, text: str) -> None:
    """The same hostile text in every field of every row."""
    tables = Base.metadata.tables
    for name, columns in TEXTS.items():
        connection.execute(update(tables[name]).values(dict.fromkeys(columns, text)))
    for name, columns in RICH.items():
        connection.execute(update(tables[name]).values(dict.fromkeys(columns, f"<p>{text}</p>")))
    connection.execute(update(tables["revisions"]).values(fields={"title": text, "summary": text, "body_source": text}))
    sections = [{"key": "other", "title": text, "source": text, "html": f"<p>{text}</p>"}]
    for name in ("documents", "tools"):  # addresses are refused by services when they are none of the web: X05, below
        connection.execute(update(tables[name]).values(address=f"https://example.org/?{text}"))
    for name in ("initiatives", "documents", "tools"):
        connection.execute(update(tables[name]).values(sections=sections, sources=[{"title": text, "url": "https://example.org/?" + text}]))


def foreign(page: str) -> list[str]:
    """What in this page is not ours: elements, attributes, addresses."""
    found = []
    for element in html5lib.parse(page, treebuilder="etree").iter():
        if not isinstance(element.tag, str):
            continue
        tag = element.tag.split("}")[-1].lower()
        if tag in NEVER:
            found.append(f"<{tag}>")
        if tag == "script" and element.get("type") == "application/ld+json":
            json.loads(element.text)  # data, whole: nothing in it ended it
        elif tag == "script" and (not element.get("src", "").startswith("/static/") or (element.text or "").strip()):
            found.append(f"<script>{element.text}")
        for name, value in element.attrib.items():
            short = (name if isinstance(name, str) else name[-1]).split("}")[-1]
            if short.startswith(("on", "style", "srcdoc", "zq")) or not _attribute.match(short):
                found.append(f"<{tag} {short}>")
            if short in ADDRESSES:
                address = unescape(value).strip("".join(map(chr, range(33))))
                if urlsplit(re.sub(r"[\t\r\n]", "", address).split("[")[0]).scheme not in {"", "http", "https", "mailto"}:
                    found.append(f"<{tag} {short}={value[:60]}>")
    return found


def check(response) -> list[str]:
    kind = response.mimetype
    if kind == "text/html":
        return foreign(response.text)
    if kind == "application/json":
        json.loads(response.text)
        return [] if response.headers["X-Content-Type-Options"] == "nosniff" else ["nosniff is absent"]
    if kind.endswith("xml"):
        tags = {element.tag.split("}")[-1] for element in ElementTree.fromstring(response.text).iter()}
        known = {
            "feed",
            "content",
            "title",
            "id",
            "link",
            "updated",
            "entry",
            "published",
            "author",
            "name",
            "category",
            "summary",
            "urlset",
            "url",
            "loc",
            "lastmod",
        }
        return sorted(tags - known)
    if kind == "text/css":
        return ["<"] if "<" in response.text or "zq" in response.text else []
    return []


def readable(world):
    """Every address that answers GET, with everyone worth asking: the visitor, and who works there."""
    for route in routes(world):
        answer = KNOWN.get((route.endpoint, route.method, route.thing), "")
        if route.endpoint == "operations.ready":  # nobody works here: 503
            continue
        if (
            route.method == "GET"
            and "Y" in answer
            and (":" not in route.thing or route.thing.endswith((":published", ":draft", "reported", "waiting")))
        ):
            for role in {best(answer), "visitor" if answer[ROLES.index("visitor")] == "Y" else best(answer)}:
                yield route.path(world), role


@pytest.mark.parametrize("number", range(2))
def test_x02_x04_texts_of_people_are_text_on_every_page(world, number):
    """Public pages, the moderation desk, back offices, JSON, Atom, CSS. Seen red with `|safe` on a title, and with an attribute unquoted."""
    poison(world.connection, corpus.groups(corpus.scripts(), 30)[number])
    wrong = []
    for path, role in readable(world):
        response = world.ask(role, "GET", path)
        assert response.status_code < 500, path
        found = check(response)
        if found:
            wrong.append(f"{path} as {role}: {sorted(set(found))[:4]}")
    assert wrong == []


@pytest.mark.parametrize("number", [0, 2])
def test_x04_letters_carry_texts_as_text_and_no_header_of_anyones(world, number):
    """Every act that writes a letter, with hostile names and texts. I04: one subject, one recipient, whatever is in them."""
    text = corpus.groups(corpus.scripts(), 20)[number] + "\r\nBcc: victim@example.org"
    poison(world.connection, text)
    for route, role in unsafe(world):
        world.ask(role, route.method, route.path(world), data=fields(world, route.endpoint), undo=False)
    with world.app.test_request_context(base_url="http://localhost"):
        messages = db.scalars(select(MailMessage)).all()
        assert len({message.template for message in messages}) >= 8
        for message in messages:
            letter = compose(message)
            assert foreign(letter.alternatives[0][0]) == [], message.template
            sent = letter.message()
            assert sent["Bcc"] is None
            assert "\n" not in letter.subject
            assert sent["To"] == message.to_address
            assert "," not in sent["To"]
        db.rollback()


PARAMETERS = (
    "q",
    "kind",
    "sort",
    "page",
    "per_page",
    "section",
    "state",
    "seed",
    "argument",
    "version",
    "etape",
    "side",
    "next",
    "territory",
    "theme",
    "year",
    "level",
    "approach",
    "public",
    "token",
    "lang",
)


@pytest.mark.parametrize("number", range(2))
def test_x03_what_an_address_carries_is_shown_as_text_or_not_at_all(world, number):
    """Every parameter we read anywhere, on every page. Seen red with `{{ q|safe }}` in the search box."""
    text = corpus.groups(corpus.scripts(), 30)[number]
    wrong = []
    for path, role in readable(world):
        response = world.ask(role, "GET", path, query_string=dict.fromkeys(PARAMETERS, text))
        if response.status_code >= 500 or check(response):
            wrong.append(f"{path} as {role}: {response.status_code} {check(response)[:3]}")
    assert wrong == []


@pytest.mark.parametrize("payload", corpus.OURS)
def test_x03_one_parameter_at_a_time(world, payload):
    """Where the first of many would hide the others."""
    pages = {
        ("visitor", "/recherche"): ("q", "kind", "territory", "year", "sort"),
        ("visitor", "/catalogue/"): ("q", "theme"),
        ("visitor", "/consultations/"): ("state",),
        ("visitor", "/participer"): ("state",),
        ("visitor", "/compte/connexion"): ("next",),
        ("visitor", "/gestion/region/comptes"): ("q",),
        ("curator", "/recherche"): ("q",),
        ("curator", "/gestion/region/catalogue/"): ("vue", "q", "territoire", "type", "theme", "origine", "relecture", "ordre"),
        ("administrator", "/gestion/region/comptes"): ("q",),
    }
    for (role, path), names in pages.items():
        for name in names:
            response = world.ask(role, "GET", path, query_string={name: payload})
            assert response.status_code < 500
            assert foreign(response.text) == [], (role, path, name)


@pytest.mark.parametrize("payload", corpus.scripts(40))
def test_x02_what_is_refused_or_kept_in_a_form_comes_back_as_text(world, payload):
    """Error pages and forms show again what was typed: in values, in text areas, beside errors."""
    sent = {
        "title": payload,
        "body": payload,
        "name": payload,
        "email": payload,
        "side": payload,
        "section": payload,
        "reason": payload,
        "summary": payload,
        "message": payload,
    }
    for role, path in (
        ("author", f"/consultations/{world.a.contents['consultation', 'published']}/proposer"),
        ("author", f"/debats/{world.a.contents['debate', 'published']}/argumenter"),
        ("visitor", f"/debats/{world.a.contents['debate', 'published']}/argumenter"),
        ("visitor", f"/contributions/{world.a.contents['argument', 'published']}/signaler"),
        ("visitor", "/compte/inscription"),
        ("manager", f"/gestion/{world.a.slug}/projets/nouveau"),
        ("citizen", "/nulle-part"),
    ):
        response = world.ask(role, "POST", path, data=sent)
        assert response.status_code < 500
        assert foreign(response.text) == [], path


@pytest.mark.parametrize("payload", corpus.scripts())
def test_x01_a_sample_through_the_sanitiser(payload):
    """The whole corpus: `python -m bench.hostile`. Idempotent, and nothing foreign whether it came as HTML or as Markdown."""
    from app.core.text import from_markdown

    for clean in (rich(payload), from_markdown(payload), rich(f"<p>{payload}</p><a href='{payload}'>x</a><img alt='{payload}'>")):
        assert foreign(clean) == []
        assert rich(clean) == clean


NOT_WEB = [
    "javascript:zq()",
    " java\tscript:zq()",
    "JaVaScRiPt://example.org/%0Azq()",
    "data:text/html,<script>zq()</script>",
    "vbscript:zq()",
    "//evil.example",
    "/x",
    "http:",
    "https://",
    "http://[",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("address", NOT_WEB)
def test_x05_an_address_given_by_somebody_is_on_the_web_or_is_no_link(world, address):
    """Sources of proposals, sources and sites of sheets. Seen red without `is_web` in initiatives.services and in proposals.services."""
    proposal = f"/propositions/{world.a.contents['proposal', 'published']}"
    answer = world.ask(
        "citizen", "POST", f"{proposal}/ajouter-une-source", data=fields(world, "proposals.add_source") | {"url": address}, undo=False
    )
    assert answer.status_code in {303, 422}
    assert foreign(answer.text) == []
    assert foreign(world.ask("visitor", "GET", proposal).text) == []
    for kind, more in (("initiative", {"sources_text": f"Titre | {address}"}), ("tool", {"address": address})):
        data = fields(world, "initiatives.create") | more
        answer = world.ask("manager", "POST", f"/catalogue/nouvelle/{kind}", data=data, undo=False)
        assert answer.status_code in {302, 422}
        if answer.status_code == 302:
            assert foreign(world.ask("manager", "GET", answer.headers["Location"]).text) == []
