"""The public pages of places: the same for every visitor, kept in front until the territory changes."""

from collections import Counter
from sys import getsizeof

from flask import Blueprint, Response, current_app, jsonify, render_template, url_for

from app import territories as registry
from app.core import pagecache, shapes
from app.core.db import let_go
from app.core.errors import NotFound
from app.core.permissions import require
from app.territories import colours, queries
from app.territories.models import Territory

territories = Blueprint("territories", __name__, template_folder="templates")


def load(slug: str) -> Territory:
    """The territory, its page being kept until something of it changes."""
    territory = queries.get_territory(slug)
    require("territory.read", territory)
    pagecache.public("region", f"territory:{territory.id}")
    return territory


def described(territory: Territory, parent: Territory | None = None) -> dict:
    return {
        "kind": territory.kind.value,
        "id": territory.id,
        "slug": territory.slug,
        "title": territory.name,
        "url": url_for("territories.show", slug=territory.slug),
        "insee": territory.insee,
        "siren": territory.siren,
        "population": territory.population,
        "part_of": parent.slug if parent else None,
    }


@territories.get("/territoires/")
def index():
    require("territory.read")
    pagecache.public("region")
    return render_template("territories/index.html", tree=queries.tree(), opened=open_in_each())


@territories.get("/territoires.json")
def index_json():
    require("territory.read")
    pagecache.public("region")
    opened = open_in_each()
    places = [(each, root if each is not root else None) for root, children in queries.tree() for each in [root, *children]]
    items = [described(each, parent) | {"open": opened[each.id]} for each, parent in places]
    return jsonify(total=len(items), page=1, pages=1, items=items)


def open_in_each() -> Counter[int]:
    """How many things one can take part in now, by the id of the territory that hosts them."""
    opened: Counter[int] = Counter()
    for count in registry.openings:
        opened.update(count())
    return opened


@territories.get("/territoires/<slug>/")
def show(slug):
    territory, shape = pagecache.kept(("territory", slug, "fr"), lambda: whole(slug), size=lambda made: getsizeof(made[1]) + 4_000)
    require("territory.read", territory)
    return shapes.page(shape)


def whole(slug: str) -> tuple[Territory, shapes.Shape]:
    """The page of a place: the same for everyone, but for the reader's own in the frame."""
    territory = load(slug)
    found = [block for ask in registry.blocks if (block := ask(territory))]
    blocks = [current_app.jinja_env.get_template(template).make_module({"territory": territory} | context) for template, context in found]
    children, pages = queries.children_of(territory), queries.pages_of(territory.id)
    shape = shapes.shape("territories/show.html", territory=territory, children=children, blocks=blocks, pages=pages)
    let_go(territory, territory.parent)
    return territory, shape


@territories.get("/territoires/<slug>/theme.css")
def theme(slug):
    territory = load(slug)
    if not territory.has_theme:
        raise NotFound
    response = Response(colours.theme(territory.accent), mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@territories.get("/territoires/<slug>/charte")
def charter(slug):
    territory = load(slug)
    return render_template("territories/charter.html", territory=territory, articles=queries.charter_of(territory.id))


@territories.get("/territoires/<slug>/<page>")
def page(slug, page):
    territory = load(slug)
    return render_template("territories/page.html", territory=territory, page=queries.get_page(territory.id, page))
