from dataclasses import replace
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, jsonify, render_template, request, url_for

from app.contents.models import Content
from app.contents.rows import Row, content_row
from app.core import clock, pagecache
from app.core.i18n import _
from app.core.pages import paginate
from app.home import queries
from app.initiatives.queries import latest_sheets

home = Blueprint("home", __name__, template_folder="templates")
MOMENTS = ("open", "soon", "closed")


@home.get("/")
def front():
    """What is open and for how long; what came of what is over; the latest sheets; the territories."""
    opened = list(paginate(queries.activities("open"), 1, per_page=6).items)
    soon = list(paginate(queries.activities("soon"), 1, per_page=3, total=3).items)
    over = list(paginate(queries.activities("closed"), 1, per_page=3, total=3).items)
    pagecache.public("region", "catalogue", *(f"content:{each.id}" for each in opened), until=page_end())
    return render_template(
        "home/front.html",
        opened=rows_of(opened),
        soon=rows_of(soon),
        over=rows_of(over),
        sheets=[content_row(sheet) for sheet in latest_sheets(6)],
        lines=queries.territory_lines(),
    )


def rows_of(spaces: list[Content]) -> list[Row]:
    facts = queries.facts_of(spaces)
    return [replace(content_row(space), facts=facts.get(space.id, [])) for space in spaces]


def page_end() -> datetime:
    """When a page that counts days must be made again: at the next opening or closing, at midnight in Paris at the latest."""
    tomorrow = (clock.now().astimezone(clock.PARIS) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    edge = queries.next_opening()
    return min(edge, tomorrow) if edge else tomorrow


@home.get("/participer")
@home.get("/participer.json", endpoint="participate_json")
def participate():
    """Every consultation and debate of the region, by moment."""
    moment = request.args.get("state", "open")
    if moment not in MOMENTS:
        moment = "open"
    page = paginate(queries.activities(moment))
    if request.path.endswith(".json"):
        return jsonify(page.as_json(describe))
    pagecache.public("region", *(f"content:{each.id}" for each in page.items), until=page_end())
    labels = {"open": _("Ouvert"), "soon": _("Bientôt"), "closed": _("Clos")}
    return render_template("home/participate.html", page=page, items=rows_of(list(page.items)), moment=moment, labels=labels)


def describe(content: Content) -> dict:
    from app.contents.kinds import url_of

    return {
        "kind": content.kind,
        "id": content.id,
        "title": content.title,
        "url": url_of(content),
        "territory": content.territory.slug if content.territory else None,
        "state": content.moment,
        "opens_at": content.opens_at.isoformat() if content.opens_at else None,
        "closes_at": content.closes_at.isoformat() if content.closes_at else None,
        "summary": content.summary,
    }


def standing_page(template: str):
    pagecache.public("region")
    return render_template(f"home/{template}.html")


@home.get("/accessibilite")
def accessibility():
    return standing_page("accessibility")


@home.get("/vos-donnees")
def privacy():
    return standing_page("privacy")


@home.get("/mentions-legales")
def legal():
    return standing_page("legal")


@home.get("/donnees/")
def open_data():
    return standing_page("open_data")


@home.get("/robots.txt")
def robots():
    lines = [
        "User-agent: *",
        "Disallow: /compte/",
        "Disallow: /gestion/",
        "Disallow: /moderation/",
        "Disallow: /recherche",
        f"Sitemap: {url_for('feeds.sitemap', _external=True)}",
    ]
    pagecache.public()
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@home.get("/favicon.ico")
def favicon():
    abort(404)
