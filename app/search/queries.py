"""Reads for search pages: an index finds, the database decides what is shown.

`find(params, within=…, facets=…)` is the one entry, for /recherche and for any list that is a search restricted to some
kinds (the catalogue). It never raises for what a visitor typed; `Found.is_available` is False when the index cannot be
read, and then the list comes from the database, without ranking or counts.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from flask import request, url_for
from sqlalchemy import bindparam, literal, select
from sqlalchemy.orm import defer, joinedload, selectin_polymorphic
from werkzeug.datastructures import MultiDict

from app.contents import kinds
from app.contents import queries as contents
from app.contents.addresses import with_parents
from app.contents.models import Content, Term, Vocabulary
from app.core import clock
from app.core.db import db
from app.core.logs import log
from app.core.pages import PER_PAGE, Page, asked_page
from app.search import engines, registry
from app.search.analysis import WORD, term_of
from app.search.engines.base import LAST_PAGE, SORTS, STATES, Results, SearchRequest, SearchUnavailable
from app.search.grammar import Query, parse
from app.search.highlight import Pieces, mark, passage
from app.territories.models import Territory

FACETS = ("kind", "territory", "theme", "year", "state")
MOST_VALUES = 50  # of one facet in one address
LONGEST_VALUE = 100
NO_SUCH_THING = "-"
WITHOUT_VOCABULARY = frozenset({"kind", "territory", "year", "state", "language"})


@dataclass(frozen=True)
class Place:
    id: int
    slug: str
    short_name: str


@dataclass(frozen=True)
class Names:
    """The places that host something, by id, and the terms of the vocabularies asked for: (vocabulary, key) → label."""

    places: dict[int, Place]
    terms: dict[tuple[str, str], str]


@dataclass(frozen=True)
class Params:
    """What an address asks. `filters` holds facet values as they are written in addresses (territories by slug)."""

    query: Query
    filters: Mapping[str, tuple[str, ...]]
    sort: str = "relevance"
    page: int = 1

    @classmethod
    def read(cls, args: MultiDict[str, str] | None = None, facets: Sequence[str] = FACETS) -> "Params":
        """From `request.args`; what makes no sense is ignored, or leads to an empty page."""
        args = request.args if args is None else args
        filters = {}
        for name in facets:
            values = [value[:LONGEST_VALUE] for value in args.getlist(name)[:MOST_VALUES] if value]
            if values:
                filters[name] = tuple(dict.fromkeys(values))
        sort = args.get("sort", "relevance")
        return cls(parse(args.get("q", "")), filters, sort if sort in SORTS else "relevance", asked_page())


@dataclass(frozen=True)
class Value:
    value: str
    label: str
    count: int
    selected: bool = False


@dataclass(frozen=True)
class FacetView:
    """For the `facets` macro."""

    name: str
    label: str
    values: list[Value]

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)  # the macro writes facet["values"], which is a method of a mapping


@dataclass(frozen=True)
class Item:
    """One result: the content as it is in the database now, with what was found in it."""

    content: Content
    title: Pieces
    excerpt: Pieces

    @property
    def excerpt_text(self) -> str:
        return "".join(text for text, _ in self.excerpt)


@dataclass(frozen=True)
class Found:
    params: Params
    page: Page[Item]
    facets: list[FacetView] = field(default_factory=list)
    suggestion: str | None = None  # the query with its unknown words replaced by those that were searched
    is_replaced: bool = False  # nothing typed was found as it was: only the suggestion's results are shown
    is_available: bool = True

    @property
    def active(self) -> list[tuple[str, str]]:
        """The filters in force: (label, address without it), for the `chips` macro."""
        return [
            (value.label, address_without(facet.name, value.value)) for facet in self.facets for value in facet.values if value.selected
        ]


def address_without(name: str, value: str) -> str:
    """The present address without one filter, back on the first page."""
    arguments = request.args.to_dict(flat=False)
    arguments[name] = [each for each in arguments.get(name, []) if each != value]
    arguments.pop("page", None)
    return url_for(request.endpoint or "", **{**(request.view_args or {}), **arguments})


def address_with(**changes: str | None) -> str:
    """The present address with parameters changed (None: removed), back on the first page."""
    arguments: dict[str, Any] = request.args.to_dict(flat=False) | changes
    arguments = {name: value for name, value in arguments.items() if name != "page" and value is not None}
    return url_for(request.endpoint or "", **{**(request.view_args or {}), **arguments})


def find(
    params: Params, *, within: Mapping[str, Sequence[str]] | None = None, facets: Sequence[str] = FACETS, per_page: int = PER_PAGE
) -> Found:
    """One page of results, with facets. `within` restricts everything, counts included, as if nothing else existed.

    Queries: hits (one, and one a kind present), labels of territories and of vocabularies; on PostgreSQL those of the index too.
    """
    names = _names(facets)
    territories = names.places
    asked = SearchRequest(
        query=params.query,
        now=clock.now(),
        filters={name: _as_indexed(name, values, territories) for name, values in params.filters.items()},
        within=dict(within or {}),
        sort=params.sort,
        page=params.page,
        per_page=per_page,
        facets=facets,
        territory_order=[str(each.id) for each in sorted(territories.values(), key=lambda each: each.short_name.casefold())]
        if params.sort == "territory"
        else (),
    )
    try:
        results = engines.current().search(asked)
    except SearchUnavailable as error:
        log.warning("search is unavailable", error=str(error))
        return _browse(params, within or {}, territories, per_page)
    items, gone = _items(results.ids, results.terms)
    views = _facet_views(results.facets, params.filters, names)
    suggestion, is_replaced = _suggestion(params.query, results, items)
    pages = Page(items, max(0, results.total - gone), min(params.page, LAST_PAGE + 1), per_page)
    return Found(params, pages, views, suggestion, is_replaced)


def related(title: str, body: str, *, kinds_wanted: Sequence[str] = (), limit: int = 3, exclude: Collection[int] = ()) -> list[Content]:
    """Public contents near a text, nearest first: « déjà fait ailleurs ». Empty when the index cannot be read."""
    try:
        hits = engines.current().more_like(title, body, limit, exclude, {"kind": kinds_wanted} if kinds_wanted else {}, clock.now())
    except SearchUnavailable:
        return []
    ids = [hit.content_id for hit in hits]
    found: Sequence[Any] = db.scalars(contents.listing(contents.published()).where(Content.id.in_(ids))).all() if ids else []
    shown = {content.id: content for content in found}
    return [shown[each] for each in ids if each in shown]


# --- What is shown is read again ---------------------------------------------------------------------------------------


@cache
def _hits() -> Any:
    """Made once: every kind has registered by the time somebody searches."""
    known = registry.searchables()
    return (
        select(Content)
        .where(Content.id.in_(bindparam("ids", expanding=True)), contents.published())
        .options(
            selectin_polymorphic(Content, [model for model, each in known.items() if each.whole]),
            joinedload(Content.territory),
            defer(Content.body_source, raiseload=True),
            *[option for each in known.values() for option in each.load],
        )
    )


def _items(ids: Sequence[int], terms: Sequence[str]) -> tuple[list[Item], int]:
    """The hits as they are in the database now, in the index's order, and how many may no longer be shown."""
    if not ids:
        return [], 0
    shown = {content.id: content for content in db.scalars(_hits(), {"ids": list(ids)}).unique()}
    with_parents(list(shown.values()))
    items = []
    for content in (shown[each] for each in ids if each in shown):
        document = registry.document_of(content)
        body = " ".join(filter(None, (document.summary, document.body))) if document else content.summary
        items.append(Item(content, mark(content.title, terms), _excerpt(content.summary, document.body if document else "", body, terms)))
    return items, len(ids) - len(items)


