"""The doors of the desk, in the head of each of its pages: the rooms register theirs, people see those they may open."""

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from app.core.permissions import can
from app.moderation import queries


@dataclass(frozen=True)
class Door:
    label: Any  # a lazy text
    endpoint: str  # takes `territory_slug`
    permission: str  # asked of the place
    order: int


_doors: dict[str, Door] = {}


def door(label, endpoint: str, permission: str, order: int) -> None:
    _doors[endpoint] = Door(label, endpoint, permission, order)


def desk_doors(slug: str, territory=None) -> list[tuple[str, str, bool]]:
    """(label, address, are we in this room) for `desk_nav`; `territory` None is the region."""
    place = territory or queries.REGION
    open_ones = [each for each in sorted(_doors.values(), key=lambda each: each.order) if can(each.permission, place)]
    found = [(str(each.label), url_for(each.endpoint, territory_slug=slug)) for each in open_ones]
    here = max((url for _label, url in found if request.path.startswith(url)), key=len, default=None)
    return [(label, url, url == here) for label, url in found]
