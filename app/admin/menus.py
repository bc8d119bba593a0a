"""The registry of the back office: features add lines, pages show those that the current person may follow.

Asking costs no query: roles load with the person, and a permission is asked of a territory by its number alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flask import Blueprint, request, url_for

from app.core.i18n import _
from app.core.permissions import can, me

# What waits for somebody: (numbers of territories, None for the region; the person) → a sentence for each where something does.
# At most two queries, however many the territories.
Waiting = Callable[[Sequence[int | None], Any], Mapping[int | None, str]]
LOCAL_ROLES = ("manager", "moderator", "elected")


@dataclass(frozen=True)
class Line:
    label: Any  # a lazy text: the language is the reader's
    endpoint: str  # takes `territory_slug` when its scope is a territory
    permission: str  # asked of the territory, or of None for the region
    scope: Literal["territory", "region"]
    header: str | None  # the endpoint, without arguments, that the header of every page leads to
    waiting: Waiting | None = None


@dataclass(frozen=True)
class Entry:
    label: str
    url: str
    waits: str  # « 7 textes à lire »; nothing when nothing does


@dataclass(frozen=True)
class Here:
    """A territory as far as permissions need to know it."""

    territory_id: int


_lines: dict[tuple[str, str], Line] = {}
_places: dict[str, Callable[[Any], Iterable[Any]]] = {}


def menu(
    label,
    endpoint: str,
    permission: str,
    scope: Literal["territory", "region"] = "territory",
    header: bool | str = False,
    waiting: Waiting | None = None,
) -> None:
    """Add a line to the back office, of every territory or of the region; in the order features are listed in `app`.

    `header`: also in the header of every page, for who may follow it; True for a line of the region, the endpoint that
    chooses among the person's territories for a line of a territory. `waiting`: what the first page of the back office says of it.
    """
    assert header is not True or scope == "region", "name the page that chooses among territories"
    _lines[endpoint, scope] = Line(label, endpoint, permission, scope, endpoint if header is True else header or None, waiting)


def places(function: Callable[[Any], Iterable[Any]]) -> Callable[[Any], Iterable[Any]]:
    """Register what lists the territories (`id`, `slug`, `name`) a person works for, in the order to show them."""
    _places[f"{function.__module__}.{function.__qualname__}"] = function
    return function


def places_of(person) -> list[Any]:
    return list({territory.id: territory for function in _places.values() for territory in function(person)}.values())


def back_office(name: str, import_name: str, path: str = "") -> Blueprint:
    """A blueprint of a territory's back office: `back_office("projects_admin", __name__, "/projets")`."""
    return Blueprint(name, import_name, url_prefix=f"/gestion/<territory_slug>{path}", template_folder="templates")


def lines(scope: str, thing=None, person=None) -> list[Line]:
    """What this person may follow in this territory, or in the region."""
    return [line for line in _lines.values() if line.scope == scope and can(line.permission, thing, person)]


def admin_menu(territory=None) -> list[tuple[str, str, bool]]:
    """(label, address, is it where we are) of the back office of a territory, or of the region."""
    followed = lines("territory" if territory else "region", territory)
    found = [(str(line.label), address_of(line, territory)) for line in followed]
    here = max((url for _label, url in found if _is_under(request.path, url)), key=len, default=None)
    return [(label, url, url == here) for label, url in found]


def offices(places: Sequence[Any], person) -> list[list[Entry]]:
    """The lines this person may follow in each of these places (None: the region), with what waits there."""
    numbers = [place.id if place else None for place in places]
    followed = [lines("territory" if place else "region", place, person) for place in places]
    asked: dict[Waiting, list[int | None]] = {}
    for number, each in zip(numbers, followed, strict=True):
        for line in each:
            if line.waiting:
                asked.setdefault(line.waiting, []).append(number)
    said: dict[tuple[Waiting | None, int | None], str] = {
        (ask, number): sentence for ask, there in asked.items() for number, sentence in ask(there, person).items()
    }
    return [
        [Entry(str(line.label), address_of(line, place), said.get((line.waiting, number), "")) for line in each]
        for place, number, each in zip(places, numbers, followed, strict=True)
    ]


def address_of(line: Line, place) -> str:
    return url_for(line.endpoint, territory_slug=place.slug) if place else url_for(line.endpoint)


def menu_entries() -> list[tuple[str, str]]:
    """(label, address) of the back offices the current person may enter, for the header of every page."""
    person = me()
    if person.is_anonymous:
        return []
    mine = [Here(territory_id) for territory_id in sorted(person.territories_as(*LOCAL_ROLES))]
    followed = [line for line in _lines.values() if _may_follow(line, mine, person)]
    found = [(str(line.label), url_for(line.header)) for line in followed if line.header]
    if followed:
        found.append((_("Gestion"), url_for("admin.index")))
    return list(dict.fromkeys(found))  # a line of territories and one of the region may lead to the same page


def may_enter(person) -> bool:
    """May this person do anything at all in a back office?"""
    if person.is_anonymous:
        return False
    mine = [Here(territory_id) for territory_id in person.territories_as(*LOCAL_ROLES)]
    return any(_may_follow(line, mine, person) for line in _lines.values())


def _may_follow(line: Line, mine: list[Here], person) -> bool:
    things = [None] if line.scope == "region" else mine
    return any(can(line.permission, thing, person) for thing in things)


def _is_under(path: str, url: str) -> bool:
    return path == url or path.startswith(url.rstrip("/") + "/")
