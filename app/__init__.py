"""The application factory, and the map of the code.

A package imports from the lines above its own. Packages on one line do not know each other.
Down you call; up you signal or register.
"""

import secrets
from importlib import import_module
from pathlib import Path

from flask import Flask

LAYERS = [
    "core",  # db, permissions, outbox, errors, forms, text, clock, mail: no word of participation
    "audit files",  # the hash-chained register of acts of power; stored files
    "admin api",  # frames: back-office layout and menu registry; JSON errors and pagination
    "territories",  # places and their tree, look, charter articles (versioned), legal pages
    "accounts",  # people and, apart from them, identities; sessions; roles (role × territory)
    "contents",  # the spine: contents, revisions, votes, links, phases, vocabularies, publication gate
    "notifications",  # messages to people
    "search",  # one analyser, two engines
    "moderation",  # registers itself with the gate; compares texts with the analyser of search
    "comments",  # replies, arguments and their votes, on anything; says its search documents like any feature
    "related",  # links agreed on, suggestions, what is near a text, genealogies
    "follows",  # saved searches, their feeds and their letters
    "projects",  # projects, their maturity and phases
    "consultations debates initiatives",
    "exchange",  # what the catalogue gives to others and takes from them: files, API, harvests, citations
    "home",  # pages made of several features: front page, participate, feeds, sitemap, legal pages
    "demo",  # the demonstration region
    "operations",  # starting, health, checks, backup and restore
]


class Beffroi(Flask):
    def dispatch_request(self):
        """Every view runs in one transaction, and every form acts once."""
        from app.core import once
        from app.core.db import in_one_transaction

        def work():
            response = once.earlier_answer()
            if response is None:
                response = once.remember(self.make_response(super(Beffroi, self).dispatch_request()))
            return response

        return in_one_transaction(work)

    def log_exception(self, exc_info):
        """As all our logs are: Flask's own line holds the whole address, and goes elsewhere."""
        from app.core.logs import address, log

        log.error("error", address=address(), exc_info=exc_info)


def create_app(config) -> Flask:
    app = Beffroi(__name__, static_folder=None)
    app.config.from_object(config)
    prepare_instance(app)
    for name in " ".join(LAYERS).split():
        import_module(f"app.{name}").init_app(app)
    return app


def prepare_instance(app: Flask) -> None:
    """Make the instance directory, and the secret key that is kept in it when none is given."""
    from app.core.secret_files import kept_secret

    folder = Path(app.config["INSTANCE_DIR"])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = kept_secret(folder / "secret-key", lambda: secrets.token_hex(32))
