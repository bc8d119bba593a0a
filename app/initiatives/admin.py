"""The curators' desk: under /gestion/region/catalogue/."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select

from app.contents import queries as contents
from app.contents.models import Content
from app.core.db import db
from app.core.forms import Form, VersionedForm, refusals_in
from app.core.i18n import _, ngettext
from app.core.pages import paginate
from app.core.permissions import me, require
from app.initiatives import desk, queries, services
from app.initiatives.forms import ArchiveForm, ChecklistForm, FreshForm, NoteForm
from app.initiatives.labels import KIND_LABELS, STEPS
from app.initiatives.models import KINDS, AnySheet
from app.territories.queries import all_territories

catalogue_admin = Blueprint("catalogue_admin", __name__, url_prefix="/gestion/region/catalogue", template_folder="templates")
AT_ONCE = 50  # sheets that one act may tag
LONGEST_WORDS = 100


@catalogue_admin.get("/")
def index():
    """What awaits, what ages, what lacks something: one list at a time, with its filters."""
    require("catalogue.curate")
    views = desk.views()
    shown = views.get(request.args.get("vue", ""), next(iter(views.values())))
    territories = all_territories()
    page = paginate(queries.on_the_desk(shown.ids(), asked(shown, territories)))
    ids = [sheet.id for sheet in page.items]
    return render_template(
        "initiatives/desk.html",
        page=page,
        views=views,
        shown=shown,
        counts=desk.counts(),
        overview=queries.overview(),
        facts=queries.desk_facts(ids),
        terms=contents.terms_of(ids),
        details=shown.detail(ids) if shown.detail and ids else {},
        steps=STEPS,
        kinds=KIND_LABELS,
        territories=territories,
        themes=contents.terms_in("theme"),
        form=Form(),
    )


def asked(shown: desk.View, territories) -> queries.Asked:
    """The filters of the address; what makes no sense is ignored."""
    given = request.args.get
    place = given("territoire", "")
    order = given("ordre", "")
    return queries.Asked(
        words=given("q", "").replace("\x00", "").strip()[:LONGEST_WORDS],
        kind=given("type", "") if given("type") in KINDS else "",
        territory_id=next((each.id for each in territories if each.slug == place), None),
        is_regional=place == "region",
        origin=given("origine", ""),
        theme=given("theme", "").replace("\x00", "")[:LONGEST_WORDS],
        reviewer_id=me().id if given("relecture") == "moi" else None,
        order=order if order in queries.ORDERS else shown.order,
    )


@catalogue_admin.post("/themes")
def add_theme():
    """One theme on all the sheets ticked in a list."""
    require("catalogue.curate")
    theme = next((term for term in contents.terms_in("theme") if str(term.id) == request.form.get("theme")), None)
    ids = [int(value) for value in request.form.getlist("sheet")[:AT_ONCE] if value.isascii() and value.isdigit() and len(value) < 10]
    if theme is None or not ids:
        flash(_("Cochez des fiches, et choisissez un thème."))
    else:
        found = db.scalars(select(Content.id).where(Content.id.in_(ids), Content.kind.in_(KINDS)).order_by(Content.id)).all()
        count = sum(services.add_theme(queries.get_sheet(sheet_id), theme, by=me()) for sheet_id in found)
        flash(ngettext("Le thème est ajouté à %(num)s fiche.", "Le thème est ajouté à %(num)s fiches.", count))
    return redirect(url_for("catalogue_admin.index", vue=request.form.get("vue", "")[:40]))


def load(sheet_id: int) -> AnySheet:
    """For a curator who acts, the sheet is theirs until the end: of two who answer at once, the second sees what the first did."""
    require("catalogue.curate")  # first: what drafts exist is the curators' business
    sheet = queries.get_sheet(sheet_id, is_held=request.method == "POST")
    require("sheet.publish", sheet)
    return sheet


def to_review(sheet: AnySheet):
    return redirect(url_for("initiatives.review", sheet_id=sheet))


@catalogue_admin.post("/<int:sheet_id>/prendre")
def take(sheet_id):
    sheet = load(sheet_id)
    services.take(sheet, by=me())
    flash(_("Vous relisez cette fiche."))
    return to_review(sheet)


@catalogue_admin.post("/<int:sheet_id>/verifier")
def tick(sheet_id):
    sheet = load(sheet_id)
    form = ChecklistForm()
    if form.validate_on_submit():
        services.tick(sheet, form.checked.data or [], by=me())
        flash(_("Les points vérifiés sont enregistrés."))
    return to_review(sheet)


@catalogue_admin.post("/<int:sheet_id>/publier")
def publish(sheet_id):
    sheet = load(sheet_id)
    read = VersionedForm()  # the button says which version was on the page
    services.publish(sheet, by=me(), seen=read.seen if read.version.data else None)
    flash(_("La fiche est publiée."))
    return redirect(url_for("initiatives.show", sheet_id=sheet))


@catalogue_admin.route("/<int:sheet_id>/renvoyer", methods=["GET", "POST"])
def send_back(sheet_id):
    sheet = load(sheet_id)
    form = NoteForm()
    with refusals_in(form):
        if form.validate_on_submit():
            services.send_back(sheet, by=me(), note=form.note.data)
            flash(_("La fiche est renvoyée à son auteur, avec votre message."))
            return redirect(url_for("catalogue_admin.index"))
    return step(sheet, form, _("Renvoyer la fiche à son auteur"), _("Renvoyer la fiche"), _("L’auteur recevra ce message par courriel."))


@catalogue_admin.route("/<int:sheet_id>/confirmer", methods=["GET", "POST"])
def confirm(sheet_id):
    sheet = load(sheet_id)
    form = FreshForm(data={"review_on": services.next_review()})
    with refusals_in(form):
        if form.validate_on_submit():
            services.confirm_fresh(sheet, by=me(), review_on=form.review_on.data)
            flash(_("C’est noté : la fiche est à jour."))
            return redirect(url_for("initiatives.show", sheet_id=sheet))
    return step(
        sheet, form, _("Confirmer que la fiche est à jour"), _("La fiche est à jour"), _("Le jour où elle reviendra sur votre bureau.")
    )


@catalogue_admin.route("/<int:sheet_id>/archiver", methods=["GET", "POST"])
def archive(sheet_id):
    sheet = load(sheet_id)
    form = ArchiveForm()
    with refusals_in(form):
        if form.validate_on_submit():
            services.archive(sheet, by=me(), note=form.note.data)
            flash(_("La fiche est archivée."))
            return redirect(url_for("initiatives.show", sheet_id=sheet))
    return step(sheet, form, _("Archiver la fiche"), _("Archiver la fiche"), str(form.note.description))


@catalogue_admin.post("/<int:sheet_id>/restaurer")
def restore(sheet_id):
    sheet = load(sheet_id)
    services.restore(sheet, by=me())
    flash(_("La fiche est de nouveau au catalogue."))
    return redirect(url_for("initiatives.show", sheet_id=sheet))


def step(sheet: AnySheet, form, title: str, label: str, help: str):
    return render_template("initiatives/step.html", sheet=sheet, form=form, title=title, label=label, help=help), form.status
