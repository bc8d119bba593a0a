"""Pages where sheets are written: the form of an agent, the plain one of a citizen, images and documents."""

from flask import abort, flash, redirect, render_template, request, url_for
from wtforms.fields.choices import SelectChoice

from app.contents import queries as contents
from app.contents.kinds import url_of
from app.contents.models import Term
from app.core.db import SAFE_METHODS, apart, db
from app.core.errors import DomainError
from app.core.forms import refusals_in
from app.core.i18n import _
from app.core.limits import WRITING, limiter
from app.core.permissions import can, could_after_login, me, require
from app.core.text import markdown, one_line, plain, shorten, tidy
from app.files import services as files
from app.files import storage, takes_files
from app.files.kinds import EVERYTHING
from app.initiatives import queries, remarks, services, versions
from app.initiatives.forms import BLANK_ROWS, MOST_ROWS, FileForm, FileTextForm, ReportForm, SheetForm, form_for, list_field, offer
from app.initiatives.labels import CHOSEN, KIND_LABELS, SECTIONS, SINGLE
from app.initiatives.models import KINDS, AnySheet
from app.initiatives.views import initiatives
from app.territories.models import Territory
from app.territories.queries import all_territories

NUMBERS = {"started_on", "ended_on", "cost_euros", "issued_year", "issued_on", "latitude", "longitude"}  # nothing typed is None, not ""


# --- The form of an agent ------------------------------------------------------------------------------------------------


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
            sheet = services.create_sheet(kind, by=me(), territory=territory, terms=chosen_terms(kind, form), **typed(kind, form))
            flash(_("La fiche est enregistrée, en brouillon. Complétez-la, puis proposez-la aux curateurs."))
            return redirect(url_of(sheet))
    return show_form(form, kind)


