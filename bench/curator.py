"""A curator at work in Chromium on the 677 sheets of Participedia: review, complete, link, publish, find again; and themes merged.

    python -m bench.curator --minutes 10

The demonstration and the real sheets, imported as drafts, in an installation of its own; the journey is tests/browser's.
"""

import argparse
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.desk import run, serve
from bench.prepare import CORPUS
from tests.browser.test_curator import curate, find, merge_themes

CURATOR, PASSWORD = "claire-delannoy@beffroi.example", "trois cloches sonnent midi"
FOUND_WITHIN = 10  # seconds
WORDS = ("jardin", "fontaine", "marché", "verger", "lavoir", "kiosque", "préau", "moulin", "écluse", "halle", "carillon", "terril")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--port", type=int, default=9341)
    options = parser.parse_args()
    sheets = CORPUS / "participedia.jsonl.gz"
    if not sheets.exists():
        print("../shared/corpus is absent: nothing to work on")
        return 1
    with tempfile.TemporaryDirectory(prefix="beffroi-curator-") as name:
        folder = Path(name) / "instance"
        folder.mkdir(mode=0o700)
        run(folder, "-m", "alembic", "upgrade", "head")
        run(folder, "-m", "flask", "demo")
        run(folder, "-m", "flask", "import", "initiatives", str(sheets))
        server = serve(folder, options.port)
        try:
            return work(folder, f"http://127.0.0.1:{options.port}", options.minutes)
        finally:
            server.terminate()
            server.wait(30)


def work(folder: Path, base: str, minutes: float) -> int:
    database = sqlite3.connect(f"file:{folder / 'beffroi.db'}?mode=ro", uri=True, isolation_level=None)
    drafts = [row[0] for row in database.execute("SELECT id FROM contents WHERE source LIKE 'participedia:%' ORDER BY id")]
    print(f"{len(drafts)} sheets imported as drafts", flush=True)
    random.Random(4).shuffle(drafts)
    (other,) = database.execute("SELECT id FROM contents WHERE kind = 'initiative' AND is_public LIMIT 1").fetchone()
    took, found_after, errors = [], [], []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        curator, reader = (chromium.new_context(base_url=base, locale="fr-FR").new_page() for _ in range(2))
        for page in (curator, reader):
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("response", lambda answer: errors.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
        log_in(curator)
        print(f"themes merged: « {' » into « '.join(merge_themes(curator))} »", flush=True)
        until = time.monotonic() + 60 * minutes
        for number, sheet_id in enumerate(drafts):
            if time.monotonic() > until:
                break
            words = f"Un {WORDS[number % len(WORDS)]} de quartier numéro {sheet_id} revu par un jury"
            begun = time.monotonic()
            curate(curator, f"/catalogue/{sheet_id}", f"/catalogue/{other}", words=words)
            took.append(time.monotonic() - begun)
            found_after.append(until_found(reader, words, sheet_id, other))
            print(f"\r{len(took)} sheets published", end="", flush=True)
        chromium.close()
    lost = sum(each is None for each in found_after)
    waits = [each for each in found_after if each is not None]
    print(f"\n{len(took)} sheets reviewed, completed, linked, published in {sum(took):.0f} s: median {statistics.median(took):.1f} s each")
    print(
        f"found by the search, the catalogue and the link after {statistics.median(waits):.1f} s, at most {max(waits):.1f}; {lost} not found"
    )
    print(f"{len(errors)} errors of pages" + "".join(f"\n  {each}" for each in errors[:5]))
    return 1 if lost or errors else 0


def log_in(page: Page) -> None:
    page.goto("/compte/connexion")
    page.fill("[name=email]", CURATOR)
    page.fill("[name=password]", PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_load_state()


def until_found(page: Page, words: str, sheet_id: int, other: int) -> float | None:
    """Seconds until a visitor finds the sheet by its three ways; None past the limit."""
    begun = time.monotonic()
    while time.monotonic() < begun + FOUND_WITHIN:
        if len(find(page, words, sheet_id)) == 2:
            page.goto(f"/catalogue/{other}")
            if page.get_by_role("link", name=words).count():
                return time.monotonic() - begun
        page.wait_for_timeout(200)
    return None


if __name__ == "__main__":
    sys.exit(main())