def _excerpt(summary: str, body: str, both: str, terms: Sequence[str]) -> Pieces:
    """The best passage of the body; the summary when it has as much of what was found, or nothing was asked."""
    if not terms:
        return passage(summary or body, ())
    wanted = set(terms)
    in_summary, found = passage(summary, terms), passage(body or both, terms)
    if summary and _richness(in_summary, wanted) >= _richness(found, wanted):
        return in_summary
    return found


def _richness(pieces: Pieces, wanted: set[str]) -> int:
    return len({term for text, is_hit in pieces if is_hit for word in WORD.findall(text) if (term := term_of(word)) in wanted})


def _browse(params: Params, within: Mapping[str, Sequence[str]], territories: Mapping[int, Place], per_page: int) -> Found:
    """Without an index: the latest first, from the database, with the filters it can apply."""
    query = contents.listing(contents.published()).order_by(Content.published_at.desc(), Content.id.desc())
    for values in filter(None, (within.get("kind"), params.filters.get("kind"))):
        query = query.where(Content.kind.in_(values))
    if chosen := params.filters.get("territory"):
        ids = [int(each) for each in _as_indexed("territory", chosen, territories) if each.isascii() and each.isdigit() and len(each) < 10]
        query = query.where(Content.territory_id.in_(ids))
    from app.core.pages import paginate

    page = paginate(query, params.page, per_page)
    items = [Item(content, [(content.title, False)], passage(content.summary, ())) for content in page.items]
    return Found(params, Page(items, page.total, page.number, per_page), is_available=False)


