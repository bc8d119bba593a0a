"""Reads for search pages: an index finds, the database decides what is shown.

`find(params, within=…, facets=…)` is the one entry, for /recherche and for any list that is a search restricted to some
kinds (the catalogue). It never raises for what a visitor typed; `Found.is_available` is False when the index cannot be
read, and then the list comes from the database, without ranking or counts.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from sqlalchemy import String, bindparam, literal, select
from sqlalchemy.orm import aliased, defer, joinedload, selectin_polymorphic
from werkzeug.datastructures import MultiDict

from app.accounts.models import Person
from app.contents import kinds, vocabularies
from app.contents import queries as contents
from app.contents.addresses import with_parents
from app.contents.models import Content, ContentTerm, Term, Vocabulary
from app.core import clock, pagecache
from app.core.db import db, one_of
from app.core.i18n import _
from app.core.logs import log
from app.core.pages import PER_PAGE, Page, asked_page, paginate
from app.search import engines, registry
from app.search.analysis import FRENCH, WORD, analyser_of, term_of
from app.search.engines.base import LAST_PAGE, SORTS, STATES, Hit, Results, SearchRequest, SearchUnavailable
from app.search.grammar import Query, parse
from app.search.highlight import Pieces, mark, passage, passage_and_terms
from app.territories.models import Territory

FACETS = ("kind", "territory", "theme", "approach", "level", "public", "state", "year", "language")
MOST_ROWS = 1000  # of a table of results
MOST_POINTS = 20_000  # of a map
MOST_TITLES = 8  # proposed while one types
MOST_VALUES = 50  # of one facet in one address
LONGEST_VALUE = 100
NO_SUCH_THING = "-"
WITHOUT_VOCABULARY = frozenset({"kind", "territory", "year", "state", "language"})
IN_ORDER = frozenset({"level"})  # vocabularies that go from one end to another, and are read so
NOWHERE, NO = "none", "no"  # near=none, recent=no: the nudges switched off


@dataclass(frozen=True)
class Place:
    id: int
    slug: str
    short_name: str
    parent_id: int | None


@dataclass(frozen=True)
class Names:
    """The places that host something, by id, and the terms of the vocabularies asked for: (vocabulary, key) → (place in it, label)."""

    places: dict[int, Place]
    terms: dict[tuple[str, str], tuple[int, str]]
    merged: dict[tuple[str, str], str]  # (vocabulary, key) of a term merged into another → the other's key

    def __sizeof__(self) -> int:
        return 400 * (len(self.places) + len(self.terms) + len(self.merged))

    def place_called(self, slug: str) -> Place | None:
        return next((each for each in self.places.values() if each.slug == slug), None)


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


@dataclass(frozen=True)
class Value:
    value: str
    label: str
    count: int
    selected: bool = False
    depth: int = 0  # in the tree of territories


@dataclass(frozen=True)
class FacetView:
    """For the `facets` macro. One that would narrow nothing is not shown (`is_useful`), but is in the JSON."""

    name: str
    label: str
    values: list[Value]
    is_useful: bool = True

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)  # the macro writes facet["values"], which is a method of a mapping


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


def address_without(name: str, value: str) -> str:
    """The present address without one filter, back on the first page."""
    arguments = request.args.to_dict(flat=False)
    arguments[name] = [each for each in arguments.get(name, []) if each != value]
    return _present({**arguments, "page": None})


def address_with(**changes: str | None) -> str:
    """The present address with parameters changed (None: removed), back on the first page."""
    return _present({**request.args.to_dict(flat=False), **changes, "page": None})


def _present(arguments: Mapping[str, Any]) -> str:
    """What the address carries never reaches url_for, where `_scheme`, `_external` or `endpoint` mean something."""
    kept = urlencode({name: value for name, value in arguments.items() if value is not None}, doseq=True)
    return url_for(request.endpoint or "", **(request.view_args or {})) + (f"?{kept}" if kept else "")


def address_as(ending: str) -> str:
    """The present list, whole, as `.json` or `.csv`."""
    arguments = {name: values for name, values in request.args.to_dict(flat=False).items() if name != "page"}
    kept = urlencode(arguments, doseq=True)
    return request.path.rstrip("/") + ending + (f"?{kept}" if kept else "")


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
    names = _names(facets)
    near = _near(params, names, home) if params.is_nudged else None
    asked = _request(params, within, names, facets, per_page, near)
    try:
        results = engines.current().search(asked)
    except SearchUnavailable as error:
        log.warning("search is unavailable", error=str(error))
        return _browse(params, asked.within, names, per_page)
    items, gone = _items(results.hits)
    views = _facet_views(results.facets, params.filters, names, results.total)
    suggestion, is_replaced = _suggestion(params.query, results, items)
    pages = Page(items, max(0, results.total - gone), min(params.page, LAST_PAGE + 1), per_page)
    wider, browse = _help(params, asked, names) if not results.total else ([], None)
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
    names = _names(facets)
    near = _near(params, names, None) if params.is_nudged else None
    results = engines.current().search(replace(_request(params, within, names, (), limit, near), page=1, every_word=every_word))
    return [] if every_word and results.corrections else results.ids


def address_of(params: Params, within: Mapping[str, Sequence[str]] | None = None) -> str:
    """The query of the address of these results on /recherche, in one spelling, without what only orders or pages them."""
    pairs = [("q", params.query.text)] if params.query.text else []
    for name in FACETS:
        pairs += [(name, value) for value in sorted(params.filters.get(name) or (within or {}).get(name, ()))]
    if params.space is not None:
        pairs.append(("space", str(params.space)))
    return urlencode(pairs)


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
        filters={name: _as_indexed(name, values, names) for name, values in params.filters.items()},
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


def _dates(content: Content) -> tuple[datetime | None, datetime | None]:
    return content.opens_at, content.closes_at


def _is_dated(content: Content) -> bool:
    return _dates(content) != (None, None)


def moments_of(found: Sequence[Content]) -> dict[int, tuple[datetime | None, datetime | None]]:
    """When each of these opens and closes: by its own dates, else those of the space it is in. One query at most."""
    inside = [each for each in found if each.space_id is not None and not _is_dated(each)]
    spaces = {space.id: _dates(space) for each in inside if (space := _space_above(each)) is not None}
    if elsewhere := {each.space_id for each in inside} - spaces.keys():
        spaces |= {number: (opens_at, closes_at) for number, opens_at, closes_at in db.execute(_spaces(), {"ids": elsewhere})}
    return {each.id: spaces[each.space_id] if each.space_id in spaces and not _is_dated(each) else _dates(each) for each in found}


def _space_above(content: Content) -> Content | None:
    """The space a content is in, if it is among what was loaded above it."""
    above: Content | None = content
    while above is not None and above.id != content.space_id:
        above = above.__dict__.get("parent")
    return above


@cache
def _spaces() -> Any:
    return select(Content.id, Content.opens_at, Content.closes_at).where(one_of(Content.id, "ids"))


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


def moment_between(opens_at: datetime | None, closes_at: datetime | None) -> str | None:
    """ "soon", "open" or "closed" by the clock, as `Content.moment` says it."""
    if opens_at is None and closes_at is None:
        return None
    now = clock.now()
    if opens_at and now < opens_at:
        return "soon"
    return "closed" if closes_at and now >= closes_at else "open"


def _browse(params: Params, within: Mapping[str, Sequence[str]], names: Names, per_page: int) -> Found:
    """Without an index: the latest first, from the database, with the filters it can apply."""
    query = contents.listing(contents.published()).order_by(Content.published_at.desc(), Content.id.desc())
    for values in filter(None, (within.get("kind"), params.filters.get("kind"))):
        query = query.where(Content.kind.in_(values))
    if chosen := params.filters.get("territory"):
        ids = {int(each) for each in _as_indexed("territory", chosen, names) if each.isascii() and each.isdigit() and len(each) < 10}
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


# --- Nothing found -----------------------------------------------------------------------------------------------------


def _help(params: Params, asked: SearchRequest, names: Names) -> tuple[list[tuple[str, str, int]], FacetView | None]:
    """What would find something: the same without one filter, without its quotes, everywhere… Else, what there is to read."""
    engine = engines.current()

    def count(**changes: Any) -> int:
        return engine.search(replace(asked, facets=(), per_page=1, page=1, **changes)).total

    found = []
    query = params.query
    if query.phrases or query.excluded_terms or query.excluded_phrases:
        words = re.sub(r"(?:^|(?<=\s))[-−]|[\"«»“”]", " ", query.text)
        looser = parse(" ".join(words.split()) + " ")
        found.append((_("sans guillemets ni mot écarté"), address_with(q=looser.text), count(query=looser)))
    for name in asked.filters if len(asked.filters) > 1 else ():
        others = {other: values for other, values in asked.filters.items() if other != name}
        facet = registry.FACETS.get(name)
        label = _("sans le filtre « %(name)s »", name=str(facet.label).lower() if facet else name)
        found.append((label, address_with(**{name: None}), count(filters=others)))
    if asked.filters:
        found.append((_("sans aucun filtre"), address_with(**dict.fromkeys(asked.filters)), count(filters={})))
    if params.space is not None:
        around = {name: values for name, values in asked.within.items() if name != "space"}
        found.append((_("dans toute la région"), address_with(space=None), count(within=around)))
    found = [each for each in found if each[2]]
    if found:
        return found, None
    everything = replace(asked, query=Query(), filters={}, facets=("theme",), per_page=1, page=1)
    views = _facet_views(engine.search(everything).facets, {}, names, 0)
    return [], views[0] if views and views[0].values else None


# --- Names for values -----------------------------------------------------------------------------------------------------


@cache
def _every_name() -> Any:
    """Pilot territories and those above them; the terms of some vocabularies. `number`: a place's parent, a term's place.
    `leads_to`: the key of the term that one was merged into."""
    above = select(Territory.parent_id).where(Territory.is_pilot, Territory.parent_id.is_not(None))
    places = select(
        literal("").label("vocabulary"),
        Territory.id,
        Territory.slug,
        Territory.short_name,
        Territory.parent_id.label("number"),
        literal(None, String).label("leads_to"),
    ).where(Territory.is_pilot | Territory.id.in_(above))
    other = aliased(Term)
    terms = (
        select(Vocabulary.key, literal(0), Term.key, Term.label, Term.position, other.key)
        .join(Term, Term.vocabulary_id == Vocabulary.id)
        .outerjoin(other, Term.merged_into_id == other.id)
    )
    return places.union_all(terms.where(Vocabulary.key.in_(bindparam("vocabularies", expanding=True))))


def _names(facets: Sequence[str]) -> Names:
    """One query, of a process and a change."""
    vocabularies = tuple(name for name in facets if name not in WITHOUT_VOCABULARY)
    stamps = ("search", "region")  # the first too: an import may bring a term, with what carries it
    return pagecache.known(("names", vocabularies), stamps, lambda: _read_names(vocabularies))


def _read_names(vocabularies: Sequence[str]) -> Names:
    found = Names({}, {}, {})
    for vocabulary, place_id, key, label, number, leads_to in db.execute(_every_name(), {"vocabularies": vocabularies}):
        if leads_to:
            found.merged[vocabulary, key] = leads_to
        elif vocabulary:
            found.terms[vocabulary, key] = (number, label)
        else:
            found.places[place_id] = Place(place_id, key, label, number)
    return found


def _as_indexed(name: str, values: Iterable[str], names: Names) -> list[str]:
    """Territories are indexed by id, so that one may be renamed, and written by slug. A term merged into another leads there."""
    if name != "territory":
        return [names.merged.get((name, value), value) for value in values]
    by_slug = {each.slug: str(each.id) for each in names.places.values()}
    return [by_slug.get(value, NO_SUCH_THING) for value in values]


def _facet_views(
    counted: Mapping[str, Sequence[tuple[str, int]]], chosen: Mapping[str, Sequence[str]], names: Names, total: int
) -> list[FacetView]:
    views = []
    for name, pairs in counted.items():
        facet = registry.FACETS.get(name)
        selected = [names.merged.get((name, value), value) for value in chosen.get(name, ())]
        values = [
            Value(shown, label, count, shown in selected) for value, count in pairs for shown, label in _shown(name, value, names) if label
        ]
        present = {value.value for value in values}
        for value in sorted(set(selected) - present):  # a filter that matches nothing can still be taken away
            values.append(Value(value, _label(name, value, names), 0, True))
        if name == "territory":
            values = _as_tree(values, names)
        elif name == "year":
            values.sort(key=lambda each: each.value, reverse=True)
        elif name == "state":
            values.sort(key=lambda each: STATES.index(each.value) if each.value in STATES else len(STATES))
        elif name in IN_ORDER:
            values.sort(key=lambda each, name=name: names.terms.get((name, each.value), (99, ""))[0])  # type: ignore[misc]
        is_useful = bool(selected) or any(value.count < total for value in values)
        views.append(FacetView(name, str(facet.label) if facet else name, values, is_useful))
    return views


def _shown(name: str, value: str, names: Names) -> list[tuple[str, str]]:
    """(as written in addresses, label) of an indexed value; none for a place that hosts nothing."""
    if name != "territory":
        return [(value, _label(name, value, names))]
    place = names.places.get(int(value)) if value.isdigit() else None
    return [(place.slug, place.short_name)] if place else []


def _label(name: str, value: str, names: Names) -> str:
    facet = registry.FACETS.get(name)
    if name == "kind" and value in kinds.all_kinds():
        return str(kinds.all_kinds()[value].label)
    if name == "territory":
        place = names.place_called(value)
        return place.short_name if place else value
    if (name, value) in names.terms:
        return names.terms[name, value][1]
    words = facet.values() if facet and facet.values else {}
    return str(words.get(value, value))


def _as_tree(values: Sequence[Value], names: Names) -> list[Value]:
    """Each place after the one it is part of, one step to the right; the fullest first."""
    ids = {each.slug: each.id for each in names.places.values()}
    slugs = {each.id: each.slug for each in names.places.values()}
    present = {value.value for value in values}
    below: dict[str, list[Value]] = {}
    for value in values:
        place = names.places.get(ids.get(value.value, 0))
        above = slugs.get(place.parent_id or 0, "") if place else ""
        below.setdefault(above if above in present else "", []).append(value)
    ordered: list[Value] = []

    def add(under: str, depth: int) -> None:
        for value in below.pop(under, ()):
            ordered.append(replace(value, depth=min(depth, 2)))
            add(value.value, depth + 1)

    add("", 0)
    return ordered


# --- Did you mean ------------------------------------------------------------------------------------------------------------


def _suggestion(query: Query, results: Results, items: Sequence[Item]) -> tuple[str | None, bool]:
    """The query with its unknown words as they are spelled in the results shown (an index knows stems, people read words)."""
    corrections = dict(results.corrections)
    if not corrections or not items:
        return None, False
    spelled: dict[str, Counter[str]] = {term: Counter() for term in corrections.values()}
    for item in items:
        analyser = analyser_of(item.content.language)
        for text, is_hit in item.title + item.excerpt:
            if is_hit:
                for word in WORD.findall(text):
                    if (term := term_of(word, analyser)) in spelled:
                        spelled[term][word.lower()] += 1
    text, changed = query.text, False
    for typed, term in corrections.items():
        if spelled[term]:
            text, changed = text.replace(typed, spelled[term].most_common(1)[0][0], 1), True
    if not changed:
        return None, False
    return text, len(corrections) == len(query.words) and not query.phrases
