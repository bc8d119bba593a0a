"""The moderator's desk from the keyboard alone; the same at length, on 10,000 cases and timed, is `python -m bench.desk`."""

import re

import pytest

from tests.browser.test_every_page import RULES, axe, violations  # noqa: F401 -- a fixture

pytestmark = [pytest.mark.browser, pytest.mark.no_database]
TOWN = "(SELECT id FROM territories WHERE slug = 'tourcoing')"
OPEN = (
    f"SELECT k.id FROM cases k JOIN contents c ON c.id = k.content_id WHERE k.is_open AND k.territory_id = {TOWN} AND c.state = 'pending'"
)
STATE = "SELECT c.state FROM cases k JOIN contents c ON c.id = k.content_id WHERE k.id = ?"
SELECT = """([first, last]) => {
  const root = document.querySelector('[data-field=body_source]')
  const text = root.querySelector('[data-at]').firstChild
  const range = document.createRange()
  range.setStart(text, first)
  range.setEnd(text, last)
  document.getSelection().removeAllRanges()
  document.getSelection().addRange(range)
}"""


@pytest.fixture
def desk(region, visit):
    """The agent of Tourcoing before a case, and helpers."""
    page = visit("moderator")

    class Desk:
        keys = 0

        def open(self, case_id):
            page.goto(f"/moderation/tourcoing/cas/{case_id}")

        def press(self, *keys):
            for key in keys:
                page.keyboard.press(key)
            Desk.keys += len(keys)

        def go(self, *keys):
            self.press(*keys[:-1])
            with page.expect_navigation():
                self.press(keys[-1])

        @property
        def here(self):
            return int(re.search(r"/cas/(\d+)", page.url)[1])

        @staticmethod
        def state(case_id):
            return region.ask(STATE, case_id)[0][0]

    found = Desk()
    found.page = page
    return found


def waiting(region, where="", limit=1):
    return [row[0] for row in region.ask(f"{OPEN} {where} ORDER BY k.id DESC LIMIT {limit}")]


def test_eight_cases_are_decided_with_few_keys(region, desk, axe):  # noqa: F811
    page = desk.page
    first, second = waiting(region, "AND c.body_source NOT LIKE '%06 %'", 2)
    desk.open(first)
    desk.go("p")
    assert desk.state(first) == "published"
    assert violations(axe, page, {"runOnly": {"type": "tag", "values": RULES}}) == [], "with what can be taken back on the page"
    desk.go("u")
    assert (desk.here, desk.state(first)) == (first, "pending")
    desk.go("p")

    desk.open(second)
    desk.press("2")
    assert page.get_by_label("Message à l’auteur").input_value(), "the article's own sentence"
    desk.go("r")
    assert desk.state(second) == "refused"

    with_number = waiting(region, "AND c.body_source LIKE '%06 %'")[0]
    desk.open(with_number)
    desk.press("c", "5")
    assert page.locator("del").count() >= 1, "what is cut is struck"
    assert violations(axe, page, {"runOnly": {"type": "tag", "values": RULES}}) == [], "with cuts"
    desk.go("v")
    shown = region.ask("SELECT c.body_source FROM cases k JOIN contents c ON c.id = k.content_id WHERE k.id = ?", with_number)[0][0]
    assert "06 39" not in shown
    assert "[…]" in shown

    aside = waiting(region, "AND c.body_source NOT LIKE '%06 %'", 3)
    for each in aside:
        desk.open(each)
        desk.press("x")
    desk.go("b")
    assert page.get_by_role("heading", level=1).inner_text().startswith("3 cas")
    desk.go("7", "r")
    assert all(desk.state(each) == "pending" for each in aside), "nothing is decided before it is confirmed"
    assert violations(axe, page, {"runOnly": {"type": "tag", "values": RULES}}) == [], "what each will read"
    desk.go("v")
    assert [desk.state(each) for each in aside] == ["refused"] * 3
    assert (
        len(
            {
                row[0]
                for row in region.ask(f"SELECT batch FROM decisions WHERE case_id IN ({', '.join(map(str, aside))}) AND undone_at IS NULL")
            }
        )
        == 1
    )
    assert type(desk).keys <= 4 * 8