# --- Names for values -----------------------------------------------------------------------------------------------------


@cache
def _every_name() -> Any:
    columns = (literal("").label("vocabulary"), Territory.id.label("id"), Territory.slug.label("key"), Territory.short_name.label("label"))
    terms = select(Vocabulary.key, literal(0), Term.key, Term.label).join(Term, Term.vocabulary_id == Vocabulary.id)
    wanted = Vocabulary.key.in_(bindparam("vocabularies", expanding=True))
    return select(*columns).where(Territory.is_pilot).union_all(terms.where(wanted))


def _names(facets: Sequence[str]) -> Names:
    """One query."""
    vocabularies = [name for name in facets if name not in WITHOUT_VOCABULARY]
    found = Names({}, {})
    for vocabulary, number, key, label in db.execute(_every_name(), {"vocabularies": vocabularies}):
        if vocabulary:
            found.terms[vocabulary, key] = label
        else:
            found.places[number] = Place(number, key, label)
    return found


def _as_indexed(name: str, values: Iterable[str], territories: Mapping[int, Place]) -> list[str]:
    """Territories are indexed by id, so that one may be renamed, and written by slug."""
    if name != "territory":
        return list(values)
    by_slug = {each.slug: str(each.id) for each in territories.values()}
    return [by_slug.get(value, NO_SUCH_THING) for value in values]


def _facet_views(counted: Mapping[str, Sequence[tuple[str, int]]], chosen: Mapping[str, Sequence[str]], names: Names) -> list[FacetView]:
    territories, labels = names.places, names.terms
    views = []
    for name, pairs in counted.items():
        facet = registry.FACETS.get(name)
        words = facet.values() if facet and facet.values else {}
        selected = set(chosen.get(name, ()))
        values = []
        for value, count in pairs:
            shown, label = value, words.get(value) or labels.get((name, value)) or value
            if name == "kind":
                label = str(kinds.all_kinds()[value].label) if value in kinds.all_kinds() else value
            elif name == "territory":
                if not value.isdigit() or int(value) not in territories:
                    continue
                shown, label = territories[int(value)].slug, territories[int(value)].short_name
            values.append(Value(shown, str(label), count, shown in selected))
        present = {value.value for value in values}
        for value in sorted(selected - present):  # a filter that matches nothing can still be taken away
            values.append(Value(value, _label_of_unfound(name, value, words, territories), 0, True))
        if name == "year":
            values.sort(key=lambda each: each.value, reverse=True)
        elif name == "state":
            values.sort(key=lambda each: STATES.index(each.value) if each.value in STATES else len(STATES))
        views.append(FacetView(name, str(facet.label) if facet else name, values))
    return views


def _label_of_unfound(name: str, value: str, words: Mapping[str, Any], territories: Mapping[int, Place]) -> str:
    if name == "kind" and value in kinds.all_kinds():
        return str(kinds.all_kinds()[value].label)
    if name == "territory":
        return next((each.short_name for each in territories.values() if each.slug == value), value)
    return str(words.get(value, value))


# --- Did you mean ------------------------------------------------------------------------------------------------------------


def _suggestion(query: Query, results: Results, items: Sequence[Item]) -> tuple[str | None, bool]:
    """The query with its unknown words as they are spelled in the results shown (an index knows stems, people read words)."""
    corrections = dict(results.corrections)
    if not corrections or not items:
        return None, False
    spelled: dict[str, Counter[str]] = {term: Counter() for term in corrections.values()}
    for item in items:
        for text, is_hit in item.title + item.excerpt:
            if is_hit:
                for word in WORD.findall(text):
                    if (term := term_of(word)) in spelled:
                        spelled[term][word.lower()] += 1
    text, changed = query.text, False
    for typed, term in corrections.items():
        if spelled[term]:
            text, changed = text.replace(typed, spelled[term].most_common(1)[0][0], 1), True
    if not changed:
        return None, False
    return text, len(corrections) == len(query.words) and not query.phrases
