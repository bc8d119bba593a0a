"""The work on a sheet, between who writes it and who publishes it: remarks on its fields, what is missing, its versions."""

from flask import flash, redirect, render_template, request, url_for
from wtforms.fields.choices import SelectChoice

from app.contents import queries as contents
from app.core.errors import NotFound
from app.core.forms import refusals_in
from app.core.i18n import _
from app.core.limits import WRITING, limiter
from app.core.permissions import can, me, require
from app.initiatives import quality, queries, remarks, versions
from app.initiatives.forms import ChecklistForm, RemarkForm
from app.initiatives.labels import STEPS
from app.initiatives.models import AnySheet, Remark
from app.initiatives.views import initiatives


def load(sheet_id: int) -> AnySheet:
    sheet = queries.get_sheet(sheet_id)
    require("sheet.read", sheet)
    require("sheet.discuss", sheet)
    return sheet


@initiatives.route("/catalogue/<ref:sheet_id>/relecture", methods=["GET", "POST"])
@limiter.limit(WRITING, methods=["POST"])
def review(sheet_id):
    """The sheet field by field, each with what was asked about it; a remark, or an answer, is sent from here."""
    sheet = load(sheet_id)
    fields = versions.fields_of(sheet.kind)
    form = RemarkForm()
    form.field.choices = [SelectChoice("", _("La fiche entière")), *(SelectChoice(key, label) for key, label in fields.items())]
    answered = remark_at(sheet, form.answers.data if request.method == "POST" else request.args.get("reponse"))
    if answered is not None:
        form.answers.data, form.field.data = str(answered.id), answered.field
    elif request.method == "GET" and request.args.get("champ") in fields:
        form.field.data = request.args["champ"]
    with refusals_in(form):
        if form.validate_on_submit():
            if answered is not None:
                remarks.answer(answered, body=form.body.data, by=me(), revision=sheet.revision)
            else:
                remarks.remark(sheet, on=form.field.data, body=form.body.data, by=me())
            flash(_("Votre remarque est enregistrée."))
            return redirect(url_for("initiatives.review", sheet_id=sheet) + "#remarques")
    threads = remarks.threads_of(sheet)
    return render_template(
        "initiatives/review.html",
        sheet=sheet,
        form=form,
        answered=answered,
        fields={"": _("La fiche entière"), **fields},
        texts=versions.texts_of(sheet.kind, latest_fields(sheet)),
        sections={section["key"]: section["html"] for section in sheet.sections},
        threads=remarks.open_threads_by_field(threads),
        resolved=[thread for thread in threads if not thread.is_open],
        meter=quality.meter_of(sheet, quality.around(sheet)),
        checklist=ChecklistForm(data={"checked": sheet.checklist}) if can("sheet.publish", sheet) else None,
        moves=queries.moves_of(sheet),
        steps=STEPS,
    ), form.status


def latest_fields(sheet: AnySheet) -> dict:
    return contents.revisions_of(sheet)[0].fields


def remark_at(sheet: AnySheet, written: str | None) -> Remark | None:
    """The thread of this sheet that an answer is for; what is no number is none."""
    written = written or ""
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        return None
    return remarks.get_remark(sheet, int(written))


@initiatives.post("/catalogue/<ref:sheet_id>/remarques/<int:remark_id>/resoudre")
def resolve(sheet_id, remark_id):
    sheet = load(sheet_id)
    require("sheet.publish", sheet)
    remarks.resolve(remarks.get_remark(sheet, remark_id), by=me())
    flash(_("La remarque est résolue."))
    return redirect(url_for("initiatives.review", sheet_id=sheet) + "#remarques")


@initiatives.post("/catalogue/<ref:sheet_id>/remarques/<int:remark_id>/rouvrir")
def reopen(sheet_id, remark_id):
    sheet = load(sheet_id)
    require("sheet.publish", sheet)
    remarks.reopen(remarks.get_remark(sheet, remark_id))
    flash(_("La remarque est rouverte."))
    return redirect(url_for("initiatives.review", sheet_id=sheet) + "#remarques")


@initiatives.get("/catalogue/<ref:sheet_id>/versions")
def history(sheet_id):
    """Every version with its author; two of them side by side, words marked. Without a choice, the last against the one before."""
    sheet = load(sheet_id)
    revisions = contents.revisions_of(sheet)
    by_number = {revision.n: revision for revision in revisions}
    after = by_number.get(asked_number("version", sheet.revision))
    if after is None:
        raise NotFound
    before = by_number.get(asked_number("avec", after.n - 1))
    changes = versions.compare(sheet.kind, before.fields, after.fields) if before and before.n != after.n else None
    return render_template(
        "initiatives/history.html",
        sheet=sheet,
        revisions=revisions,
        authors=queries.names_of({revision.author_id for revision in revisions}),
        before=before,
        after=after,
        changes=changes,
        texts=versions.texts_of(sheet.kind, after.fields),
    )


def asked_number(name: str, default: int) -> int:
    written = request.args.get(name, "")
    return int(written) if written.isascii() and written.isdigit() and len(written) < 9 else default
