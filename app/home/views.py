from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, jsonify, render_template, request, url_for

from app.audit.services import SECRETS_KEPT
from app.contents.models import Content
from app.contents.queries import latest
from app.contents.rows import Row, content_row
from app.core import clock, pagecache, shapes
from app.core.i18n import _
from app.core.pages import paginate
from app.core.privacy import years_kept
from app.core.shapes import Shape, shape
from app.exchange import whole
from app.home import queries
from app.moderation.models import Decision, Report
from app.moderation.sanctions.models import Sanction

home = Blueprint("home", __name__, template_folder="templates")
MOMENTS = ("open", "soon", "closed")


@home.get("/")
def front():
    """What is open and for how long; what came of what is over; the latest sheets; the territories."""
    return shapes.page(pagecache.kept("front:fr", front_page))


def front_page() -> Shape:
    """The same for everyone, but for the reader's own in the frame."""
    found = queries.by_moment(6, 3, 3)
    pagecache.public("region", "catalogue", *(name for spaces in found.values() for name in stamps_of(spaces)), until=page_end())
    sheets = [content_row(sheet) for sheet in latest("initiative", "document", "tool", limit=6)]
    return shape("home/front.html", **rows_by_moment(found), sheets=sheets, lines=queries.territory_lines())


def stamps_of(spaces: Iterable[Content]) -> set[str]:
    """Of lists that show how many took part in each."""
    return {f"{name}:{space.id}" for space in spaces for name in ("content", "counts")}


def rows_by_moment(found: dict[str, list[Content]]) -> dict[str, list[Row]]:
    """As `block_activities` and the front page name them."""
    spaces = [space for spaces in found.values() for space in spaces]
    rows = {space.id: row for space, row in zip(spaces, rows_of(spaces), strict=True)}
    names = {"opened": "open", "soon": "soon", "over": "closed"}
    return {name: [rows[space.id] for space in found[moment]] for name, moment in names.items()}


def rows_of(spaces: list[Content]) -> list[Row]:
    """With how many took part; of what is over, what came out of it rather than what was asked."""
    facts, outcomes = queries.facts_of(spaces), queries.outcomes_of(spaces)
    rows = []
    for space in spaces:
        row = replace(content_row(space), facts=facts.get(space.id, []))
        if outcome := outcomes.get(space.id):
            row = replace(row, summary=outcome)
        elif space.id in outcomes:
            row = replace(row, facts=[*row.facts, _("Conclusion pas encore publiée")])
        rows.append(row)
    return rows


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
    pagecache.public("region", *stamps_of(page.items), until=page_end())
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


def standing_page(template: str, **context):
    pagecache.public("region")
    return render_template(f"home/{template}.html", **context)


@home.get("/accessibilite")
def accessibility():
    return standing_page("accessibility")


@home.get("/vos-donnees")
def privacy():
    kept = {"reports": years_kept(Report, "person_id"), "sanctions": years_kept(Sanction, "person_id")}
    kept |= {"deciders": years_kept(Decision, "by_id"), "sealed": SECRETS_KEPT.days // 365}
    return standing_page("privacy", kept=kept)


@home.get("/mentions-legales")
def legal():
    return standing_page("legal")


@home.get("/donnees/")
def open_data():
    pagecache.public(whole.STAMP)
    return standing_page("open_data", files=whole.present(), endings=whole.FORMS)


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
