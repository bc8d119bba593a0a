"""The back office of exchanges, for curators: files of sheets, harvests, the links that sheets cite."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from wtforms.fields.choices import SelectChoice

from app.core.db import apart
from app.core.errors import DomainError
from app.core.forms import refusals_in
from app.core.i18n import _
from app.core.pages import paginate
from app.core.permissions import me, require
from app.exchange import harvest, importing, queries, tables
from app.exchange.forms import KINDS, SourceForm, UploadForm
from app.exchange.models import ImportState
from app.files import takes_files
from app.initiatives.models import Step

exchange_admin = Blueprint("exchange_admin", __name__, url_prefix="/gestion/region/catalogue", template_folder="templates")
SHOWN = 100  # rows of a preview or a report on the page


@exchange_admin.route("/imports", methods=["GET", "POST"])
@takes_files
def upload():
    require("catalogue.import")
    form = UploadForm()
    rows = received(form) if form.validate_on_submit() else None
    require("catalogue.import")
    if rows is not None:
        with refusals_in(form):
            target = Step(form.target.data)
            kept = importing.prepare(rows, name=form.file.data.filename, by=me(), target=target, replaces=form.replaces.data)
            return redirect(url_for("exchange_admin.show_import", import_id=kept.id))
    return render_template("exchange/imports.html", form=form, imports=queries.imports()), form.status


def received(form: UploadForm) -> list[dict[str, Any]] | None:
    """The rows, read with no transaction open; None, and a sentence beside the field, when they are refused."""
    try:
        with apart():
            return tables.read_table(form.file.data.read(), form.file.data.filename)
    except DomainError as error:
        form.file.errors = [*form.file.errors, error.message]
        return None


@exchange_admin.route("/imports/<int:import_id>", methods=["GET", "POST"])
def show_import(import_id):
    """What would be done, then, once somebody agreed, what was."""
    require("catalogue.import")
    kept = queries.get_import(import_id)
    if request.method == "POST":
        importing.confirm(kept)
        flash(_("L’import commence. Cette page en donne le compte."))
        return redirect(url_for("exchange_admin.show_import", import_id=import_id))
    plans = importing.preview(kept) if kept.state == ImportState.PREVIEW else []
    lines = [
        {"row": p.said.number, "title": p.said.title, "did": p.did, "why": p.why, "sheet_id": p.sheet_id} for p in plans
    ] or kept.report
    counts = {did: sum(line["did"] == did for line in lines) for did in ("new", "changed", "same", "refused")}
    shown = sorted(lines, key=lambda line: (line["did"] != "refused", not line["why"], line["row"]))[:SHOWN]
    return render_template("exchange/import.html", kept=kept, lines=shown, counts=counts, total=len(kept.rows))


@exchange_admin.get("/moissons")
def sources():
    require("catalogue.harvest")
    return render_template("exchange/sources.html", sources=queries.sources(), counts=queries.counts_by_source(), kinds=KINDS)


@exchange_admin.route("/moissons/ajouter", methods=["GET", "POST"], endpoint="add_source")
@exchange_admin.route("/moissons/<int:source_id>/reglages", methods=["GET", "POST"])
def edit_source(source_id=None):
    require("catalogue.harvest")
    source = queries.get_source(source_id) if source_id else None
    form = SourceForm(obj=source)
    places = {place.id: place for place in queries.places()}
    form.territory.choices = [SelectChoice(0, _("La région"))] + [SelectChoice(place.id, place.name) for place in places.values()]
    if request.method == "GET" and source:
        form.territory.data = source.territory_id or 0
    with refusals_in(form):
        if form.validate_on_submit():
            given = {name: form[name].data for name in ("name", "kind", "url", "every_hours", "is_active")}
            saved = harvest.save_source(source, by=me(), territory=places.get(form.territory.data), **given)
            if source is None:
                harvest.ask_now(saved)
            flash(_("La source est enregistrée."))
            return redirect(url_for("exchange_admin.show_source", source_id=saved.id))
    return render_template("exchange/source_form.html", form=form, source=source), form.status


@exchange_admin.get("/moissons/<int:source_id>")
def show_source(source_id):
    require("catalogue.harvest")
    source = queries.get_source(source_id)
    page = paginate(queries.to_look_at(source_id))
    return render_template(
        "exchange/source.html", source=source, page=page, kinds=KINDS, count=queries.counts_by_source().get(source_id, 0)
    )


@exchange_admin.post("/moissons/<int:source_id>/maintenant")
def harvest_now(source_id):
    require("catalogue.harvest")
    harvest.ask_now(queries.get_source(source_id))
    flash(_("La moisson est demandée : elle commence dans la minute."))
    return redirect(url_for("exchange_admin.show_source", source_id=source_id))


@exchange_admin.post("/moissons/<int:source_id>/retirer")
def remove_source(source_id):
    require("catalogue.harvest")
    harvest.remove_source(queries.get_source(source_id), by=me())
    flash(_("La source est retirée. Ses fiches restent."))
    return redirect(url_for("exchange_admin.sources"))


@exchange_admin.post("/moissons/<int:source_id>/vu/<int:harvested_id>")
def settle(source_id, harvested_id):
    require("catalogue.harvest")
    harvest.settle(queries.get_harvested(source_id, harvested_id))
    return redirect(url_for("exchange_admin.show_source", source_id=source_id))
