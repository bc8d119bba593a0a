"""A small site with one page of about 60 kB in front of which the page cache stands: what the cache itself costs."""

import os
import time

from flask import Flask
from sqlalchemy import select

from app.core import db as database
from app.core import front, pagecache, stamps
from app.core.db import db
from app.core.pagecache import public
from app.core.stamps import Stamp, bump

WORDS = "La région propose de réserver une voie aux vélos le long du canal, entre l’écluse et la gare. "
PAGE = "<!doctype html><html lang=fr><title>Débat</title><main>" + "".join(
    f"<article id=c{n}><h2>Argument {n}</h2><p>{WORDS * 6}</p></article>" for n in range(100)
)


def make() -> Flask:
    app = Flask(__name__)
    app.config |= {
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "TRUSTED_HOSTS": ["127.0.0.1"],
        "SECRET_KEY": "x" * 32,
        "SESSION_COOKIE_NAME": "beffroi",
    }
    database.init_app(app)
    stamps.init_app(app)

    @app.route("/")
    @app.route("/pages/<int:number>")
    def page(number=0):
        public(f"content:{number}", "territory:3", "region", until=None)
        db.execute(select(1))
        return PAGE

    @app.post("/")
    def change():
        token = database.writing.set(True)
        bump("content:0")
        db.commit()
        database.writing.reset(token)
        return str(time.time())

    pagecache.init_app(app)
    front.init_app(app)
    engine = app.extensions["engine"]
    token = database.writing.set(True)
    database.Base.metadata.create_all(engine, [Stamp.__table__])
    database.writing.reset(token)
    engine.dispose()
    return app


app = make()
