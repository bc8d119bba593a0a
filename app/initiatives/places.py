"""Where initiatives took place: points, grouped by a grid, drawn on a plain ground. Angles are degrees (WGS 84), `x, y` are pixels.

The projection is that of web maps (spherical Mercator, 256 pixels for the world at zoom 0), so that a group made here is the
group that a map in a browser shows at that zoom.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, select

from app.contents import queries as contents
from app.core.db import db
from app.core.formats import number
from app.core.text import slugify
from app.initiatives.models import Initiative
from app.territories.models import Territory

CELL = 64  # pixels: groups closer than that are one
APART = 46  # pixels between the middles of two marks, at least
LAST_ZOOM = 18
NORTHMOST = 85.0  # the projection has no poles
WIDTH, HEIGHT, MARGIN = 560, 480, 44  # pixels of the drawing, made to be read on a phone too
STEPS = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30)  # degrees between two lines of the graticule
MOST_LINES = 6
LETTER, LONGEST_NAME = 8, 24  # pixels a letter of a name takes; letters


@dataclass(frozen=True)
class Box:
    west: float
    south: float
    east: float
    north: float

    @classmethod
    def read(cls, text: str) -> "Box | None":
        """« 1.5,50.1,3.2,51 », or None for what is no box of the world."""
        parts = text.split(",")
        if len(text) > 100 or len(parts) != 4:
            return None
        try:
            west, south, east, north = (float(part) for part in parts)
        except ValueError:
            return None
        is_sound = -180 <= west < east <= 180 and -90 <= south < north <= 90  # false for what is not a number
        return cls(west, south, east, north) if is_sound else None

    def __str__(self) -> str:
        return ",".join(f"{edge:.4f}" for edge in (self.west, self.south, self.east, self.north))


@dataclass(frozen=True)
class Point:
    """A sheet at its place."""

    id: int
    title: str
    slug: str
    place: str  # as the sheet says it, else its territory
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Group:
    """Sheets that a map shows as one mark, at their middle."""

    points: tuple[Point, ...]
    latitude: float
    longitude: float

    @property
    def count(self) -> int:
        return len(self.points)

    @property
    def first(self) -> Point:
        return self.points[0]

    @property
    def name(self) -> str:
        """The place most of them are at, without what follows it: « Arras »."""
        named = Counter(point.place.partition(" (")[0].partition(",")[0] for point in self.points if point.place)
        return named.most_common(1)[0][0] if named else ""

    @property
    def is_one_place(self) -> bool:
        return len({(point.latitude, point.longitude) for point in self.points}) == 1

    @property
    def box(self) -> Box:
        return around(self.points)


def points(ids: Collection[int] | None = None, box: Box | None = None) -> list[Point]:
    """The public initiatives that have a place, by place then title; `ids`: among these only. One query."""
    columns = (Initiative.id, Initiative.title, Initiative.place, Territory.short_name, Initiative.latitude, Initiative.longitude)
    query = (
        select(*columns)
        .select_from(Initiative)
        .outerjoin(Territory, Territory.id == Initiative.territory_id)
        .where(contents.published(), Initiative.latitude.is_not(None), *(_inside(box) if box else ()))
    )
    wanted = None if ids is None else set(ids)
    found = [
        Point(row.id, row.title, slugify(row.title), row.place or row.short_name or "", row.latitude, row.longitude)
        for row in db.execute(query)
        if wanted is None or row.id in wanted
    ]
    return sorted(found, key=lambda point: (point.place.casefold(), point.title.casefold(), point.id))


def _inside(box: Box) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Initiative.latitude.between(box.south, box.north), Initiative.longitude.between(box.west, box.east)


def around(found: Iterable[Point]) -> Box:
    """The smallest box that holds these points, never flat: a twentieth of a degree at least."""
    latitudes, longitudes = zip(*((point.latitude, point.longitude) for point in found), strict=True)
    room = 0.025
    return Box(
        max(-180.0, min(longitudes) - room),
        max(-90.0, min(latitudes) - room),
        min(180.0, max(longitudes) + room),
        min(90.0, max(latitudes) + room),
    )


def project(latitude: float, longitude: float, zoom: float) -> tuple[float, float]:
    """Pixels from the north-west corner of the world."""
    size = 256 * 2**zoom
    sine = math.sin(math.radians(max(-NORTHMOST, min(NORTHMOST, latitude))))
    return (longitude + 180) / 360 * size, (0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * size


def grouped(found: Sequence[Point], zoom: float) -> list[Group]:
    """One group a cell of the grid, the fullest first; at the last zoom, one a place."""
    cells: dict[tuple[int, int], list[Point]] = {}
    for point in found:
        x, y = project(point.latitude, point.longitude, zoom)
        cells.setdefault((int(x // CELL), int(y // CELL)), []).append(point)
    groups = [group_of(each) for each in sorted(cells.values(), key=lambda each: (-len(each), each[0].id))]
    apart: dict[tuple[int, int], list[Group]] = {}
    for group in groups:  # two cells may touch: marks closer than a finger are one
        x, y = (int(each // CELL) for each in project(group.latitude, group.longitude, zoom))
        around_it = [
            (cell, other) for dx in (-1, 0, 1) for dy in (-1, 0, 1) for cell in [(x + dx, y + dy)] for other in apart.get(cell, ())
        ]
        near = next(((cell, other) for cell, other in around_it if distance(group, other, zoom) < APART), None)
        if near is None:
            apart.setdefault((x, y), []).append(group)
        else:
            cell, other = near
            apart[cell] = [each for each in apart[cell] if each is not other] + [group_of([*other.points, *group.points], at=other)]
    return sorted((group for found in apart.values() for group in found), key=lambda group: (-group.count, group.first.id))


def group_of(found: Sequence[Point], at: Group | None = None) -> Group:
    """At their middle, or where another group already stands."""
    middle = (sum(point.latitude for point in found) / len(found), sum(point.longitude for point in found) / len(found))
    return Group(tuple(found), *((at.latitude, at.longitude) if at else middle))


def distance(one: Group, other: Group, zoom: float) -> float:
    return math.dist(project(one.latitude, one.longitude, zoom), project(other.latitude, other.longitude, zoom))


def fitting_zoom(box: Box, width: int = WIDTH - 2 * MARGIN, height: int = HEIGHT - 2 * MARGIN) -> float:
    """The zoom at which the box fills the drawing."""
    (left, bottom), (right, top) = project(box.south, box.west, 0), project(box.north, box.east, 0)
    return min(float(LAST_ZOOM), math.log2(min(width / max(right - left, 1e-9), height / max(bottom - top, 1e-9))))


@dataclass(frozen=True)
class Mark:
    """A group as it is drawn: a disc whose surface says how many, and its name where there is room."""

    x: float
    y: float
    radius: float
    group: Group
    name: str = ""


@dataclass(frozen=True)
class Line:
    """A meridian (`is_meridian`) or a parallel, where it is drawn and what is written beside it."""

    at: float
    label: str
    is_meridian: bool


@dataclass(frozen=True)
class Drawing:
    marks: list[Mark]
    lines: list[Line]
    width: int = WIDTH
    height: int = HEIGHT


def draw(found: Sequence[Point], box: Box) -> Drawing:
    """The map for who runs no script, and until the script has run: discs on a plain ground with a graticule."""
    zoom = fitting_zoom(box)
    left, top = project(box.north, box.west, zoom)
    right, bottom = project(box.south, box.east, zoom)
    dx, dy = (WIDTH - (right - left)) / 2 - left, (HEIGHT - (bottom - top)) / 2 - top
    marks = []
    for group in grouped(found, zoom):
        x, y = project(group.latitude, group.longitude, zoom)
        marks.append(Mark(round(x + dx, 1), round(y + dy, 1), round(min(40, 14 + 4 * math.sqrt(group.count - 1)), 1), group))
    return Drawing(named(marks), graticule(box, zoom, dx, dy))


def named(marks: Sequence[Mark]) -> list[Mark]:
    """Names to the right of the marks, the fullest served first; none over another mark or name, nor over the edge."""
    taken = [(mark.x - mark.radius, mark.y - mark.radius, mark.x + mark.radius, mark.y + mark.radius) for mark in marks]
    written = []
    for mark in marks:
        name = mark.group.name
        left = mark.x + mark.radius + 4
        room = (left, mark.y - 9, left + LETTER * len(name), mark.y + 9)
        is_free = all(room[2] < one[0] or one[2] < room[0] or room[3] < one[1] or one[3] < room[1] for one in taken)
        if 0 < len(name) <= LONGEST_NAME and room[2] < WIDTH and is_free:
            taken.append(room)
            written.append(replace(mark, name=name))
        else:
            written.append(mark)
    return written


def graticule(box: Box, zoom: float, dx: float, dy: float) -> list[Line]:
    span = max(box.east - box.west, box.north - box.south)
    step = next((step for step in STEPS if span / step <= MOST_LINES), STEPS[-1])
    lines = []
    for n in range(math.floor(box.west / step) - 2, math.ceil(box.east / step) + 3):
        at = project(0, n * step, zoom)[0] + dx
        if 0 < at < WIDTH and -180 <= n * step <= 180:
            lines.append(Line(round(at, 1), degrees(n * step, "E", "O"), True))
    for n in range(math.floor(box.south / step) - 2, math.ceil(box.north / step) + 3):
        at = project(n * step, 0, zoom)[1] + dy
        if 0 < at < HEIGHT and abs(n * step) <= NORTHMOST:
            lines.append(Line(round(at, 1), degrees(n * step, "N", "S"), False))
    return lines


def degrees(value: float, positive: str, negative: str) -> str:
    """« 50,5° N »."""
    return f"{number(round(abs(value), 2))}° {positive if value >= 0 else negative}"