def test_words_are_selected_then_cut_exactly(region, desk):
    case = waiting(region, "AND c.body_source NOT LIKE '%06 %' AND length(c.body_source) > 80")[0]
    desk.open(case)
    ((title, source),) = region.ask(
        "SELECT c.title, c.body_source FROM cases k JOIN contents c ON c.id = k.content_id WHERE k.id = ?", case
    )
    first = desk.page.locator("[data-field=body_source] [data-at]").first
    whole = first.inner_text()
    desk.page.evaluate(SELECT, [3, 20])
    desk.press("c")
    cut = desk.page.locator("del").inner_text()
    assert cut == whole[3:20].strip()
    box = desk.page.locator("input[name=cut]:checked")
    start, end = map(int, box.get_attribute("value").split(":")[1:])
    assert source[start:end] == cut
    box.uncheck()
    assert desk.page.locator("del").count() == 0, "a cut is taken back"
    desk.press("n", "c")
    assert desk.page.locator("del").first.inner_text() in f"{title}\n{source}"


def test_a_text_is_moved_to_another_activity(region, desk):
    found = waiting(region, "AND c.kind = 'argument'")
    desk.open(found[0])
    before = region.ask("SELECT c.space_id FROM cases k JOIN contents c ON c.id = k.content_id WHERE k.id = ?", found[0])
    desk.press("d")
    desk.press("1")
    desk.go("d")
    after = region.ask("SELECT c.space_id FROM cases k JOIN contents c ON c.id = k.content_id WHERE k.id = ?", found[0])
    assert after != before
    assert desk.state(found[0]) == "published"


def test_keys_are_silent_while_one_types_and_when_they_are_off(region, desk):
    case = waiting(region)[0]
    desk.open(case)
    desk.press("e")
    desk.page.keyboard.type("Pourquoi ?")
    assert desk.page.get_by_label("Message à l’auteur").input_value().endswith("Pourquoi ?")
    desk.press("Escape")
    desk.page.get_by_label("Raccourcis d’une touche").uncheck()
    desk.page.reload()
    desk.press("p", "r", "x")
    desk.page.wait_for_timeout(300)
    assert desk.here == case
    assert desk.state(case) == "pending"
    desk.page.get_by_label("Raccourcis d’une touche").check()


def test_the_list_is_walked_and_chosen_from_the_keyboard(desk):
    page = desk.page
    page.goto("/moderation/tourcoing/")
    desk.press("j", "x", "j", "j", "x")
    assert page.locator("input[name=case]:checked").count() == 2
    desk.press("/")
    assert page.evaluate("document.activeElement.name") != "case"
    desk.press("Escape")
    desk.go("b")
    assert page.get_by_role("heading", level=1).inner_text().startswith("2 cas")


def test_the_keys_are_listed_where_one_looks(desk):
    """Under a queue of a hundred lines the list opened out of sight, and nothing seemed to happen."""
    page = desk.page
    page.goto("/moderation/tourcoing/")
    desk.press("?")
    help_of_keys = page.locator(".bf-keys-help")
    assert help_of_keys.evaluate("e => { const r = e.getBoundingClientRect(); return e.open && r.top >= 0 && r.top < innerHeight }")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_who_has_no_script_cuts_decides_and_takes_back(region, visit):
    page = visit("moderator", javascript=False)
    case = waiting(region, "AND c.body_source NOT LIKE '%06 %' AND length(c.body_source) > 60")[0]
    page.goto(f"/moderation/tourcoing/cas/{case}")
    words = " ".join(page.locator("[data-field=body_source]").inner_text().split("\n")[0].split(" ")[1:4]).strip(" .,;:!?")
    page.get_by_label(re.compile("^5. ")).check()
    page.get_by_text("Passages à couper").click()
    page.get_by_label("Ou recopiez ici").fill(words)
    page.get_by_role("button", name="Publier avec coupes").click()
    page.get_by_role("button", name="Annuler").click()
    assert f"/cas/{case}" in page.url
    assert "annulée" in page.inner_text("main")
