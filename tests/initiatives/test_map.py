"""The map of the catalogue: groups, the drawing, the list beside, and the ground an operator may choose."""

import math
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.contents.models import State
from app.core.db import db
from app.initiatives import map as map_pages
from app.initiatives import places
from app.initiatives.models import Initiative
from app.initiatives.places import Box, Point
from app.search import engines
from app.search.engines.base import SearchUnavailable
from tests.factories import make_content, make_territory, restrict
from tests.search.conftest import index  # noqa: F401 -- a fixture

pytestmark = pytest.mark.usefixtures("index")
TOWNS = {"Arras": (50.291, 2.778), "Lille": (50.637, 3.063), "Roubaix": (50.690, 3.182), "Calais": (50.951, 1.858)}


def sheet(title, town="Arras", **values):
    latitude, longitude = TOWNS[town]
    return make_content(Initiative, title=title, **{"place": town, "latitude": latitude, "longitude": longitude} | values)


def some_points(count, seed=1):
    chance = random.Random(seed)
    return [
        Point(n, f"Fiche {n}", f"fiche-{n}", f"Lieu {n % 40}", chance.uniform(49.9, 51.1), chance.uniform(1.5, 4.3)) for n in range(count)
    ]


# --- Geometry -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zoom", [0, 3.7, 8, 12, 18])
def test_every_point_is_in_one_group_and_groups_are_apart(zoom):
    points = some_points(500)
    groups = places.grouped(points, zoom)
    assert sorted(point.id for group in groups for point in group.points) == list(range(500))
    for group in groups:
        pixels = [places.project(point.latitude, point.longitude, zoom) for point in group.points]
        assert max(x for x, _ in pixels) - min(x for x, _ in pixels) <= 2 * places.CELL + places.APART
        assert all(other is group or places.distance(group, other, zoom) >= places.APART for other in groups)
        assert max(y for _, y in pixels) - min(y for _, y in pixels) <= 2 * places.CELL + places.APART


