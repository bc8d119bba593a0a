from flask import Blueprint, render_template

from app.admin.menus import admin_menu, places_of
from app.core.permissions import me, require

blueprint = Blueprint("admin", __name__, template_folder="templates")


@blueprint.get("/gestion/")
def index():
    """The territories a person works for, and what they may do in each."""
    require("admin.enter")
    territories = [(territory, lines) for territory in places_of(me()) if (lines := admin_menu(territory))]
    return render_template("admin/index.html", territories=territories, region=admin_menu())
