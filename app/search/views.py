from flask import Blueprint, jsonify, render_template, request

from app.contents import kinds
from app.core import pagecache
from app.core.i18n import _
from app.search.queries import Found, Item, Params, address_with, find

KEPT_QUERY = 200  # signs of an address
search = Blueprint("search", __name__, template_folder="templates")


@search.get("/recherche")
def results():
    """Everything published in the region; needs no permission: the index and the database both say what is public."""
    found = find(Params.read())
    if found.is_available and is_short():
        pagecache.public("search", "region")
    return render_template("search/results.html", found=found, sorts=sorts(found), address_with=address_with)


def is_short() -> bool:
    """Is it worth keeping? Long addresses are never asked twice, and cost nothing to make up."""
    return len(request.query_string) <= KEPT_QUERY


@search.get("/recherche.json")
def results_json():
    found = find(Params.read())
    if not found.is_available:
        return jsonify(error="unavailable", message=_("La recherche est momentanément indisponible. Réessayez dans quelques minutes.")), 503
    return jsonify(as_json(found))


def as_json(found: Found) -> dict:
    """`total page pages items facets`, as every list that is a search answers."""
    answer = found.page.as_json(describe)
    answer["facets"] = {
        facet.name: [{"value": each.value, "label": each.label, "count": each.count} for each in facet.values] for facet in found.facets
    }
    return answer


def describe(item: Item) -> dict:
    content = item.content
    return {
        "kind": content.kind,
        "id": content.id,
        "title": content.title,
        "url": kinds.url_of(content),
        "territory": content.territory.slug if content.territory else None,
        "state": content.moment,
        "published_at": content.published_at.isoformat() if content.published_at else None,
        "source": content.source,
        "excerpt": item.excerpt_text,
    }


def sorts(found: Found) -> list[tuple[str, str, bool]]:
    """(label, address, is it the present one)."""
    names = {"relevance": _("Pertinence"), "date": _("Date"), "territory": _("Territoire")}
    return [(label, address_with(sort=None if name == "relevance" else name), found.params.sort == name) for name, label in names.items()]
