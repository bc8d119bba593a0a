"""The curators' desk: under /gestion/catalogue/."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app.core.forms import refusals_in
from app.core.i18n import _
from app.core.pages import paginate
from app.core.permissions import me, require
from app.initiatives import queries, services
from app.initiatives.forms import NoteForm
from app.initiatives.labels import KIND_LABELS, STEPS
from app.initiatives.models import Step

catalogue_admin = Blueprint("catalogue_admin", __name__, url_prefix="/gestion/catalogue", template_folder="templates")


@catalogue_admin.get("/")
def index():
    require("catalogue.curate")
    asked = request.args.get("etape", "")
    step = Step(asked) if asked in set(Step) else Step.REVIEW
    page = paginate(queries.sheets_at(step))
    return render_template("initiatives/desk.html", page=page, step=step, steps=STEPS, counts=queries.counts_by_step(), labels=KIND_LABELS)


@catalogue_admin.post("/<int:sheet_id>/publier")
def publish(sheet_id):
    require("catalogue.curate")  # first: what drafts exist is the curators' business
    sheet = queries.get_sheet(sheet_id)
    require("sheet.publish", sheet)
    services.publish(sheet, by=me())
    flash(_("La fiche est publiée."))
    return redirect(url_for("initiatives.show", sheet_id=sheet))


@catalogue_admin.route("/<int:sheet_id>/renvoyer", methods=["GET", "POST"])
def send_back(sheet_id):
    require("catalogue.curate")
    sheet = queries.get_sheet(sheet_id)
    require("sheet.publish", sheet)
    form = NoteForm()
    with refusals_in(form):
        if form.validate_on_submit():
            services.send_back(sheet, by=me(), note=form.note.data)
            flash(_("La fiche est renvoyée à son auteur, avec votre message."))
            return redirect(url_for("catalogue_admin.index"))
    return render_template("initiatives/send_back.html", sheet=sheet, form=form), form.status
