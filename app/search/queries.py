"""Reads for search pages: an index finds, the database decides what is shown.

`find(params, within=…, facets=…)` is the one entry, for /recherche and for any list that is a search restricted to some
kinds (the catalogue). It never raises for what a visitor typed; `Found.is_available` is False when the index cannot be
read, and then the list comes from the database, without ranking or counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import defer, joinedload, selectin_polymorphic

from app.accounts.models import Person
from app.contents import queries as contents
from app.contents.addresses import with_parents
from app.contents.models import Content, ContentTerm, Term, Vocabulary
from app.core import clock
from app.core.db import db, one_of
from app.core.logs import log
from app.core.pages import PER_PAGE, Page, paginate
from app.search import engines, otherwise, registry
from app.search.analysis import analyser_of
from app.search.asking import NOWHERE, Params, address_of, address_without
from app.search.engines.base import LAST_PAGE, Hit, SearchRequest, SearchUnavailable
from app.search.facets import FACETS, WITHOUT_VOCABULARY, FacetView, Names, Place, as_indexed, names_of, views_of
from app.search.grammar import Query
from app.search.highlight import Pieces, mark, passage, passage_and_terms
from app.search.moments import moment_between, moments_of

MOST_ROWS = 1000  # of a table of results
MOST_POINTS = 20_000  # of a map
MOST_TITLES = 8  # proposed while one types


@dataclass(frozen=True)
class Item:
    """One result: the content as it is in the database now, with what was found in it."""

    content: Content
    title: Pieces
    excerpt: Pieces
    moment: str | None = None  # open, soon, closed: its own, or that of the consultation or debate it is in

    @property
    def excerpt_text(self) -> str:
        return "".join(text for text, _ in self.excerpt)

    @property
    def says_more(self) -> bool:
        """Does the excerpt say more than a title that is only its first words?"""
        return self.excerpt_text.rstrip(" ….") != self.content.title.rstrip(" ….")


@dataclass(frozen=True)
class Found:
    params: Params
    page: Page[Item]
    facets: list[FacetView] = field(default_factory=list)
    suggestion: str | None = None  # the query with its unknown words replaced by those that were searched
    is_replaced: bool = False  # nothing typed was found as it was: only the suggestion's results are shown
    is_available: bool = True
    near: Place | None = None  # whose results were lifted
    nowhere: str | None = None  # what `near` says in an address to lift no place: nothing, unless the reader has one
    places: Sequence[Place] = ()  # that one may choose instead
    space: Content | None = None  # inside of which one looked
    wider: Sequence[tuple[str, str, int]] = ()  # nothing was found: (label, address, results) of what would find something
    browse: FacetView | None = None  # nothing was found, and nothing wider would: what there is
    address: str = ""  # where these results are, on /recherche: see `address_of`
    until: datetime | None = None  # when something here opens or closes

    @property
    def outline(self) -> "Found":
        """What was asked, without what was found: what is said under the results."""
        chosen = [replace(facet, values=[value for value in facet.values if value.selected]) for facet in self.facets]
        return replace(self, page=replace(self.page, items=()), facets=chosen, places=(), wider=(), browse=None)

    @property
    def active(self) -> list[tuple[str, str]]:
        """The filters in force: (label, address without it), for the `chips` macro."""
        return [
            (value.label, address_without(facet.name, value.value)) for facet in self.facets for value in facet.values if value.selected
        ]


def find(
    params: Params,
    *,
    within: Mapping[str, Sequence[str]] | None = None,
    facets: Sequence[str] = FACETS,
    per_page: int = PER_PAGE,
    home: int | None = None,
) -> Found:
    """One page of results, with facets. `within` restricts everything, counts included, as if nothing else existed.
    `home`: the territory whose results are lifted a little unless the address says otherwise (`home_of` the reader).

    Queries: hits (one, and one a kind present), dates of their spaces; on PostgreSQL those of the index too; after a change,
    labels of territories and of vocabularies.
    """
    names = names_of(facets)
    near = _near(params, names, home) if params.is_nudged else None
    asked = _request(params, within, names, facets, per_page, near)
    try:
        results = engines.current().search(asked)
    except SearchUnavailable as error:
        log.warning("search is unavailable", error=str(error))
        return _browse(params, asked.within, names, per_page)
    items, gone = _items(results.hits)
    views = views_of(results.facets, params.filters, names, results.total)
    shown = ((item.content.language, item.title + item.excerpt) for item in items)
    suggestion, is_replaced = otherwise.suggestion(params.query, results, shown)
    pages = Page(items, max(0, results.total - gone), min(params.page, LAST_PAGE + 1), per_page)
    wider, browse = otherwise.wider(params, asked, names) if not results.total else ([], None)
    places = sorted(names.places.values(), key=lambda each: each.short_name.casefold())
    space = _space(params.space)
    address = address_of(params, within)
    nowhere = NOWHERE if home in names.places else None
    until = datetime.fromtimestamp(results.until, UTC) if results.until is not None else None
    return Found(params, pages, views, suggestion, is_replaced, True, near, nowhere, places, space, wider, browse, address, until)


def found_contents(
    params: Params, *, within: Mapping[str, Sequence[str]] | None = None, facets: Sequence[str] = FACETS, every_word: bool = False
) -> list[Content]:
    """The first thousand results as rows of a table, without passages; raises SearchUnavailable.

    `every_word`: only what has all that was asked, as it was asked, with no spelling mended.
    """
    return public_in_order(found_ids(params, within=within, facets=facets, every_word=every_word, limit=MOST_ROWS))


def found_ids(
    params: Params,
    *,
    within: Mapping[str, Sequence[str]] | None = None,
    facets: Sequence[str] = FACETS,
    every_word: bool = False,
    limit: int = MOST_POINTS,
) -> list[int]:
    """The numbers of the first results, as the index has them: what is shown is read again. Raises SearchUnavailable."""
    names = names_of(facets)
    near = _near(params, names, None) if params.is_nudged else None
    results = engines.current().search(replace(_request(params, within, names, (), limit, near), page=1, every_word=every_word))
    return [] if every_word and results.corrections else results.ids


def titles_beginning(query: Query, *, within: Mapping[str, Sequence[str]] | None = None) -> list[Content]:
    """Public contents whose title has every word typed, the last one possibly begun. None without an index."""
    titled = [kind for kind, is_titled in registry.kinds_by_title().items() if is_titled]
    asked = SearchRequest(query, clock.now(), within={"kind": titled, **(within or {})}, per_page=MOST_TITLES, facets=(), titles_only=True)
    if not query.words:
        return []
    try:
        results = engines.current().search(asked)
    except SearchUnavailable:
        return []
    return [] if results.corrections else public_in_order(results.ids)


def public_in_order(ids: Sequence[int]) -> list[Content]:
    """Those of these contents that are public now, base columns without bodies, with what their addresses need."""
    found: Sequence[Content] = db.scalars(contents.listing(contents.published()).where(Content.id.in_(ids))).all() if ids else []
    with_parents(found)
    shown = {content.id: content for content in found}
    return [shown[each] for each in ids if each in shown]


def _request(
    params: Params, within: Mapping[str, Sequence[str]] | None, names: Names, facets: Sequence[str], per_page: int, near: Place | None
) -> SearchRequest:
    by_name = sorted(names.places.values(), key=lambda each: each.short_name.casefold())
    return SearchRequest(
        query=params.query,
        now=clock.now(),
        filters={name: as_indexed(name, values, names) for name, values in params.filters.items()},
        within={**(within or {}), **({"space": [str(params.space)]} if params.space is not None else {})},
        sort=params.sort,
        page=params.page,
        per_page=per_page,
        facets=facets,
        territory_order=[str(each.id) for each in by_name] if params.sort == "territory" else (),
        prefer_recent=params.recent,
        near=str(near.id) if near else None,
    )


def _near(params: Params, names: Names, home: int | None) -> Place | None:
    """The place the address names, else the reader's."""
    if params.near is not None:
        return None if params.near == NOWHERE else names.place_called(params.near)
    return names.places.get(home) if home is not None else None


