from flask import Blueprint, render_template

from app.admin.menus import offices, places_of
from app.core.errors import NotFound
from app.core.permissions import me, require

blueprint = Blueprint("admin", __name__, template_folder="templates")
REGION = "region"


@blueprint.get("/gestion/")
def index():
    """Where a person works, what they may do in each place, and what waits for them there."""
    require("admin.enter")
    return render_template("admin/index.html", offices=entered([None, *places_of(me())]))


@blueprint.get("/gestion/<territory_slug>/")
def office(territory_slug):
    """The same of one territory, or of the region; another's does not exist here."""
    require("admin.enter")
    places = [None] if territory_slug == REGION else [each for each in places_of(me()) if each.slug == territory_slug]
    found = entered(places)
    if not found:
        raise NotFound
    return render_template("admin/office.html", offices=found)


def entered(places):
    """(place, its lines) where there is something to do."""
    return [(place, entries) for place, entries in zip(places, offices(places, me()), strict=True) if entries]
