"""A curator's work from one end to the other, by the pages alone: review, complete, merge two themes, link, publish, find it again.

The same on the 677 sheets of Participedia, timed: `python -m bench.curator`.
"""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.no_database]


def curate(page, sheet: str, other: str, *, words: str) -> None:
    """Work on the sheet at `sheet`, linked with `other`. `words`: a new title, found by them."""
    page.goto(sheet)
    if page.get_by_role("button", name="Proposer aux curateurs").count():
        page.get_by_role("button", name="Proposer aux curateurs").click()
    page.get_by_role("link", name="Relecture").click()
    if page.get_by_role("button", name="Je la relis").count():
        page.get_by_role("button", name="Je la relis").click()
    for point in page.locator("input[name=checked]").all()[:3]:
        point.check()
    page.get_by_role("button", name="Enregistrer les points").click()
    page.get_by_role("link", name="Modifier la fiche").first.click()
    page.fill("[name=title]", words)
    page.fill("[name=summary]", "Des habitants tirés au sort ont écrit le cahier des charges du jardin.")
    page.fill("[name=results]", "Trente familles cultivent, et le **jury** se réunit chaque printemps.")
    page.fill("[name=pitfalls]", "- Prévoir l’eau avant le premier été.")
    theme = page.locator("[name=theme]").first
    theme.check()
    page.locator("form.bf-form:has([name=summary]) button[type=submit]").last.click()
    page.wait_for_load_state()
    assert page.locator(".bf-errors").count() == 0, page.locator(".bf-errors").inner_text()

    page.goto(sheet)
    page.get_by_role("link", name="Ses liens").click()
    page.select_option("[name=nature]", index=1)
    page.fill("[name=target]", other)
    page.fill("[name=note]", "La même démarche, deux ans plus tôt.")
    page.get_by_role("button", name="Lier cette page").click()
    assert page.locator(".bf-errors").count() == 0, page.locator(".bf-errors").inner_text()

    page.goto(sheet)
    page.get_by_role("button", name="Publier la fiche").first.click()
    page.wait_for_load_state()


def merge_themes(page) -> tuple[str, str]:
    """The last theme of the list into the first; their labels."""
    page.goto("/gestion/region/vocabulaires/theme")
    merges = page.locator("a[href$='/fusionner']")
    gone = page.locator("a[href$='/fusionner']").last
    href = gone.get_attribute("href")
    assert merges.count() > 1
    page.goto(href)
    label = re.search(r"«\s(.+?)\s»", page.locator("h1").inner_text())[1]
    page.select_option("[name=into]", index=1)
    into = page.locator("[name=into] option:checked").inner_text()
    page.get_by_role("button", name="Fusionner").click()
    page.wait_for_load_state()
    return label.strip(), into.strip()


def find(page, words: str, sheet_id: int) -> list[str]:
    """Two of the three ways by which the sheet is found: the search box, and the catalogue by its newest. The third is a link."""
    found = []
    page.goto(f"/recherche?q={words.replace(' ', '+')}")
    if page.locator(f"main a[href*='/catalogue/{sheet_id}']").count():
        found.append("search")
    page.goto("/catalogue/?sort=date&kind=initiative")
    if page.locator(f"main a[href*='/catalogue/{sheet_id}']").count():
        found.append("catalogue")
    return found


def test_a_curator_reviews_completes_merges_links_publishes_and_finds_again(region, visit):
    page = visit("curator")
    (sheet_id,) = region.ask(
        "SELECT c.id FROM contents c JOIN initiatives i ON i.id = c.id WHERE i.step IN ('proposed', 'review') LIMIT 1"
    )[0]
    (other_id,) = region.ask(
        "SELECT c.id FROM contents c JOIN initiatives i ON i.id = c.id WHERE c.is_public AND c.id <> ? LIMIT 1", sheet_id
    )[0]
    words = "Jardin partagé des Glacis revu par un jury"
    curate(page, f"/catalogue/{sheet_id}", f"/catalogue/{other_id}", words=words)
    label, into = merge_themes(page)
    assert label != into
    assert region.ask("SELECT count(*) FROM terms WHERE label = ? AND merged_into_id IS NOT NULL", label) == [(1,)]
    assert region.ask("SELECT state FROM contents WHERE id = ?", sheet_id) == [("published",)]

    reader = visit("visitor")
    found = []
    for _try in range(60):  # the index follows within seconds
        found = find(reader, words, sheet_id)
        if len(found) == 2:
            break
        reader.wait_for_timeout(500)
    assert found == ["search", "catalogue"]
    reader.goto(f"/catalogue/{other_id}")
    assert reader.get_by_role("link", name=words).count()
