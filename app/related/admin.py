"""The links of a territory, or of the region: under /gestion/<territoire>/liens/."""

from dataclasses import replace

from flask import Blueprint, render_template, request

from app.contents.models import Content
from app.core.db import db
from app.core.pages import paginate
from app.core.permissions import can, require
from app.related import queries
from app.related.forms import natures
from app.related.models import Suggestion
from app.related.views import reasons_of
from app.territories.queries import REGION, get_territory_or_region

links_admin = Blueprint("links_admin", __name__, template_folder="templates")
PER_PAGE = 10
MOST = 100  # proposals shown at once


@links_admin.get("/gestion/<territory_slug>/liens/")
@links_admin.get(f"/gestion/{REGION}/liens/", defaults={"territory_slug": REGION})
def index(territory_slug):
    territory = get_territory_or_region(territory_slug)
    require("link.desk", territory)
    place_id = territory.id if territory else None
    page = paginate(queries.suggestions_in(place_id), per_page=PER_PAGE)
    told = zip(page.items, reasons_of(page.items), strict=True)
    return render_template(
        "related/desk.html",
        territory=territory,
        here=request.full_path.rstrip("?"),
        received=db.scalars(queries.received(place_id).limit(MOST)).all(),
        sent=db.scalars(queries.sent(place_id).limit(MOST)).all(),
        page=replace(page, items=[(each, own_end(each), why) for each, why in told]),
        natures=[(choice.value, choice.label) for choice in natures()],
    )


def own_end(suggestion: Suggestion) -> Content:
    """The page that the reader links from: theirs; of two, the younger."""
    mine = [end for end in (suggestion.one, suggestion.other) if can("link.write", end)]
    return max(mine or [suggestion.one], key=lambda end: end.id)
