"""Every type of page, read by the test client: valid HTML, nothing inline, and no heavier or dearer than promised (QUALITY.md §1)."""

import re
from itertools import pairwise

import brotli
import html5lib
import pytest

from tests.pages.names import NAMES

pytestmark = [pytest.mark.no_database]
WEIGHED = ["front", "participate", "consultation", "proposal", "debate", "sheet", "catalogue", "search", "territory", "project"]
HTML_LIMIT, PACKED_LIMIT, ASSETS_LIMIT = 60_000, 15_000, 90_000
QUERY_LIMIT = 12
HANDLER = re.compile(r"^on[a-z]+$")
XHTML = "{http://www.w3.org/1999/xhtml}"


@pytest.mark.parametrize(("role", "name"), NAMES)
def test_a_page_is_valid_has_one_title_and_nothing_inline(site, role, name):
    answer = site.read(role, name)
    assert answer.status_code == {"missing": 404, "forbidden": 404}.get(name, 200), answer.request.path
    parser = html5lib.HTMLParser(strict=False)
    tree = parser.parse(answer.text)
    assert [f"line {where[0]}: {what} {said}" for where, what, said in parser.errors] == []

    elements = [each for each in tree.iter() if isinstance(each.tag, str)]
    names = [each.tag.removeprefix(XHTML) for each in elements]
    assert [each.attrib for each in elements if "style" in each.attrib or any(map(HANDLER.match, each.attrib))] == []
    assert "style" not in names
    scripts = [each for each in elements if each.tag == f"{XHTML}script" and (each.text or "").strip()]
    assert [each.attrib for each in scripts if each.get("type") != "application/ld+json"] == [], "a script inside the page"
    assert [url for each in elements for url in [each.attrib.get("href", "")] if url.startswith("javascript:")] == []

    ids = [each.attrib["id"] for each in elements if "id" in each.attrib]
    assert sorted({one for one in ids if ids.count(one) > 1}) == [], "an id that is there twice"
    assert names.count("h1") == 1
    levels = [int(name[1]) for name in names if re.fullmatch("h[1-6]", name)]
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == [], "a heading that skips a level"
    assert tree.find(f".//{XHTML}title").text.strip().endswith("– Beffroi")
    assert [target for each in elements for target in [each.attrib.get("href", "")] if target[:1] == "#" and target[1:] not in ids] == [], (
        "a link to nowhere"
    )


@pytest.mark.parametrize("name", WEIGHED)
def test_what_a_visitor_downloads_is_light(site, name):
    body = site.read("visitor", name).data
    packed = len(brotli.compress(body, quality=4))  # as the page cache does
    assert len(body) <= HTML_LIMIT
    assert packed <= PACKED_LIMIT


def test_styles_and_script_together_are_light(site):
    """Of any page: what all ask for, and what the map or the desk adds."""
    assets = site.app.extensions["assets"]
    for more in ((), ("css/map.css", "js/map.js"), ("css/desk.css", "js/desk.js")):
        names = ("css/site.css", "js/site.js", *more)
        assert sum(len(assets[name].as_brotli) for name in names) <= ASSETS_LIMIT
        assert sum(len(assets[name].as_gzip) for name in names) <= ASSETS_LIMIT


@pytest.mark.parametrize(("role", "name"), NAMES)
def test_a_page_asks_few_questions_of_the_database(site, role, name):
    sent = site.cost(role, name)
    assert len(sent) <= QUERY_LIMIT, "\n".join(sent)
