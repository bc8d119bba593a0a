"""Reads of saved searches, and of what they find."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl

from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from app.accounts.models import Person
from app.contents import queries as contents
from app.contents.models import Content
from app.core.db import db, get_one
from app.follows.models import SavedSearch
from app.search.asking import Params, address_of
from app.search.queries import found_contents

LONGEST_ADDRESS = 1000


def params_of(address: str) -> Params:
    """What a saved address asks, the latest first; its last word is whole."""
    args = MultiDict(parse_qsl(address, keep_blank_values=True))
    args["sort"], args["q"] = "date", args.get("q", "") + " "
    return Params.read(args)


def one_spelling(typed: str) -> str:
    """Two ways to the same results are one saved search."""
    return address_of(Params.read(MultiDict(parse_qsl(typed.lstrip("?")[: 4 * LONGEST_ADDRESS])[:200])))


def searches_of(person: Person) -> Sequence[SavedSearch]:
    """The latest saved first."""
    return db.scalars(select(SavedSearch).where(SavedSearch.person_id == person.id).order_by(SavedSearch.id.desc())).all()


def count_of(person: Person) -> int:
    return db.scalar(select(func.count(SavedSearch.id)).where(SavedSearch.person_id == person.id)) or 0


def get_search(search_id: int) -> SavedSearch:
    return get_one(select(SavedSearch).where(SavedSearch.id == search_id))


def find_search(person: Person, address: str) -> SavedSearch | None:
    return db.scalars(select(SavedSearch).where(SavedSearch.person_id == person.id, SavedSearch.address == address)).one_or_none()


def get_saved(person: Person, address: str) -> SavedSearch:
    return get_one(select(SavedSearch).where(SavedSearch.person_id == person.id, SavedSearch.address == address))


def get_by_nonce(nonce: str) -> SavedSearch:
    return get_one(select(SavedSearch).where(SavedSearch.nonce == nonce))


def latest_of(search: SavedSearch) -> list[Content]:
    """What it finds, every word of it, the latest first, a thousand at most; raises SearchUnavailable."""
    return found_contents(params_of(search.address), every_word=True)


def published_between(search: SavedSearch, after: datetime, until: datetime) -> list[Content]:
    """What it finds that was published in `(after, until]`; raises SearchUnavailable."""
    return [content for content in latest_of(search) if content.published_at and after < content.published_at <= until]


def alerted(until: datetime) -> Sequence[int]:
    """The people who have a search to be told about that was last looked at before."""
    query = select(SavedSearch.person_id).where(SavedSearch.is_alerted, SavedSearch.looked_at < until).distinct()
    return db.scalars(query.order_by(SavedSearch.person_id)).all()


def public_among(ids: Sequence[int]) -> dict[int, Content]:
    rows = db.scalars(contents.listing(contents.published()).where(Content.id.in_(ids))).all() if ids else []
    return {content.id: content for content in rows}
