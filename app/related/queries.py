"""Reads of links, suggestions and what is near: each says what it loads and in which order."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.orm.attributes import QueryableAttribute

from app.accounts.models import Person
from app.contents.models import Content, Link, LinkState
from app.contents.queries import BODIES, published
from app.core.db import db, get_one
from app.core.i18n import _
from app.related import registry
from app.related.models import Neighbour, Suggestion, SuggestionState
from app.territories.models import Territory

SHOWN = 3


def place() -> Any:
    """Loads the territory, and what it is part of: what `reasons` looks at."""
    return joinedload(Content.territory).joinedload(Territory.parent)


def end(way: QueryableAttribute[Any]) -> Any:
    return joinedload(way).options(*BODIES, place())


def get_content(content_id: int) -> Content:
    """Base columns without bodies, with its territory, and the one this is part of."""
    return get_one(select(Content).where(Content.id == content_id).options(*BODIES, place()))


# --- Links -----------------------------------------------------------------------------------------------------------------


def links() -> Select[Link]:
    """With both ends, their territories, and who made each."""
    return select(Link).options(end(Link.origin), end(Link.target), joinedload(Link.author))


def get_link(link_id: int) -> Link:
    return get_one(links().where(Link.id == link_id))


def find_link(from_id: int, to_id: int, nature: str) -> Link | None:
    return db.scalars(links().where(Link.from_id == from_id, Link.to_id == to_id, Link.nature == nature)).one_or_none()


def links_at(content: Content) -> Sequence[Link]:
    """Accepted and proposed, both ways, for those who answer for the page; what waits first, then the latest."""
    query = links().where(or_(Link.from_id == content.id, Link.to_id == content.id), Link.state != LinkState.DISMISSED)
    return db.scalars(query.order_by(Link.state.desc(), Link.created_at.desc(), Link.id.desc())).all()


def here(content: Any, territory_id: int | None) -> ColumnElement[bool]:
    """Is this content answered for by the team of this territory, or by the region's?"""
    if territory_id is not None:
        return content.territory_id == territory_id
    return or_(content.territory_id.is_(None), content.kind.in_(registry.regional()))


def received(territory_id: int | None) -> Select[Link]:
    """Proposed by others, waiting for this territory (None: the region); both pages public. Oldest first."""
    asked = aliased(Content)
    query = links().join(asked, Link.asked_id == asked.id).where(Link.state == LinkState.PROPOSED, here(asked, territory_id))
    return query.where(*both_public(Link.from_id, Link.to_id)).order_by(Link.created_at, Link.id)


def in_words(ids: Sequence[int | None], _person: Person) -> dict[int | None, str]:
    """What the back office says of each of these places where a link waits for an answer. One query."""
    asked = aliased(Content)
    is_regional = here(asked, None)
    query = select(asked.territory_id, is_regional, func.count(Link.id)).join(asked, Link.asked_id == asked.id)
    query = query.where(Link.state == LinkState.PROPOSED, *both_public(Link.from_id, Link.to_id))
    counts: Counter[int | None] = Counter()
    for territory_id, regional, count in db.execute(query.group_by(asked.territory_id, is_regional)):
        for place in {territory_id, None} if regional else {territory_id}:
            counts[place] += count
    return {place: _("%(n)s à accepter ou à écarter", n=counts[place]) for place in ids if counts[place]}


def sent(territory_id: int | None) -> Select[Link]:
    """Proposed from here, waiting for the others, whose page is still public. Latest first."""
    mine = aliased(Content)
    other_end = or_(and_(Link.asked_id == Link.to_id, mine.id == Link.from_id), and_(Link.asked_id == Link.from_id, mine.id == Link.to_id))
    query = links().join(mine, other_end).where(Link.state == LinkState.PROPOSED, here(mine, territory_id))
    return query.where(*both_public(Link.asked_id)).order_by(Link.created_at.desc(), Link.id.desc())


def both_public(*ids: Any) -> list[ColumnElement[bool]]:
    ends = [aliased(Content) for _ in ids]
    return [select(one.id).where(one.id == each, one.is_public).exists() for one, each in zip(ends, ids, strict=True)]


# --- Suggestions -----------------------------------------------------------------------------------------------------------


def suggestions() -> Select[Suggestion]:
    """Those that wait, both pages public and loaded with their territories; the likeliest first."""
    one, other = aliased(Content), aliased(Content)
    query = select(Suggestion).join(one, Suggestion.one_id == one.id).join(other, Suggestion.other_id == other.id)
    query = query.where(Suggestion.state == SuggestionState.WAITING, one.is_public, other.is_public)
    return query.options(end(Suggestion.one), end(Suggestion.other)).order_by(Suggestion.score.desc(), Suggestion.id)


def suggestions_in(territory_id: int | None) -> Select[Suggestion]:
    """For the desk of a territory, or of the region."""
    mine = select(Content.id).where(here(Content, territory_id))
    return suggestions().where(or_(Suggestion.one_id.in_(mine), Suggestion.other_id.in_(mine)))


def suggestions_of(content: Content, limit: int = 5) -> Sequence[Suggestion]:
    query = suggestions().where(or_(Suggestion.one_id == content.id, Suggestion.other_id == content.id))
    return db.scalars(query.limit(limit)).all()


def get_suggestion(suggestion_id: int) -> Suggestion:
    """Answered or not, with both pages."""
    return get_one(select(Suggestion).where(Suggestion.id == suggestion_id).options(end(Suggestion.one), end(Suggestion.other)))


# --- Near ------------------------------------------------------------------------------------------------------------------


def neighbours_of(content: Content, limit: int = SHOWN, without: Sequence[int] = ()) -> list[tuple[Content, float]]:
    """Public contents near this one, nearest first, with the likeness of the texts; `without` those shown elsewhere. One query."""
    query = (
        select(Content, Neighbour.likeness)
        .join(Neighbour, Neighbour.other_id == Content.id)
        .where(Neighbour.content_id == content.id, published(), Content.id.not_in(without))
        .options(*BODIES, place())
        .order_by(Neighbour.score.desc(), Content.id)
        .limit(limit)
    )
    return [(row, likeness) for row, likeness in db.execute(query)]
