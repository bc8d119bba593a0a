"""The program the browser tests open: `python -m app --demo` as it is, and beside it the component page and one address for each refusal.

A process of its own, because it is one: its server, its worker, its page cache, its cookies.
"""

import signal
import sys

from flask import Flask, abort

from app import create_app
from app.core import db as database
from app.core.errors import Conflict, DomainError
from app.core.worker import Worker
from app.home.showcase import showcase
from app.operations import first, server
from config import Config


class Browsed(Config):
    DEMO = True
    EMBEDDED = True
    PASSWORD_TIME_COST = 1
    PASSWORD_MEMORY_COST = 8
    RATELIMIT_ENABLED = False  # every browser of the suite comes from one network


def add_what_tests_open(app: Flask) -> None:
    app.register_blueprint(showcase)

    @app.get("/essais/<int:code>")
    def refused(code):
        if code == 409:
            raise Conflict("Marie Castelain a décidé ce cas il y a 2 minutes.")
        if code == 422:
            raise DomainError("La consultation est close depuis hier.")
        if code == 500:
            raise RuntimeError("on purpose")
        abort(code)


def main() -> None:
    bound = server.bind("127.0.0.1", Browsed.PORT)
    app = create_app(Browsed)
    add_what_tests_open(app)
    token = database.writing.set(True)
    database.Base.metadata.create_all(app.extensions["engine"])
    database.writing.reset(token)
    with app.app_context():
        first.first_steps(app)
    serving = server.make_server(app, bound, largest_body=Browsed.UPLOAD_LIMIT, proxies=0)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, serving.end)
    worker = Worker(app).start()
    print("ready", flush=True)
    serving.run()
    worker.stop(timeout=5)


if __name__ == "__main__":
    sys.exit(main())
