from sys import getsizeof

from flask import Blueprint, redirect, render_template, request, url_for

from app.contents import queries as contents
from app.contents import vocabularies
from app.contents.models import Content
from app.core import pagecache, shapes
from app.core.db import let_go
from app.core.errors import NotFound
from app.core.formats import day
from app.core.hooks import piece
from app.core.i18n import _
from app.core.permissions import can, require
from app.initiatives import feet, quality, queries, remarks
from app.initiatives.labels import FACT_LABELS, IN_WORDS, STEPS, VOCABULARIES
from app.initiatives.models import KINDS, AnySheet, Initiative
from app.related import pages as related
from app.search.asking import Params, address_with
from app.search.queries import find
from app.search.views import json_answer, page_of, table_answer

initiatives = Blueprint("initiatives", __name__, template_folder="templates")
FACETS = ("kind", "theme", "territory", "approach", "level", "public", "year", "language", "promoter", "document_kind", "licence")


def address(content: Content) -> str:
    return url_for("initiatives.show", sheet_id=content)


@initiatives.get("/catalogue/")
@initiatives.get("/catalogue.json", endpoint="index_json")
@initiatives.get("/catalogue.csv", endpoint="index_csv")
def index():
    """The catalogue is the search of the site, restricted to its three kinds, with facets of its own."""
    params, within = Params.read(facets=FACETS), {"kind": list(KINDS)}
    if request.path.endswith(".csv"):
        return table_answer(params, filename="catalogue", within=within, facets=FACETS)
    if request.path.endswith(".json"):
        return json_answer(find(params, within=within, facets=FACETS))
    if params.is_moved:
        return redirect(address_with(**params.filters), 301)
    own = {"write": shapes.macros("initiatives/_own.html").write()} if can("sheet.create") else {}
    stamps = ("catalogue", "search", "region")
    return page_of(params, "initiatives/index.html", stamps=stamps, own=own, within=within, facets=FACETS)


@initiatives.get("/catalogue/<ref:sheet_id>")
def show(sheet_id):
    sheet, body = pagecache.kept(("sheet", sheet_id, "fr"), lambda: read_whole(sheet_id), size=lambda made: 2 * getsizeof(made[1]))
    require("sheet.read", sheet)
    return render_template("initiatives/show.html", sheet=sheet, steps=STEPS, body=body.fill(), desk=desk_of(sheet))


def read_whole(sheet_id: int) -> tuple[AnySheet, shapes.Shape]:
    """A sheet, and its page inside of its frame: the same for every reader."""
    sheet = queries.get_sheet(sheet_id)
    links = contents.links_of(sheet)
    if sheet.is_public:
        shown = [f"content:{each.id}" for each in (sheet, *(other for _link, other, _outward in links))]
        pagecache.public(*shown, *([f"territory:{sheet.territory_id}"] if sheet.territory_id else []))
    terms = contents.terms_of([sheet.id])[sheet.id]
    images, documents = queries.files_of(sheet)
    body = shapes.shape(
        "initiatives/show_body.html",
        sheet=sheet,
        terms=terms,
        links=links,
        tree=related.genealogy_of(sheet),
        near=related.nearby(sheet, (other for _link, other, _outward in links)),
        images=images,
        documents=documents,
        vocabularies={key: label for key, label in VOCABULARIES.items() if terms.get(key)},
        facts=facts_of(sheet, terms),
        meter=quality.meter_of(sheet, quality.Around(terms, images, documents)),
        feet=[piece(*foot(sheet, terms)) for foot in feet],
    )
    let_go(sheet, sheet.territory)
    return sheet, body


def desk_of(sheet: AnySheet) -> dict | None:
    """What those who work on a sheet see above it: what is asked of them, what is missing. None for everyone else."""
    if not can("sheet.discuss", sheet):
        return None
    return {"remarks": remarks.open_of(sheet), "meter": quality.meter_of(sheet, quality.around(sheet))}


@initiatives.get("/catalogue/vocabulaires/<vocabulary>/<key>")
def term(vocabulary, key):
    """The permanent address of a term: leads to what it is about, under the key that stands for it now."""
    if vocabulary not in VOCABULARIES:
        raise NotFound
    found = vocabularies.get_term(vocabulary, key)
    return redirect(url_for("initiatives.index", **{vocabulary: found.key}))


@initiatives.app_template_filter("sheet_toc")
def table_of_contents(sections, lessons, links, tree, near, sources) -> list[tuple[str, str]]:
    """(anchor, title) of what the page holds."""
    found = [
        (f"{section['key']}{number}" if section["key"] == "other" else section["key"], section["title"])
        for number, section in enumerate(sections, 1)
    ]
    ends = (
        ("lecons", _("Ce qu’il faut savoir"), lessons),
        ("liens", _("En lien avec cette fiche"), links),
        ("genealogie", _("D’où vient l’idée, où elle est allée"), tree),
        ("sources", _("Sources"), sources),
        ("proches", _("Contenus proches"), near),
    )
    return found + [(anchor, title) for anchor, title, there in ends if there]


def facts_of(sheet: AnySheet, terms) -> list[tuple[str, str]]:
    """The short facts a sheet states, in their order; what it does not say is not shown, nor what a list says in the same words."""
    said = {fact for key, fact in IN_WORDS.items() if getattr(sheet, fact, "") in [term.label for term in terms.get(key, ())]}
    hidden = {"address", *said}
    if getattr(sheet, "issued_on", None):
        hidden.add("issued_year")
    found = [
        (FACT_LABELS[name], day(value) if name == "issued_on" else str(value))
        for name in sheet.FACTS
        if name in FACT_LABELS and name not in hidden and (value := getattr(sheet, name))
    ]
    if isinstance(sheet, Initiative) and (sheet.started_on or sheet.ended_on):
        years = sorted({each.year for each in (sheet.started_on, sheet.ended_on) if each})
        found.insert(0, (FACT_LABELS["when"], " – ".join(str(year) for year in years)))
    return found
