"""Every hostile string of the corpus through every rich text, and on pages opened in Chromium; and what markup bombs cost.

    python -m bench.hostile                  all of it, some fifteen minutes, bounded by --minutes
    python -m bench.hostile text bombs       without a browser
    python -m bench.hostile pages --every 8  one payload in eight

In Chromium the content security policy is bypassed: escaping alone must hold. Nothing may call alert, confirm, prompt or
print, ask another site for anything, or leave an element or an attribute that is not ours.
"""

import argparse
import logging
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import Engine
from tqdm import tqdm
from werkzeug.serving import make_server

from app.core import db as database
from app.core.errors import DomainError
from app.core.text import from_markdown, rich
from tests.attacks import corpus
from tests.attacks.test_markup import foreign, poison
from tests.attacks.test_requests import BOMBS
from tests.attacks.world import World, make_world

TOGETHER = 60  # payloads in one text
COST = 2.0  # seconds of CPU that one bomb may take
TRAP = """
window.fired = [];
for (const name of ['alert', 'confirm', 'prompt', 'print', 'zq']) window[name] = (...given) => { window.fired.push(name + ' ' + given); };
"""
LOOK = """() => {
  const found = [...window.fired];
  for (const element of document.querySelectorAll('*')) {
    const tag = element.tagName.toLowerCase();
    if (tag === 'script' && !(element.getAttribute('src') || '').startsWith('/static/')) found.push('<script>');
    if (['iframe', 'object', 'embed', 'base', 'style', 'math', 'video', 'audio', 'zq'].includes(tag)) found.push('<' + tag + '>');
    for (const attribute of element.attributes) {
      if (/^(on|style$|srcdoc|zq|formaction)/i.test(attribute.name)) found.push(tag + ' ' + attribute.name);
      if (['href', 'src', 'action'].includes(attribute.name) && !/^(https?:|mailto:|[/#?]|$)/i.test(attribute.value)) found.push(tag + ' ' + attribute.value.slice(0, 60));
    }
    if (tag !== 'html' && tag !== 'body' && tag !== 'head') {
      element.dispatchEvent(new MouseEvent('mouseover'));
      element.dispatchEvent(new Event('focus'));
    }
  }
  return found.concat(window.fired);
}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stages", nargs="*", default=[], help="text, bombs, pages; all when none is named")
    parser.add_argument("--every", type=int, default=1, help="one payload in so many")
    parser.add_argument("--minutes", type=float, default=15, help="at most, for the pages")
    options = parser.parse_args()
    stages = options.stages or ["text", "bombs", "pages"]
    payloads = [*corpus.OURS, *corpus.everything()[:: options.every]]
    wrong: list[str] = []
    if "text" in stages:
        wrong += texts(payloads)
    if "bombs" in stages:
        wrong += bombs()
    if "pages" in stages:
        wrong += pages(payloads, options.minutes)
    print(*wrong[:40], f"{len(wrong)} faults", sep="\n")
    return bool(wrong)


# --- Text --------------------------------------------------------------------------------------------------------------------

SHAPES: dict[str, Callable[[str], str]] = {
    "alone": lambda text: text,
    "in a paragraph": lambda text: f"<p>{text}</p>",
    "in an address": lambda text: f'<a href="{text}">x</a>',
    "in a bare address": lambda text: f"<a href={text}>x</a>",
    "in a link of Markdown": lambda text: f"[x]({text})",
    "in an address of Markdown": lambda text: f"<{text}>",
    "in code": lambda text: f"`{text}`\n\n    {text}",
    "in a table": lambda text: f"| a | b |\n|---|---|\n| {text} | x |",
}


def texts(payloads: list[str]) -> list[str]:
    wrong, started = [], time.process_time()
    for payload in tqdm(payloads, desc="texts", unit="payload", smoothing=0):
        for name, shape in SHAPES.items():
            for clean in (rich, from_markdown):
                made = clean(shape(payload))
                if found := foreign(made):
                    wrong.append(f"{clean.__name__}, {name}: {payload[:80]!r} left {found[:3]}")
                elif clean is rich and rich(made) != made:
                    wrong.append(f"rich is not idempotent, {name}: {payload[:80]!r}")
    done = len(payloads) * len(SHAPES) * 2
    print(f"{done} texts in {time.process_time() - started:.1f} s of CPU, {len(wrong)} faults")
    return wrong


# --- Bombs -------------------------------------------------------------------------------------------------------------------


def bombs() -> list[str]:
    """What each costs, at its worst; what is past the cap must cost nothing."""
    wrong = []
    for name, bomb in BOMBS.items():
        costs = {}
        for size in (10_000, 20_000, 64_000, 1_000_000):
            source = bomb(size)[:size]
            for clean in (rich, from_markdown):
                started = time.process_time()
                with suppress(DomainError):
                    clean(source)
                costs[size] = max(costs.get(size, 0.0), time.process_time() - started)
        print(f"{name:22}", *(f"{size // 1000:>5} kB {cost:6.3f} s" for size, cost in costs.items()))
        wrong += [f"{name}: {cost:.1f} s of CPU for {size} signs" for size, cost in costs.items() if cost > COST]
    return wrong


# --- Pages -------------------------------------------------------------------------------------------------------------------


def addresses(world: World) -> Iterator[tuple[str, str]]:
    """(who, path): a page of each kind, public, personal, at the desk, in the back offices."""
    a, shown = world.a, {kind: number for (kind, state), number in world.a.contents.items() if state == "published"}
    for path in (
        "/", "/participer", "/territoires/", f"/territoires/{a.slug}/", f"/territoires/{a.slug}/charte", f"/territoires/{a.slug}/{a.page}", "/projets/", "/consultations/",
        "/debats/", "/catalogue/", f"/projets/{shown['project']}", f"/consultations/{shown['consultation']}", f"/propositions/{shown['proposal']}",
        f"/propositions/{shown['proposal']}/versions", f"/debats/{shown['debate']}", f"/catalogue/{shown['initiative']}", f"/catalogue/{shown['document']}",
        f"/catalogue/{shown['tool']}", f"/personnes/{world.public_ids['author']}", f"/contributions/{shown['argument']}/signaler",
    ):  # fmt: skip
        yield "visitor", path
    for path in (
        "/compte/",
        "/compte/messages",
        f"/consultations/{shown['consultation']}/proposer",
        f"/propositions/{shown['proposal']}/modifier",
        f"/moderation/decisions/{a.decision}",
    ):
        yield "author", path
    for path in (
        f"/moderation/{a.slug}/",
        f"/moderation/{a.slug}/cas/{a.cases['reported']}",
        f"/moderation/{a.slug}/cas/{a.cases['waiting']}",
        f"/moderation/{a.slug}/registre",
    ):
        yield "moderator", path
    desks = (
        "projets/",
        f"projets/{shown['project']}",
        "consultations/",
        f"consultations/{shown['consultation']}",
        "debats/",
        f"debats/{shown['debate']}",
        "equipe",
        "reglages",
        "charte",
        "pages",
        "moderation",
    )
    for desk in desks:
        yield "manager", f"/gestion/{a.slug}/{desk}"
    yield "curator", "/gestion/region/catalogue/"
    yield "administrator", "/gestion/region/comptes"


def pages(payloads: list[str], minutes: float) -> list[str]:
    from playwright.sync_api import sync_playwright

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="beffroi-hostile-") as folder:
        world = make_world(Path(folder), "hostile")
        engine: Engine = world.app.extensions["engine"]
        with world.for_real():
            server = make_server("127.0.0.1", 0, world.app, threaded=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
                    wrong = sweep(world, engine, browser, f"http://localhost:{server.port}", payloads, time.monotonic() + 60 * minutes)
                    browser.close()
            finally:
                server.shutdown()
        engine.dispose()
    return wrong


def sweep(world: World, engine: Engine, browser, origin: str, payloads: list[str], until: float) -> list[str]:
    wrong: list[str] = []
    opened: dict[str, object] = {}
    asked_elsewhere: list[str] = []

    def page_of(role: str):
        if role not in opened:
            context = browser.new_context(bypass_csp=True)
            if role in world.cookies:
                context.add_cookies([{"name": "beffroi", "value": world.cookies[role], "url": origin}])
            context.add_init_script(TRAP)
            context.route(lambda url: not url.startswith(origin), lambda route: (asked_elsewhere.append(route.request.url), route.abort()))
            opened[role] = page = context.new_page()
            page.on("dialog", lambda dialog: (wrong.append(f"{page.url}: {dialog.type} {dialog.message}"), dialog.dismiss()))
        return opened[role]

    everywhere = list(addresses(world))
    texts = corpus.groups(payloads, TOGETHER)
    seen = 0
    for number, text in enumerate(tqdm(texts, desc="pages", unit="text", smoothing=0)):
        if time.monotonic() > until:
            print(f"stopped after {number} of {len(texts)} texts: the time given is over")
            break
        token = database.writing.set(True)
        with engine.begin() as connection:
            poison(connection, text)
        database.writing.reset(token)
        for role, path in [*everywhere, ("visitor", f"/recherche?{query(text)}")]:
            page = page_of(role)
            answer = page.goto(origin + path, wait_until="load")
            seen += 1
            found = page.evaluate(LOOK)
            if answer.status >= 500 or found or asked_elsewhere:
                wrong.append(f"{path} as {role}: {answer.status} {sorted(set(found))[:4]} {asked_elsewhere[:3]} with text {number}")
                asked_elsewhere.clear()
    print(f"{seen} pages opened with {len(payloads)} payloads, {TOGETHER} at a time, {len(wrong)} faults")
    return wrong


def query(text: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"q": text[:1500], "kind": text[:200], "territory": text[:200]})


if __name__ == "__main__":
    sys.exit(main())
