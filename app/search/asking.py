"""What the address of a search asks, and the addresses of searches: what knows the request here, with the views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from werkzeug.datastructures import MultiDict

from app.contents import vocabularies
from app.core.pages import asked_page
from app.search.analysis import FRENCH, analyser_of
from app.search.engines.base import SORTS
from app.search.facets import FACETS, WITHOUT_VOCABULARY
from app.search.grammar import Query, parse

MOST_VALUES = 50  # of one facet in one address
LONGEST_VALUE = 100
NOWHERE, NO = "none", "no"  # near=none, recent=no: the nudges switched off


@dataclass(frozen=True)
class Params:
    """What an address asks. `filters` holds facet values as they are written in addresses (territories by slug).

    `near`: the slug of the place whose results are lifted a little; None leaves it to what is known of the reader.
    `space`: the consultation or debate inside of which one looks. `is_moved`: the address names terms that others stand for now.
    """

    query: Query
    filters: Mapping[str, tuple[str, ...]]
    sort: str = "relevance"
    page: int = 1
    near: str | None = None
    recent: bool = True
    space: int | None = None
    is_moved: bool = False

    @classmethod
    def read(cls, args: MultiDict[str, str] | None = None, facets: Sequence[str] = FACETS) -> "Params":
        """From `request.args`; what makes no sense is ignored, or leads to an empty page."""
        args = request.args if args is None else args
        filters = {}
        for name in facets:
            values = [value[:LONGEST_VALUE] for value in args.getlist(name)[:MOST_VALUES] if value]
            if values:
                filters[name] = tuple(dict.fromkeys(values))
        chosen = {name: values for name, values in filters.items() if name not in WITHOUT_VOCABULARY}
        current = vocabularies.current(chosen)  # a term that was merged into another is asked for by its old key in old addresses
        filters |= current
        sort, space = args.get("sort", "relevance"), args.get("space", "")
        languages = filters.get("language", ())
        return cls(
            parse(args.get("q", ""), analyser_of(languages[0]) if len(languages) == 1 else FRENCH),
            filters,
            sort if sort in SORTS else "relevance",
            asked_page(args),
            near=(args.get("near") or "")[:LONGEST_VALUE] or None,
            recent=args.get("recent") != NO,
            space=int(space) if space.isascii() and space.isdigit() and len(space) < 10 else None,
            is_moved=current != chosen,
        )

    @property
    def is_nudged(self) -> bool:
        """Do the nudges change anything?"""
        return self.sort == "relevance" and self.query.has_words


# --- Addresses -----------------------------------------------------------------------------------------------------------


def address_of(params: Params, within: Mapping[str, Sequence[str]] | None = None) -> str:
    """The query of the address of these results on /recherche, in one spelling, without what only orders or pages them."""
    pairs = [("q", params.query.text)] if params.query.text else []
    for name in FACETS:
        pairs += [(name, value) for value in sorted(params.filters.get(name) or (within or {}).get(name, ()))]
    if params.space is not None:
        pairs.append(("space", str(params.space)))
    return urlencode(pairs)


def address_with(**changes: str | None) -> str:
    """The present address with parameters changed (None: removed), back on the first page."""
    return _present({**request.args.to_dict(flat=False), **changes, "page": None})


def address_without(name: str, value: str) -> str:
    """The present address without one filter, back on the first page."""
    arguments = request.args.to_dict(flat=False)
    arguments[name] = [each for each in arguments.get(name, []) if each != value]
    return _present({**arguments, "page": None})


def _present(arguments: Mapping[str, Any]) -> str:
    """What the address carries never reaches url_for, where `_scheme`, `_external` or `endpoint` mean something."""
    kept = urlencode({name: value for name, value in arguments.items() if value is not None}, doseq=True)
    return url_for(request.endpoint or "", **(request.view_args or {})) + (f"?{kept}" if kept else "")


def address_as(ending: str) -> str:
    """The present list, whole, as `.json` or `.csv`."""
    arguments = {name: values for name, values in request.args.to_dict(flat=False).items() if name != "page"}
    kept = urlencode(arguments, doseq=True)
    return request.path.rstrip("/") + ending + (f"?{kept}" if kept else "")