def home_of(reader: Person) -> int | None:
    """The territory of a reader: where they work, or where they last wrote."""
    if reader.is_anonymous:
        return None
    roles = [role.territory_id for role in reader.roles if role.territory_id is not None]
    return min(roles) if roles else db.scalar(_last_written(), {"person_id": reader.id})


@cache
def _last_written() -> Any:
    wrote = select(Content.territory_id).where(Content.author_id == bindparam("person_id"), Content.territory_id.is_not(None))
    return wrote.order_by(Content.created_at.desc()).limit(1)


def _space(space_id: int | None) -> Content | None:
    if space_id is None:
        return None
    return db.scalars(contents.listing(contents.published()).where(Content.id == space_id)).one_or_none()


# --- What is shown is read again ---------------------------------------------------------------------------------------


@cache
def _hits() -> Any:
    """Made once: every kind has registered by the time somebody searches."""
    known = registry.searchables()
    return (
        select(Content)
        .where(one_of(Content.id, "ids"), contents.published())
        .options(
            selectin_polymorphic(Content, [model for model, each in known.items() if each.whole]),
            joinedload(Content.territory),
            defer(Content.body_source, raiseload=True),
            *[option for each in known.values() for option in each.load],
        )
    )


def _items(hits: Sequence[Hit]) -> tuple[list[Item], int]:
    """The hits as they are in the database now, in the index's order, and how many may no longer be shown."""
    if not hits:
        return [], 0
    shown = {content.id: content for content in db.scalars(_hits(), {"ids": [hit.content_id for hit in hits]}).unique()}
    with_parents(list(shown.values()))
    moments = moments_of(list(shown.values()))
    items = []
    for hit in hits:
        if content := shown.get(hit.content_id):
            analyser = analyser_of(content.language)
            excerpt = _excerpt(_texts(content), hit.terms, analyser)
            items.append(Item(content, mark(content.title, hit.terms, analyser), excerpt, moment_between(*moments[content.id])))
    return items, len(hits) - len(items)


