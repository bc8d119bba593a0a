from sys import getsizeof

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from wtforms.fields.choices import SelectChoice

from app.contents import queries as contents
from app.contents.models import Content, Term
from app.core import pagecache
from app.core.db import db, let_go
from app.core.forms import refusals_in
from app.core.i18n import _
from app.core.limits import WRITING, limiter
from app.core.permissions import can, me, require
from app.initiatives import queries, services
from app.initiatives.forms import SheetForm, form_for
from app.initiatives.labels import FACT_LABELS, KIND_LABELS, SECTIONS, STEPS, VOCABULARIES
from app.initiatives.models import KINDS, Document, Initiative, Tool
from app.search.queries import Params, address_with, find
from app.search.views import is_short, json_answer, sorts, table_answer
from app.territories.models import Territory
from app.territories.queries import all_territories

initiatives = Blueprint("initiatives", __name__, template_folder="templates")
TERM_FIELDS = tuple(VOCABULARIES)
FACETS = ("kind", "theme", "territory", "approach", "level", "public", "year", "language")


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
    found = find(params, within=within, facets=FACETS, reader=me())
    if found.is_available and is_short():
        pagecache.public("catalogue", "search", "region")
    return render_template(
        "initiatives/index.html", found=found, sorts=sorts(found), address_with=address_with, may_write=can("sheet.create")
    )


@initiatives.get("/catalogue/<ref:sheet_id>")
def show(sheet_id):
    sheet, body = pagecache.kept(("sheet", sheet_id, "fr"), lambda: read_whole(sheet_id), size=lambda made: 2 * getsizeof(made[1]))
    require("sheet.read", sheet)
    return render_template("initiatives/show.html", sheet=sheet, steps=STEPS, body=body.fill())


def read_whole(sheet_id: int) -> tuple[Initiative | Document | Tool, pagecache.Shape]:
    """A sheet, and its page inside of its frame: the same for every reader."""
    sheet = queries.get_sheet(sheet_id)
    links = contents.links_of(sheet)
    if sheet.is_public:
        shown = [f"content:{each.id}" for each in (sheet, *(other for _link, other, _outward in links))]
        pagecache.public(*shown, *([f"territory:{sheet.territory_id}"] if sheet.territory_id else []))
    body = pagecache.shape(
        "initiatives/show_body.html",
        sheet=sheet,
        terms=contents.terms_of([sheet.id])[sheet.id],
        links=links,
        documents=contents.attachments_of(sheet),
        vocabularies=VOCABULARIES,
        facts=facts_of(sheet),
    )
    let_go(sheet, sheet.territory)
    return sheet, body


@initiatives.app_template_filter("sheet_toc")
def table_of_contents(sections, lessons, links, sources) -> list[tuple[str, str]]:
    """(anchor, title) of what the page holds."""
    found = [
        (f"{section['key']}{number}" if section["key"] == "other" else section["key"], section["title"])
        for number, section in enumerate(sections, 1)
    ]
    ends = (
        ("lecons", _("Ce qu’il faut savoir"), lessons),
        ("liens", _("En lien avec cette fiche"), links),
        ("sources", _("Sources"), sources),
    )
    return found + [(anchor, title) for anchor, title, there in ends if there]


def facts_of(sheet) -> list[tuple[str, str]]:
    """The short facts a sheet states, in their order; what it does not say is not shown."""
    found = [
        (FACT_LABELS[name], str(getattr(sheet, name)))
        for name in sheet.FACTS
        if name in FACT_LABELS and name != "address" and getattr(sheet, name)
    ]
    if isinstance(sheet, Initiative) and (sheet.started_on or sheet.ended_on):
        years = sorted({day.year for day in (sheet.started_on, sheet.ended_on) if day})
        found.insert(0, (FACT_LABELS["when"], " – ".join(str(year) for year in years)))
    return found