@initiatives.route("/catalogue/<ref:sheet_id>/modifier", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def edit(sheet_id):
    sheet = queries.get_sheet(sheet_id, is_held=request.method == "POST")
    require("sheet.read", sheet)
    require("sheet.edit", sheet)
    form = prepared(sheet.kind, sheet)
    with refusals_in(form):
        if form.validate_on_submit():
            services.edit_sheet(sheet, by=me(), seen=form.seen, terms=chosen_terms(sheet.kind, form, sheet), **typed(sheet.kind, form))
            if can("catalogue.curate"):
                services.move_to(sheet, chosen_territory(form), by=me())
            flash(_("La fiche est enregistrée."))
            return redirect(url_of(sheet))
    if form.status != 200:
        sheet = read_again(sheet, sheet_id)
    return show_form(form, sheet.kind, sheet)


def show_form(form: SheetForm, kind: str, sheet: AnySheet | None = None):
    """The page, with what somebody else wrote meanwhile beside what was typed: nothing of either is lost."""
    clashes = []
    if sheet is not None and form.is_overtaken:
        online = contents.revisions_of(sheet)[0].fields
        mine = as_kept(kind, typed(kind, form), online)
        mine["terms"] = services.labels_by_list(chosen_terms(kind, form, sheet))
        clashes = versions.compare(kind, {"language": sheet.language, **online}, mine)
        form.version.data = str(sheet.revision)  # sent again after comparing, it is meant
    for rows in (form[name] for name in ("steps", "contacts") if name in form):
        if request.method == "POST" and rows.entries and any(value for value in rows.entries[-1].data.values()):
            add_blank_rows(rows)
    threads = remarks.open_threads_by_field(remarks.threads_of(sheet)) if sheet is not None else {}
    return render_template(
        "initiatives/form.html",
        form=form,
        kind=kind,
        sheet=sheet,
        clashes=clashes,
        lists={key: list_field(form, key) for key in CHOSEN[kind]},
        single=SINGLE,
        sections=SECTIONS[kind],
        labels=KIND_LABELS,
        threads=threads,
    ), form.status


def read_again(sheet: AnySheet, sheet_id: int) -> AnySheet:
    """What a refused act had begun is undone: the sheet, as it is."""
    db.expunge(sheet)
    return queries.get_sheet(sheet_id)


def as_kept(kind: str, mine: dict, online: dict) -> dict:
    """What was typed, as a version would keep it, to be compared; sections that the form does not have are as they are online."""
    sections = {key: tidy(text) for key, text in mine["sections"].items()}
    kept = [{"key": key, "title": str(SECTIONS[kind][key][0]), "source": text} for key, text in sections.items() if text]
    kept += [section for section in online["sections"] if section["key"] not in sections]
    rows = {name: [row for row in mine[name] if any(row.values())] for name in ("steps", "contacts") if name in mine}
    lines = {name: one_line(mine[name]) for name in ("title", "summary")}
    return {**mine, **lines, **rows, "sections": kept, "sources": services.clean_sources(mine["sources"])}


def prepared(kind: str, sheet: AnySheet | None = None) -> SheetForm:
    """The form with its choices, and the sheet's own values when it is first shown."""
    form = form_for(kind)()
    if sheet is None or can("catalogue.curate"):
        region = [SelectChoice(0, _("Toute la région"))] if can("catalogue.curate") else []
        mine = [each for each in all_territories() if can("sheet.create_here", each)]
        form.territory.choices = region + [SelectChoice(each.id, each.name) for each in mine]
    else:
        del form.territory  # where a sheet belongs is for the curators to change
    held = contents.terms_of([sheet.id])[sheet.id] if sheet is not None else {}
    for key in CHOSEN[kind]:
        field = list_field(form, key)
        if request.method == "GET":
            ids = [term.id for term in held.get(key, [])]
            field.data = (ids[0] if ids else 0) if key in SINGLE else ids
        offer(form, key, contents.terms_in(key))
    if request.method == "GET":
        show_sheet_in(form, kind, sheet)
    return form


def show_sheet_in(form: SheetForm, kind: str, sheet: AnySheet | None) -> None:
    if sheet is not None:
        form.version.data, form.title.data, form.summary.data = str(sheet.revision), sheet.title, sheet.summary
        form.language.data = sheet.language
        if "territory" in form:
            form.territory.data = sheet.territory_id or 0
        for name in sheet.FACTS:
            if name in form and name not in {"steps", "contacts"}:
                form[name].data = getattr(sheet, name)
        for key in SECTIONS[kind]:
            section = sheet.section(key)
            form[key].data = section["source"] if section else ""
        form.sources_text.data = "\n".join(
            " | ".join(source.get(key, "") for key in ("title", "url", "date")).rstrip(" |") for source in sheet.sources
        )
    for name in ("steps", "contacts"):
        if name in form:
            for row in getattr(sheet, name, None) or ():
                form[name].append_entry(row)
            add_blank_rows(form[name])


def add_blank_rows(rows) -> None:
    for _n in range(min(BLANK_ROWS, MOST_ROWS - len(rows.entries))):
        rows.append_entry()


def typed(kind: str, form: SheetForm) -> dict:
    """What the services take, from what the form holds."""
    facts = {name: form[name].data for name in KINDS[kind].FACTS if name in form}
    for name, value in facts.items():
        if name not in NUMBERS and (value is None or isinstance(value, str)):
            facts[name] = (value or "").strip()
    return {
        "title": form.title.data,
        "summary": form.summary.data,
        "language": form.language.data,
        "sections": {key: form[key].data or "" for key in SECTIONS[kind]},
        "sources": [source_of(line) for line in (form.sources_text.data or "").splitlines() if line.strip()],
        **facts,
    }


def source_of(line: str) -> dict[str, str]:
    """`Titre | https://… | mai 2025`: the title, the address and the date, whichever are there."""
    parts = [part.strip() for part in line.split("|")]
    url = next((part for part in parts if services.is_web(part)), "")
    words = [part for part in parts if part and part != url]
    return {"title": words[0] if words else "", "url": url, "date": ", ".join(words[1:])}


def chosen_territory(form: SheetForm | ReportForm) -> Territory | None:
    return db.get(Territory, form.territory.data) if form.territory.data else None


def chosen_terms(kind: str, form: SheetForm, sheet: AnySheet | None = None) -> list[Term]:
    """The terms chosen, in the lists of this kind; those the sheet carries from other lists stay."""
    kept = contents.terms_of([sheet.id])[sheet.id] if sheet is not None else {}
    found = [term for key, terms in kept.items() if key not in CHOSEN[kind] for term in terms]
    for key in CHOSEN[kind]:
        data = list_field(form, key).data
        ids = set(data if isinstance(data, list) else [data] if data else [])
        found += [term for term in contents.terms_in(key) if term.id in ids]
    return found


# --- The plain form of a citizen -----------------------------------------------------------------------------------------


@initiatives.route("/catalogue/signaler", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def report(sheet_id=None):
    """« Signaler une initiative »: a visitor reads what it is, and is offered the door."""
    if request.method in SAFE_METHODS and not can("sheet.suggest"):
        return render_template("initiatives/report_door.html", could=could_after_login("sheet.suggest"))
    require("sheet.suggest")
    form = with_territories(ReportForm())
    with refusals_in(form):
        if form.validate_on_submit():
            sheet = services.suggest(by=me(), territory=chosen_territory(form), **reported(form))
            flash(_("Merci. Un curateur va lire votre signalement ; vous serez prévenu de la suite."))
            return redirect(url_of(sheet))
    return render_template("initiatives/report.html", form=form, sheet=None), form.status


@initiatives.route("/catalogue/<ref:sheet_id>/completer", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def complete(sheet_id):
    """The same form, on what the citizen reported, while it is not published."""
    sheet = queries.get_sheet(sheet_id, is_held=request.method == "POST")
    require("sheet.read", sheet)
    require("sheet.complete", sheet)
    form = with_territories(ReportForm())
    if request.method == "GET":
        show_report_in(form, sheet)
    with refusals_in(form):
        if form.validate_on_submit():
            changed = reported(form) | {"summary": sheet.summary}
            services.complete(sheet, by=me(), seen=form.seen, **changed)
            flash(_("Merci, c’est enregistré."))
            return redirect(url_of(sheet))
    clashes = []
    if form.status != 200:
        sheet = read_again(sheet, sheet_id)
    if form.is_overtaken:
        online = contents.revisions_of(sheet)[0].fields
        mine = as_kept("initiative", {**online, **reported(form), "summary": online["summary"]}, online)
        clashes = versions.compare("initiative", online, mine)
        form.version.data = str(sheet.revision)
    return render_template("initiatives/report.html", form=form, sheet=sheet, clashes=clashes), form.status


def with_territories(form: ReportForm) -> ReportForm:
    form.territory.choices = [SelectChoice(0, _("Ailleurs dans la région, ou je ne sais pas"))] + [
        SelectChoice(each.id, each.name) for each in all_territories()
    ]
    return form


def reported(form: ReportForm) -> dict:
    from datetime import date

    story = form.story.data or ""
    return {
        "title": form.title.data,
        "summary": shorten(plain(markdown(story)), 240),
        "sections": {"method": story, "results": form.results.data or ""},
        "place": (form.place.data or "").strip(),
        "started_on": date(form.year.data, 1, 1) if form.year.data else None,
        "sources": [source_of(line) for line in (form.known_by.data or "").splitlines() if line.strip()],
    }


def show_report_in(form: ReportForm, sheet) -> None:
    form.version.data, form.title.data, form.territory.data = str(sheet.revision), sheet.title, sheet.territory_id or 0
    form.place.data, form.year.data = sheet.place, sheet.started_on.year if sheet.started_on else None
    for name, key in (("story", "method"), ("results", "results")):
        section = sheet.section(key)
        form[name].data = section["source"] if section else ""
    form.known_by.data = "\n".join(" | ".join(filter(None, (source.get("title"), source.get("url")))) for source in sheet.sources)


# --- Images and documents ------------------------------------------------------------------------------------------------


@initiatives.route("/catalogue/<ref:sheet_id>/fichiers", methods=["GET", "POST"])
@takes_files
@limiter.limit(WRITING, methods=["POST"])
def files_page(sheet_id):
    require("sheet.edit", loaded(sheet_id))
    form = FileForm()
    prepared_file = received(form) if form.validate_on_submit() else None
    sheet = loaded(sheet_id)
    if prepared_file:
        with refusals_in(form):
            services.add_file(sheet, prepared_file, title=form.title.data, alt=form.alt.data or "", by=me())
            flash(_("Le fichier est ajouté."))
            return redirect(url_for("initiatives.files_page", sheet_id=sheet))
    images, documents = queries.files_of(sheet)
    return render_template("initiatives/files.html", sheet=sheet, form=form, images=images, documents=documents), form.status


def loaded(sheet_id: int) -> AnySheet:
    sheet = queries.get_sheet(sheet_id)
    require("sheet.read", sheet)
    require("sheet.edit", sheet)
    return sheet


def received(form: FileForm) -> files.Prepared | None:
    """The file, examined with no transaction open; None, and a sentence beside the field, when it is refused."""
    try:
        with apart():
            prepared_file = files.prepare(form.file.data.stream, name=form.file.data.filename, accept=EVERYTHING)
    except DomainError as error:
        form.file.errors = [*form.file.errors, error.message]
        return None
    if prepared_file.kind.media_type.startswith("image/") and not (form.alt.data or "").strip():
        storage.discard(prepared_file.path)
        form.alt.errors = [*form.alt.errors, _("Dites en une phrase ce que montre l’image, puis choisissez-la à nouveau.")]
        return None
    return prepared_file


@initiatives.route("/catalogue/<ref:sheet_id>/fichiers/<int:attachment_id>", methods=["GET", "POST"])
def describe_file(sheet_id, attachment_id):
    sheet = loaded(sheet_id)
    row = contents.get_attachment(sheet, attachment_id)
    form = FileTextForm(data={"title": row.title, "alt": row.alt})
    with refusals_in(form):
        if form.validate_on_submit():
            services.describe_file(sheet, row, title=form.title.data, alt=form.alt.data or "")
            flash(_("C’est enregistré."))
            return redirect(url_for("initiatives.files_page", sheet_id=sheet))
    return render_template("initiatives/file_text.html", sheet=sheet, form=form, row=row), form.status


@initiatives.post("/catalogue/<ref:sheet_id>/fichiers/<int:attachment_id>/retirer")
def remove_file(sheet_id, attachment_id):
    sheet = loaded(sheet_id)
    services.remove_file(sheet, contents.get_attachment(sheet, attachment_id))
    flash(_("Le fichier est retiré."))
    return redirect(url_for("initiatives.files_page", sheet_id=sheet))


@initiatives.post("/catalogue/<ref:sheet_id>/proposer")
def propose(sheet_id):
    sheet = queries.get_sheet(sheet_id, is_held=True)
    require("sheet.read", sheet)
    require("sheet.propose", sheet)
    services.propose(sheet, by=me())
    flash(_("La fiche est proposée. Un curateur va la lire."))
    return redirect(url_of(sheet))
