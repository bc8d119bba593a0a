from collections.abc import Mapping, Sequence
from sys import getsizeof
from types import MappingProxyType
from typing import Any

from flask import Blueprint, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from app.api import csv_response
from app.contents import kinds
from app.contents.models import Content
from app.core import pagecache, shapes
from app.core.db import let_go
from app.core.hooks import piece
from app.core.i18n import _
from app.core.limits import TYPING, limiter
from app.core.permissions import me
from app.search import under_results
from app.search.asking import Params, address_with
from app.search.engines.base import SearchUnavailable
from app.search.grammar import LONGEST_QUERY, parse
from app.search.moments import moment_between, moments_of
from app.search.queries import Found, Item, find, found_contents, home_of, titles_beginning

KEPT_QUERY = 200  # signs of an address
OUTLINE = 6_000  # bytes, about, of what is kept beside a page of results
COLUMNS = ("kind", "id", "title", "url", "territory", "state", "published_at", "language", "source", "summary")
search = Blueprint("search", __name__, template_folder="templates")


@search.get("/recherche")
def results():
    """Everything published in the region; needs no permission: the index and the database both say what is public."""
    params = Params.read()
    if params.is_moved:
        return redirect(address_with(**params.filters), 301)
    return page_of(params, "search/results.html")


def page_of(
    params: Params,
    template: str,
    *,
    stamps: Sequence[str] = ("search", "region"),
    own: Mapping[str, str] = MappingProxyType({}),
    **how: Any,
) -> bytes:
    """A page of results, the same for all readers of one home; `own` and what is under the results are the reader's.
    `how` as for `find`.
    """
    home = home_of(me()) if params.is_nudged else None

    def build() -> tuple[shapes.Shape, Found]:
        found = find(params, home=home, **how)
        if found.is_available and is_short():
            pagecache.public(*stamps, until=found.until)
        shape = shapes.shape(template, found=found, sorts=sorts(found), address_with=address_with)
        let_go(found.space)
        return shape, found.outline

    name = ("results", "fr", request.endpoint, request.query_string, home)
    shape, found = pagecache.kept(name, build, size=lambda made: getsizeof(made[0]) + OUTLINE)
    return shapes.page(shape, {**own, "under": "".join(map(str, pieces_under(found)))})


def is_short() -> bool:
    """Is it worth keeping? Long addresses are never asked twice, and cost nothing to make up."""
    return len(request.query_string) <= KEPT_QUERY


@search.get("/recherche.json")
def results_json():
    return json_answer(find(Params.read()))


@search.get("/recherche.csv")
def results_csv():
    return table_answer(Params.read(), filename="recherche")


@search.get("/recherche/titres.json")
@limiter.limit(TYPING)
def titles():
    """Titles that have what is being typed, for the script of the search box: `kind`, as in a search, limits them."""
    query = parse(request.args.get("q", "")[:LONGEST_QUERY])
    chosen = request.args.getlist("kind")[:20]
    space = Params.read().space
    within = ({"kind": chosen} if chosen else {}) | ({"space": [str(space)]} if space is not None else {})
    found = titles_beginning(query, within=within)
    if is_short():
        pagecache.public("search", "region")
    return jsonify(titles=[{"title": each.title, "kind": kinds.kind_label(each), "url": kinds.url_of(each)} for each in found])


def json_answer(found: Found) -> ResponseReturnValue:
    """`total page pages items facets`, as every list that is a search answers."""
    if not found.is_available:
        return unavailable()
    answer = found.page.as_json(describe)
    answer["facets"] = {
        facet.name: [{"value": each.value, "label": each.label, "count": each.count} for each in facet.values] for facet in found.facets
    }
    return jsonify(answer)


def table_answer(params: Params, *, filename: str, **how) -> ResponseReturnValue:
    """The first thousand results as a table; `how` as for `find`."""
    try:
        found = found_contents(params, **how)
    except SearchUnavailable:
        return unavailable()
    moments = moments_of(found)
    return csv_response([row_of(each, moment_between(*moments[each.id])) for each in found], COLUMNS, filename)


def unavailable() -> ResponseReturnValue:
    return jsonify(error="unavailable", message=_("La recherche est momentanément indisponible. Réessayez dans quelques minutes.")), 503


def describe(item: Item) -> dict:
    content = item.content
    return {
        "kind": content.kind,
        "id": content.id,
        "title": content.title,
        "url": kinds.url_of(content),
        "territory": content.territory.slug if content.territory else None,
        "state": item.moment,
        "published_at": content.published_at.isoformat() if content.published_at else None,
        "source": content.source,
        "excerpt": item.excerpt_text,
    }


def row_of(content: Content, moment: str | None) -> dict:
    row = {name: getattr(content, name) for name in ("kind", "id", "title", "published_at", "language", "source", "summary")}
    return row | {
        "url": kinds.url_of(content, external=True),
        "territory": content.territory.slug if content.territory else "",
        "state": moment,
    }


def pieces_under(found: Found) -> list:
    """What layers above add to these results."""
    return [piece(template, context) for ask in under_results for template, context in [ask(found) or ("", {})] if template]


def sorts(found: Found) -> list[tuple[str, str, bool]]:
    """(label, address, is it the present one). Without a word to look for nothing is more relevant: the latest comes first."""
    names = {"relevance": _("Pertinence"), "date": _("Date"), "territory": _("Territoire")}
    usual, present = "relevance", found.params.sort
    if not found.params.query.has_words:
        names.pop("relevance")
        usual, present = "date", "date" if present == "relevance" else present
    return [(label, address_with(sort=None if name == usual else name), name == present) for name, label in names.items()]
