"""What the tests know of the served region: its addresses, its people, its letters, and browsers already logged in."""

import re
import sqlite3
import time
from email import message_from_bytes, policy
from pathlib import Path

from tests.pages import addresses

PASS_PHRASE = "trois cloches sonnent midi"
SHOWCASE = ["", "consultation", "debat", "catalogue", "bureau", "gestion", "refus"]  # the letter is no page of the site
REFUSALS = [400, 403, 404, 409, 413, 422, 429, 500]


class Region:
    def __init__(self, base: str, folder: Path, chromium, database: sqlite3.Connection):
        self.base, self.folder, self.chromium, self.database = base, folder, chromium, database
        self.emails = addresses.people(self.ask)
        self.pages = addresses.pages(self.ask, self.emails)
        self.pages["visitor"] |= {f"components {name}".strip(): f"/composants/{name}" for name in SHOWCASE}
        self.pages["visitor"] |= {f"refusal {code}": f"/essais/{code}" for code in REFUSALS}
        self.cookies: dict[str, list] = {}

    def ask(self, query: str, *values) -> list[tuple]:
        return self.database.execute(query, values).fetchall()

    def context(self, role: str, *, javascript: bool = True, width: int = 1280, height: int = 900, **options):
        """A browser of its own, logged in as this role (through the form, once a role)."""
        context = self.chromium.new_context(
            base_url=self.base, java_script_enabled=javascript, viewport={"width": width, "height": height}, locale="fr-FR", **options
        )
        context.set_default_timeout(15_000)
        if role != "visitor":
            if role not in self.cookies:
                log_in(context.new_page(), self.emails[role])
                self.cookies[role] = context.cookies()
                context.pages[0].close()
            else:
                context.add_cookies(self.cookies[role])
        return context

    def letter(self, address: str, *, wait: float = 20) -> str:
        """The text of the last letter to this address, once the worker has sent it."""
        until = time.monotonic() + wait
        while time.monotonic() < until:
            for path in sorted((self.folder / "outbox").glob("*"), key=lambda path: path.stat().st_mtime_ns, reverse=True):
                letters = [
                    message_from_bytes(part.strip(), policy=policy.default)
                    for part in re.split(rb"(?m)^-{79}\n", path.read_bytes())
                    if part.strip()
                ]
                for letter in reversed(letters):
                    body = letter.get_body(("plain",))
                    if address in str(letter["To"]) and body:
                        return body.get_content()
            time.sleep(0.2)
        raise AssertionError(f"no letter to {address}")


def log_in(page, email: str, password: str = PASS_PHRASE) -> None:
    page.goto("/compte/connexion")
    page.get_by_label("Adresse").fill(email)
    page.get_by_label("Mot de passe").fill(password)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_load_state()
    assert "/connexion" not in page.url, page.inner_text("main")