@initiatives.route("/catalogue/nouvelle/<kind>", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def create(kind):
    if kind not in KINDS:
        abort(404)
    require("sheet.create")
    form = prepared(kind)
    with refusals_in(form):
        if form.validate_on_submit():
            territory = chosen_territory(form)
            require("sheet.create_here", territory) if territory else require("catalogue.curate")
            sheet = services.create_sheet(kind, by=me(), territory=territory, terms=chosen_terms(form), **typed(kind, form))
            flash(_("La fiche est enregistrée, en brouillon. Complétez-la, puis proposez-la aux curateurs."))
            return redirect(address(sheet))
    return render_template(
        "initiatives/form.html", form=form, kind=kind, sheet=None, sections=SECTIONS[kind], labels=KIND_LABELS
    ), form.status


@initiatives.route("/catalogue/<ref:sheet_id>/modifier", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def edit(sheet_id):
    sheet = queries.get_sheet(sheet_id)
    require("sheet.read", sheet)
    require("sheet.edit", sheet)
    form = prepared(sheet.kind, sheet)
    with refusals_in(form):
        if form.validate_on_submit():
            services.edit_sheet(sheet, by=me(), seen=form.seen, terms=chosen_terms(form), **typed(sheet.kind, form))
            flash(_("La fiche est enregistrée."))
            return redirect(address(sheet))
    if form.is_overtaken:
        form.version.data = str(sheet.revision)  # sent again after comparing, it is meant
    return render_template(
        "initiatives/form.html",
        form=form,
        kind=sheet.kind,
        sheet=sheet,
        conflict=form.is_overtaken,
        sections=SECTIONS[sheet.kind],
        labels=KIND_LABELS,
    ), form.status


def prepared(kind: str, sheet=None) -> SheetForm:
    """The form with its choices, and the sheet's own values when it is first shown."""
    form = form_for(kind)()
    mine = [each for each in all_territories() if can("sheet.create_here", each)]
    region = [SelectChoice(0, _("Toute la région"))] if can("catalogue.curate") else []
    form.territory.choices = region + [SelectChoice(each.id, each.name) for each in mine]
    if sheet is not None and sheet.territory_id and sheet.territory_id not in {each.id for each in mine}:
        form.territory.choices.append(SelectChoice(sheet.territory_id, sheet.territory.name))
    held = contents.terms_of([sheet.id])[sheet.id] if sheet is not None else {}
    for name in TERM_FIELDS:
        field = getattr(form, name, None)
        if field is None:
            continue
        terms = contents.terms_in(name)
        field.choices = ([SelectChoice(0, _("Non précisé"))] if name == "level" else []) + [
            SelectChoice(term.id, term.label) for term in terms
        ]
        if request.method == "GET":
            ids = [term.id for term in held.get(name, [])]
            field.data = (ids[0] if ids else 0) if name == "level" else ids
    if request.method == "GET" and sheet is not None:
        show_sheet_in(form, sheet)
    return form


def show_sheet_in(form: SheetForm, sheet) -> None:
    form.version.data, form.title.data, form.summary.data, form.territory.data = (
        str(sheet.revision),
        sheet.title,
        sheet.summary,
        sheet.territory_id or 0,
    )
    for name in sheet.FACTS:
        if name in form:
            form[name].data = getattr(sheet, name)
    for key in SECTIONS[sheet.kind]:
        section = sheet.section(key)
        form[key].data = section["source"] if section else ""
    form.sources_text.data = "\n".join(" | ".join(filter(None, (source.get("title"), source.get("url")))) for source in sheet.sources)


def typed(kind: str, form: SheetForm) -> dict:
    """What the services take, from what the form holds."""
    facts = {name: form[name].data for name in KINDS[kind].FACTS if name in form}
    facts = {
        name: (value or "").strip()
        if isinstance(value, str) or (value is None and name not in {"started_on", "ended_on", "cost_euros", "issued_year"})
        else value
        for name, value in facts.items()
    }
    return {
        "title": form.title.data,
        "summary": form.summary.data,
        "sections": {key: form[key].data or "" for key in SECTIONS[kind]},
        "sources": [source_of(line) for line in (form.sources_text.data or "").splitlines() if line.strip()],
        **facts,
    }


def source_of(line: str) -> dict[str, str]:
    title, _bar, url = (part.strip() for part in line.partition("|"))
    return {"title": title, "url": url}


def chosen_territory(form: SheetForm) -> Territory | None:
    return db.get(Territory, form.territory.data) if form.territory.data else None


def chosen_terms(form: SheetForm) -> list[Term]:
    ids: list[int] = []
    for name in TERM_FIELDS:
        if name in form:
            data = form[name].data
            ids += data if isinstance(data, list) else [data] if data else []
    return [term for name in TERM_FIELDS for term in contents.terms_in(name) if term.id in ids]


@initiatives.post("/catalogue/<ref:sheet_id>/proposer")
def propose(sheet_id):
    sheet = queries.get_sheet(sheet_id)
    require("sheet.read", sheet)
    require("sheet.propose", sheet)
    services.propose(sheet, by=me())
    flash(_("La fiche est proposée. Un curateur va la lire."))
    return redirect(address(sheet))
