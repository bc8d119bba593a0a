"""Atom feeds and the sitemap: what is public, nothing else, read from the database each time."""

from flask import Blueprint, Response, render_template
from sqlalchemy import select

from app.contents.models import Content
from app.contents.queries import latest, published
from app.core import pagecache
from app.core.db import db
from app.territories.queries import get_territory

feeds = Blueprint("feeds", __name__)
ANNOUNCED = ("project", "consultation", "debate", "initiative", "document", "tool")
MOST = 45_000  # addresses in one sitemap: the protocol's limit is 50,000


@feeds.get("/flux.atom")
def region():
    return atom(latest(*ANNOUNCED, limit=30), "region", "catalogue")


@feeds.get("/territoires/<slug>/flux.atom")
def territory(slug):
    place = get_territory(slug)
    return atom(latest(*ANNOUNCED, territory_id=place.id, limit=30), f"territory:{place.id}", place=place)


def atom(contents, *stamps: str, place=None) -> Response:
    pagecache.public(*stamps)
    return Response(render_template("home/feed.xml", contents=contents, place=place), mimetype="application/atom+xml")


@feeds.get("/sitemap.xml")
def sitemap():
    kinds = (*ANNOUNCED, "proposal")
    query = select(Content.id, Content.updated_at).where(published(), Content.kind.in_(kinds)).order_by(Content.id.desc()).limit(MOST)
    pagecache.public("region", "catalogue")
    return Response(render_template("home/sitemap.xml", rows=db.execute(query).all()), mimetype="application/xml")