def _texts(content: Content) -> Iterator[str]:
    """Where a passage may come from, the dearest to make last: the whole text is taken out of its HTML."""
    if content.summary:
        yield content.summary
    if document := registry.document_of(content):
        yield from filter(None, (document.lessons, document.body))


def _excerpt(texts: Iterator[str], terms: Sequence[str], analyser: str) -> Pieces:
    """The first passage that has all of these terms, else the first of those that have most of them."""
    if not terms:
        return passage(next(texts, ""), ())
    best: Pieces = []
    most = -1
    for text in texts:
        found, count = passage_and_terms(text, terms, analyser=analyser)
        if count > most:
            best, most = found, count
        if most == len(terms):
            break
    return best


def _browse(params: Params, within: Mapping[str, Sequence[str]], names: Names, per_page: int) -> Found:
    """Without an index: the latest first, from the database, with the filters it can apply."""
    query = contents.listing(contents.published()).order_by(Content.published_at.desc(), Content.id.desc())
    for values in filter(None, (within.get("kind"), params.filters.get("kind"))):
        query = query.where(Content.kind.in_(values))
    if chosen := params.filters.get("territory"):
        ids = {int(each) for each in as_indexed("territory", chosen, names) if each.isascii() and each.isdigit() and len(each) < 10}
        below = {each.id for each in names.places.values() if each.parent_id in ids}
        query = query.where(Content.territory_id.in_(ids | below))
    if languages := params.filters.get("language"):
        query = query.where(Content.language.in_(languages))
    for name, keys in params.filters.items():
        if name not in WITHOUT_VOCABULARY:
            has = select(ContentTerm.content_id).join(Term).join(Vocabulary).where(Vocabulary.key == name, Term.key.in_(keys))
            query = query.where(Content.id.in_(has))
    if params.space is not None:
        query = query.where(Content.space_id == params.space)
    page = paginate(query, params.page, per_page)
    with_parents(page.items)
    moments = moments_of(page.items)
    items = [Item(each, [(each.title, False)], passage(each.summary, ()), moment_between(*moments[each.id])) for each in page.items]
    return Found(params, Page(items, page.total, page.number, per_page), is_available=False, space=_space(params.space))
