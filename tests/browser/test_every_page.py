"""Every type of page in Chromium, as each reader sees it: the rules of WCAG 2.2 A and AA in light and dark, the console, the network, 360 px."""

import pytest

from tests.browser.region import REFUSALS, SHOWCASE
from tests.pages.names import NAMES

pytestmark = [pytest.mark.browser, pytest.mark.no_database]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
ADDED = [("visitor", f"components {name}".strip()) for name in SHOWCASE] + [("visitor", f"refusal {code}") for code in REFUSALS]
VIOLATIONS = (
    "window.broken = []; addEventListener('securitypolicyviolation', e => window.broken.push(e.violatedDirective + ' ' + e.blockedURI))"
)
TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth <= width) return []
  return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 1)
    .slice(0, 5).map(e => e.tagName + '.' + e.className + ' ' + e.textContent.trim().slice(0, 40))
}"""
# Words that run out of their own box, over what stands beside it.
SPILT = """() => [...document.querySelectorAll('main *')].filter(e => {
  if (e.closest('svg, textarea, select, .visually-hidden, .bf-rows thead, .leaflet-container')) return false
  const style = getComputedStyle(e)
  return style.display !== 'inline' && style.overflow === 'visible' && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1
    && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
}).slice(0, 5).map(e => e.tagName + '.' + e.className + ' ' + e.textContent.trim().slice(0, 40))"""


class Watched:
    """One page of a role's browser, kept from one address to the next, with what it complained of."""

    def __init__(self, region, role):
        self.base = region.base
        self.page = region.context(role).new_page()
        self.page.add_init_script(VIOLATIONS)
        self.page.on("console", lambda message: message.type in {"error", "warning"} and self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.said, self.asked = [], []

    def open(self, path: str):
        self.said.clear()
        self.asked.clear()
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        return self.page.goto(path)


@pytest.fixture(scope="session")
def watched(region):
    """One browser a role: what a page leaves behind (cookies, storage) is there for the next, as in life."""
    kept = {}

    def page_of(role: str) -> Watched:
        if role not in kept:
            kept[role] = Watched(region, role)
        return kept[role]

    return page_of


@pytest.fixture(scope="session")
def axe():
    library = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is absent (pip install -e '.[browser]')")
    return library.Axe()


def violations(axe, page, options) -> list[str]:
    """The library's own `run` brings it to the page each time, and tells all that is well too: half of what a page costs here."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe.axe_script)
    options = options | {"resultTypes": ["violations"]}
    found = page.evaluate("options => axe.run(options).then(results => results.violations)", options)
    return [
        f"{each['id']}: {node['target']} {node['html'][:120]} {node['failureSummary'][:200]}"
        for each in found
        for node in each["nodes"][:3]
    ]


@pytest.mark.parametrize(("role", "name"), NAMES + ADDED)
def test_a_page_is_readable_by_all_in_light_and_dark_and_asks_nothing_of_anyone_else(region, watched, axe, role, name):
    reader, path = watched(role), region.pages[role][name]
    answer = reader.open(path)
    page = reader.page
    refused = name.startswith("refusal") or name in {"missing", "forbidden"}
    assert (answer.status >= 400) == refused, f"{path} answered {answer.status}"

    assert violations(axe, page, {"runOnly": {"type": "tag", "values": RULES}}) == []
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert violations(axe, page, {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}) == [], "in the dark"

    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate(TOO_WIDE) == [], "wider than a phone of 360 px"
    assert page.evaluate(SPILT) == [], "words over their neighbours, at 360 px"
    assert violations(axe, page, {"runOnly": {"type": "rule", "values": ["target-size"]}}) == [], "at 360 px"

    heard = [text for text in reader.said if not (refused and "Failed to load resource" in text)]
    assert heard == [], "the console complained"
    assert page.evaluate("window.broken") == [], "the content security policy was violated"
    assert [url for url in reader.asked if not url.startswith((reader.base + "/", "data:"))] == [], "asked of another host"


def test_the_instrument_sees_what_is_wrong(visit, axe):
    page = visit("visitor", width=360, height=740)
    page.goto("/accessibilite")
    page.evaluate("document.querySelector('main').innerHTML = '<img src=\"/static/img/favicon.svg\"><p>trop large</p><input>'")
    found = violations(axe, page, {"runOnly": {"type": "tag", "values": RULES}})
    assert {each.split(":")[0] for each in found} >= {"image-alt", "label"}
    page.evaluate("document.querySelector('main p').style.width = '500px'")
    assert page.evaluate(TOO_WIDE)
    page.evaluate("document.querySelector('main p').textContent = 'participants'")
    page.evaluate("document.querySelector('main p').style.width = '40px'")
    page.evaluate("document.querySelector('main p').style.overflowWrap = 'normal'")
    assert page.evaluate(SPILT) == ["P. participants"]
