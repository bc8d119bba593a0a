"""Lists in pages: `total / page / pages / items`, in HTML and in JSON."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from flask import request, url_for
from sqlalchemy import Select, func, select

from app.core.db import db

T = TypeVar("T")
PER_PAGE = 20
LAST_PAGE = 10_000  # nobody reads further; an OFFSET of 10^30 is an error in PostgreSQL


@dataclass
class Page(Generic[T]):
    items: Sequence[T]
    total: int
    number: int = 1
    per_page: int = PER_PAGE
    args: dict[str, Any] = field(default_factory=dict)  # what else the address of another page carries

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))

    def url(self, number: int) -> str:
        """The same list, another page: the address one is at, with `page` changed."""
        places = request.view_args or {}
        path = {name: self.args.get(name, value) for name, value in places.items()}
        added = {name: value for name, value in self.args.items() if name not in places}
        query = {**request.args.to_dict(flat=False), **added, "page": number if number > 1 else None}
        # What the address carries never reaches url_for, where `_scheme`, `_external` or `endpoint` mean something.
        kept = urlencode({name: value for name, value in query.items() if value is not None}, doseq=True)
        return url_for(request.endpoint or "", **path) + (f"?{kept}" if kept else "")

    def as_json(self, describe: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
        return {"total": self.total, "page": self.number, "pages": self.pages, "items": [describe(item) for item in self.items]}


def asked_page(args: Mapping[str, str] | None = None) -> int:
    """The page number in the address; anything that is not one is the first page."""
    raw = (request.args if args is None else args).get("page", "1")
    return min(int(raw), LAST_PAGE) if raw.isascii() and raw.isdigit() and len(raw) < 9 and int(raw) else 1


def paginate(query: Select, number: int | None = None, per_page: int = PER_PAGE, total: int | None = None) -> Page:
    """One page of the query's first column, and how many there are in all: two queries."""
    number = number or asked_page()
    if total is None:
        total = db.scalar(select(func.count()).select_from(query.order_by(None).options().subquery())) or 0
    items = db.scalars(query.limit(per_page).offset((number - 1) * per_page)).unique().all()
    return Page(items, total, number, per_page)
