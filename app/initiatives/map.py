"""The map of the catalogue: the same sheets drawn, and listed beside; what a search finds, where it took place."""

from urllib.parse import urlencode, urlsplit

from flask import Response, current_app, jsonify, make_response, render_template, request, url_for

from app.core import pagecache
from app.core.i18n import _, ngettext
from app.core.pages import Page, asked_page
from app.core.security import CSP
from app.core.urls import path_for
from app.initiatives import places
from app.initiatives.models import KINDS
from app.initiatives.views import FACETS, initiatives
from app.search.asking import Params
from app.search.engines.base import SearchUnavailable
from app.search.queries import found_ids
from app.search.views import is_short

PER_PAGE = 100
LISTED = 20  # titles of one mark


@initiatives.get("/catalogue/carte")
def map_page():
    """Works without a script: the drawing is a picture with links, and the list says the same."""
    box = places.Box.read(request.args.get("bbox", ""))
    found, is_available = asked_points(box)
    box = box or (places.around(found) if found else None)
    number = asked_page()
    page = Page(found[(number - 1) * PER_PAGE : number * PER_PAGE], len(found), number, PER_PAGE)
    drawing = places.draw(found, box) if box else None
    if is_available and is_short():
        pagecache.public("catalogue", "search", "region")
    response = make_response(
        render_template(
            "initiatives/map.html",
            page=page,
            box=box,
            drawing=drawing,
            is_available=is_available,
            query=request.args.get("q", "")[:200],
            kept=kept_arguments(),
            address_of=address_of,
            label_of=label_of,
        )
    )
    return allow_tiles(response)


@initiatives.get("/catalogue/carte.json")
def map_json():
    """`groups` of the part of the world in `bbox`, at `zoom`: each with its middle, its count, and its sheets when it is one place."""
    box = places.Box.read(request.args.get("bbox", ""))
    raw = request.args.get("zoom", "")
    zoom = min(int(raw), places.LAST_ZOOM) if raw.isascii() and raw.isdigit() and len(raw) < 3 else 8
    found, is_available = asked_points(box)
    if is_available and is_short():
        pagecache.public("catalogue", "search", "region")
    groups = [describe(group, is_last=zoom >= places.LAST_ZOOM) for group in places.grouped(found, zoom)]
    return jsonify(total=len(found), groups=groups)


def asked_points(box: places.Box | None) -> tuple[list[places.Point], bool]:
    """What the address asks for, and whether the index answered: else every sheet that has a place."""
    params = Params.read(facets=FACETS)
    if params.query.is_empty and not params.query.text and not params.filters:
        return places.points(None, box), True
    try:
        return places.points(found_ids(params, within={"kind": list(KINDS)}, facets=FACETS), box), True
    except SearchUnavailable:
        return places.points(None, box), False


def describe(group: places.Group, *, is_last: bool) -> dict:
    whole = group.count == 1 or group.is_one_place or is_last
    return {
        "latitude": round(group.latitude, 5),
        "longitude": round(group.longitude, 5),
        "count": group.count,
        "label": label_of(group),
        "name": group.name,
        "bbox": str(group.box),
        "sheets": [{"title": point.title, "url": address_of(point)} for point in group.points[:LISTED]] if whole else [],
    }


def label_of(group: places.Group) -> str:
    """« Le compost de Hem », « 3 fiches à Arras (62) », « 12 fiches : Arras (62), Béthune (62)… »."""
    if group.count == 1:
        return group.first.title
    names = list(dict.fromkeys(point.place for point in group.points if point.place))
    counted = ngettext("%(num)s fiche", "%(num)s fiches", group.count)
    return f"{counted}{_(' : ')}{', '.join(names[:3])}{'…' if len(names) > 3 else ''}" if names else counted


def address_of(point: places.Point) -> str:
    return path_for("initiatives.show", sheet_id=point)


def kept_arguments() -> dict[str, list[str]]:
    """What the address asks besides its part of the world and its page."""
    return {name: values for name, values in request.args.to_dict(flat=False).items() if name in {"q", *FACETS}}


@initiatives.app_template_global("map_with")
def map_with(**changes: str) -> str:
    """The present map with another part of the world."""
    return url_for("initiatives.map_page") + (f"?{kept}" if (kept := urlencode(kept_arguments() | changes, doseq=True)) else "")


def tile_host() -> str:
    """« https://tiles.example », of the address the operator set; empty without one. Checked at the start: see `check_tiles`."""
    parts = urlsplit(current_app.config["MAP_TILES"] or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def allow_tiles(response: Response) -> Response:
    """This page alone may ask pictures of that one host."""
    if host := tile_host():
        response.headers["Content-Security-Policy"] = CSP.replace("img-src 'self' data:", f"img-src 'self' data: {host}")
    return response


def check_tiles(address: str | None) -> None:
    """Refuse at the start an address of tiles that no map could use, or that would loosen the policy of the page."""
    if not address:
        return
    parts = urlsplit(address)
    name = parts.hostname or ""
    is_host = parts.scheme == "https" and parts.netloc.removesuffix(f":{parts.port}" if parts.port else "") == name
    if not (is_host and name.replace(".", "").replace("-", "").isalnum() and all(sign in address for sign in ("{z}", "{x}", "{y}"))):
        raise ValueError("MAP_TILES doit être une adresse https avec {z}, {x} et {y} : https://tuiles.exemple/{z}/{x}/{y}.png")
