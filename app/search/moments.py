"""When what is found opens and closes."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import select

from app.contents.models import Content
from app.core import clock
from app.core.db import db, one_of


def moments_of(found: Sequence[Content]) -> dict[int, tuple[datetime | None, datetime | None]]:
    """When each of these opens and closes: by its own dates, else those of the space it is in. One query at most."""
    inside = [each for each in found if each.space_id is not None and not _is_dated(each)]
    spaces = {space.id: _dates(space) for each in inside if (space := _space_above(each)) is not None}
    if elsewhere := {each.space_id for each in inside} - spaces.keys():
        spaces |= {number: (opens_at, closes_at) for number, opens_at, closes_at in db.execute(_spaces(), {"ids": elsewhere})}
    return {each.id: spaces[each.space_id] if each.space_id in spaces and not _is_dated(each) else _dates(each) for each in found}


def moment_between(opens_at: datetime | None, closes_at: datetime | None) -> str | None:
    """ "soon", "open" or "closed" by the clock, as `Content.moment` says it."""
    if opens_at is None and closes_at is None:
        return None
    now = clock.now()
    if opens_at and now < opens_at:
        return "soon"
    return "closed" if closes_at and now >= closes_at else "open"


def _dates(content: Content) -> tuple[datetime | None, datetime | None]:
    return content.opens_at, content.closes_at


def _is_dated(content: Content) -> bool:
    return _dates(content) != (None, None)


def _space_above(content: Content) -> Content | None:
    """The space a content is in, if it is among what was loaded above it."""
    above: Content | None = content
    while above is not None and above.id != content.space_id:
        above = above.__dict__.get("parent")
    return above


@cache
def _spaces() -> Any:
    return select(Content.id, Content.opens_at, Content.closes_at).where(one_of(Content.id, "ids"))