def test_the_projection_is_that_of_web_maps():
    assert places.project(0, 0, 0) == (128, 128)
    for latitude, longitude in [*TOWNS.values(), (-33.9, 151.2), (84.9, -179.9)]:
        x, y = places.project(latitude, longitude, 8)
        assert math.isclose(x, (longitude + 180) / 360 * 256 * 2**8)
        assert math.isclose(y, (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * 256 * 2**8)


def test_the_drawing_holds_every_group_and_counts_every_sheet():
    points = some_points(300)
    drawing = places.draw(points, places.around(points))
    assert sum(mark.group.count for mark in drawing.marks) == 300
    for mark in drawing.marks:
        assert mark.radius <= mark.x <= places.WIDTH - mark.radius
        assert mark.radius <= mark.y <= places.HEIGHT - mark.radius
    assert 1 <= sum(1 for mark in drawing.marks if mark.name) <= len(drawing.marks)
    labels = [line.label for line in drawing.lines]
    assert "50,5° N" in labels
    assert 4 <= len(labels) <= 24


coordinates = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@settings(max_examples=40)
@given(st.lists(coordinates, min_size=1, max_size=8))
def test_any_place_on_earth_is_drawn(found):
    points = [Point(n, "x", "x", "x", latitude, longitude) for n, (latitude, longitude) in enumerate(found)]
    drawing = places.draw(points, places.around(points))
    assert all(math.isfinite(value) for mark in drawing.marks for value in (mark.x, mark.y, mark.radius))


@settings(max_examples=60)
@given(st.text(max_size=60) | st.lists(st.floats(), min_size=4, max_size=4).map(lambda edges: ",".join(map(str, edges))))
def test_a_box_is_read_or_is_none(text):
    box = Box.read(text)
    assert box is None or (-180 <= box.west < box.east <= 180 and -90 <= box.south < box.north <= 90)


# --- The page -------------------------------------------------------------------------------------------------------------------


def test_the_list_says_what_the_map_shows(client, run_worker):
    for n in range(3):
        sheet(f"Compost {n}", "Lille")
    sheet("Banc d’écoute", "Calais")
    make_content(Initiative, title="Sans lieu")
    run_worker("search")
    page = client.get("/catalogue/carte").text
    assert "4 fiches sur la carte" in page
    assert page.count('class="bf-mark"') == 2
    assert "3 fiches : Lille" in page.replace("\u00a0", " ")
    assert "Sans lieu" not in page
    assert re.findall(r'<h3 class="h6">(.*?)</h3>', page) == ["Calais", "Lille"]
    filtered = client.get("/catalogue/carte?q=compost").text
    assert "3 fiches sur la carte" in filtered
    assert "Banc" not in filtered
    closer = client.get("/catalogue/carte?bbox=1.5,50.8,2.2,51.1").text
    assert "1 fiche sur la carte" in closer
    assert "Voir toute la carte" in closer
    assert "Aucune fiche à cet endroit" in client.get("/catalogue/carte?bbox=10,10,11,11").text


def test_what_is_not_public_is_nowhere_on_the_map(client, run_worker):
    """attacks.md T05, T08, O03"""
    shown = sheet("Visible", "Lille").id
    for state in (State.DRAFT, State.PENDING, State.REFUSED):
        sheet("Fiche secrète", "Lille", state=state)
    run_worker("search")
    assert client.get("/catalogue/carte.json?zoom=8").get_json()["total"] == 1
    assert "secrète" not in client.get("/catalogue/carte").text + client.get("/catalogue/carte.json?zoom=18").text
    restrict(db.get(Initiative, shown, populate_existing=True), State.HIDDEN)
    db.commit()
    assert client.get("/catalogue/carte.json?q=visible").get_json() == {"total": 0, "groups": []}


def test_groups_open_as_one_comes_nearer(client, run_worker):
    sheet("A", "Lille", territory=make_territory())
    sheet("B", "Roubaix")
    sheet("C", "Roubaix")
    run_worker("search")
    (far,) = client.get("/catalogue/carte.json?zoom=4").get_json()["groups"]
    assert (far["count"], far["sheets"]) == (3, [])
    assert Box.read(far["bbox"])
    near = client.get("/catalogue/carte.json?zoom=12").get_json()["groups"]
    assert sorted((group["count"], len(group["sheets"])) for group in near) == [(1, 1), (2, 2)]
    assert client.get("/catalogue/carte.json?zoom=12&bbox=3.1,50.6,3.3,50.8").get_json()["total"] == 2


@pytest.mark.parametrize(
    "asked",
    [
        "bbox=a,b,c,d",
        "bbox=nan,nan,nan,nan",
        "bbox=1e400,0,1,1",
        "bbox=" + "9" * 5000,
        "zoom=99",
        "zoom=-1",
        "zoom=é",
        "bbox=&zoom=",
        "page=9",
    ],
)
def test_no_parameter_is_an_error(client, run_worker, asked):
    sheet("Visible")
    run_worker("search")
    assert client.get(f"/catalogue/carte?{asked}").status_code == 200
    assert client.get(f"/catalogue/carte.json?{asked}").status_code == 200


def test_the_map_costs_the_same_whatever_the_number_of_sheets(client, run_worker, count_queries):
    sheet("Un", "Lille")
    run_worker("search")
    client.get("/catalogue/carte?q=fiche")
    count_queries.clear()
    client.get("/catalogue/carte?q=fiche")
    few = len(count_queries)
    for n in range(12):
        sheet(f"Fiche {n}", list(TOWNS)[n % 4])
    run_worker("search")
    client.get("/catalogue/carte?q=fiche")
    count_queries.clear()
    client.get("/catalogue/carte?q=fiche")
    assert len(count_queries) == few <= 8


def test_without_an_index_every_sheet_is_on_the_map_and_one_sentence_says_why(client, monkeypatch):
    sheet("Visible")

    def refuse(_request):
        raise SearchUnavailable("gone")

    monkeypatch.setattr(engines.current(), "search", refuse)
    page = client.get("/catalogue/carte?q=autre").text
    assert "momentanément indisponible" in page
    assert "Visible" in page


# --- The ground -----------------------------------------------------------------------------------------------------------------


def test_the_ground_is_plain_and_asks_nobody_unless_the_operator_says_so(app, client, monkeypatch):
    sheet("Visible")
    plain = client.get("/catalogue/carte")
    assert "data-tiles" not in plain.text
    assert "img-src 'self' data:;" in plain.headers["Content-Security-Policy"]
    monkeypatch.setitem(app.config, "MAP_TILES", "https://tiles.example/{z}/{x}/{y}.png")
    monkeypatch.setitem(app.config, "MAP_CREDIT", "© <b>tout le monde</b>")
    drawn = client.get("/catalogue/carte")
    assert 'data-tiles="https://tiles.example/{z}/{x}/{y}.png"' in drawn.text
    assert "&lt;b&gt;" in drawn.text
    assert "img-src 'self' data: https://tiles.example;" in drawn.headers["Content-Security-Policy"]
    assert "tiles.example" not in client.get("/catalogue/").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "address",
    [
        "http://tiles.example/{z}/{x}/{y}.png",
        "https://tiles.example/fixe.png",
        "https://tiles.example; script-src */{z}/{x}/{y}",
        "https://a@b.example/{z}/{x}/{y}",
        "https:///{z}/{x}/{y}",
        "https://*.example/{z}/{x}/{y}",
    ],
)
def test_an_address_of_tiles_that_would_loosen_the_policy_is_refused_at_the_start(address):
    with pytest.raises(ValueError, match="MAP_TILES"):
        map_pages.check_tiles(address)
    map_pages.check_tiles("https://tiles.example:8443/{z}/{x}/{y}.png")
    map_pages.check_tiles(None)
