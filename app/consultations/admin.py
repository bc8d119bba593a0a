"""Back office of consultations: under /gestion/<territoire>/consultations/."""

from flask import flash, redirect, render_template, request, url_for

from app.admin import back_office
from app.consultations import queries, services
from app.consultations.forms import ConsultationForm, NewConsultationForm, OfficialProposalForm, SectionForm
from app.consultations.models import Consultation
from app.consultations.proposals import queries as proposals
from app.consultations.proposals import services as proposing
from app.consultations.proposals.models import Section
from app.contents import queries as contents
from app.contents import spaces
from app.contents.kinds import url_of
from app.contents.models import Phase
from app.contents.space_views import add_space_views
from app.core.errors import NotFound
from app.core.forms import refusals_in
from app.core.i18n import _
from app.core.permissions import me, require
from app.core.when import from_paris
from app.projects.queries import all_projects
from app.territories.queries import get_territory

consultations_admin = back_office("consultations_admin", __name__, "/consultations")
ACTS = ["propose", "argue", "vote", "comment"]


def load(territory_slug: str, consultation_id: int) -> Consultation:
    """The consultation, if it is this territory's: another's does not exist here."""
    require("consultation.create", get_territory(territory_slug))
    consultation = queries.get_consultation(consultation_id)
    if consultation.territory is None or consultation.territory.slug != territory_slug:
        raise NotFound
    require("consultation.edit", consultation)
    return consultation


def desk_of(consultation: Consultation) -> str:
    assert consultation.territory is not None  # `load` refuses one without
    return url_for("consultations_admin.edit", territory_slug=consultation.territory.slug, content_id=consultation.id)


def back_to(consultation: Consultation):
    return redirect(desk_of(consultation), 303)


@consultations_admin.get("/")
def index(territory_slug):
    territory = get_territory(territory_slug)
    require("consultation.create", territory)
    return render_template("consultations/admin_index.html", territory=territory, consultations=queries.all_consultations(territory.id))


@consultations_admin.route("/nouvelle", methods=["GET", "POST"])
def create(territory_slug):
    territory = get_territory(territory_slug)
    require("consultation.create", territory)
    form = NewConsultationForm()
    projects = offer_projects(form, territory.id)
    with refusals_in(form):
        if form.validate_on_submit():
            opens_at, closes_at = from_paris(form.opens_at.data, "opens_at"), from_paris(form.closes_at.data, "closes_at")
            consultation = services.create_consultation(territory, by=me(), **texts(form), project=projects.get(form.project.data))
            for title in (form.sections.data or "").splitlines():
                if title.strip():
                    proposing.add_section(consultation, title=title)
            spaces.set_dates(
                consultation, [Phase(name=_("Vos propositions"), opens_at=opens_at, closes_at=closes_at, allows=ACTS)], by=me()
            )
            flash(_("La consultation est créée, en brouillon. Relisez la page, puis publiez-la."))
            return redirect(url_for("consultations_admin.edit", territory_slug=territory.slug, content_id=consultation.id), 303)
    return render_template("consultations/admin_form.html", territory=territory, consultation=None, form=form), form.status


@consultations_admin.route("/<int:content_id>", methods=["GET", "POST"])
def edit(territory_slug, content_id):
    consultation = load(territory_slug, content_id)
    form = ConsultationForm(obj=consultation) if request.method == "GET" else ConsultationForm()
    projects = offer_projects(form, consultation.territory_id)
    if request.method == "GET":
        form.body.data, form.version.data = consultation.body_source, str(consultation.revision)
        form.project.data = consultation.project_id or 0
    with refusals_in(form):
        if form.validate_on_submit():
            services.edit_consultation(consultation, by=me(), seen=form.seen, **texts(form), project=projects.get(form.project.data))
            flash(_("La consultation est enregistrée."))
            return back_to(consultation)
    theirs = {name: getattr(consultation, name) for name in ("title", "summary", "asked", "becomes", "open_to")}
    form.overtaken_by(consultation, **theirs, body=consultation.body_source, project=consultation.project_id or 0)
    return render_template(
        "consultations/admin_form.html",
        territory=consultation.territory,
        consultation=consultation,
        form=form,
        phases=contents.phases_of(consultation),
        sections=proposals.sections_of(consultation),
        acts=spaces.ACTS,
    ), form.status


def offer_projects(form: ConsultationForm, territory_id: int | None) -> dict:
    """The projects it may be part of, by id; the form lists them."""
    projects = all_projects(territory_id) if territory_id else []
    form.offer_projects(projects)
    return {project.id: project for project in projects}


def texts(form: ConsultationForm) -> dict[str, str]:
    return {name: form[name].data or "" for name in ("title", "summary", "asked", "becomes", "open_to", "body")}


# --- Sections --------------------------------------------------------------------------------------------------------------


def step(consultation: Consultation, form, title: str, label: str):
    back = desk_of(consultation)
    page = {"space": consultation, "territory": consultation.territory, "form": form, "title": title, "label": label, "back": back}
    return render_template("contents/space_step.html", **page), form.status


def section_of(consultation: Consultation, section_id: int) -> Section:
    found = next((each for each in proposals.sections_of(consultation) if each.id == section_id), None)
    if found is None:
        raise NotFound
    return found


@consultations_admin.route("/<int:content_id>/rubriques", methods=["GET", "POST"])
def add_section(territory_slug, content_id):
    consultation = load(territory_slug, content_id)
    form = SectionForm()
    del form.position
    with refusals_in(form):
        if form.validate_on_submit():
            proposing.add_section(consultation, title=form.title.data, text=form.text.data or "")
            return back_to(consultation)
    return step(consultation, form, _("Ajouter une rubrique"), _("Enregistrer la rubrique"))


@consultations_admin.route("/<int:content_id>/rubriques/<int:section_id>", methods=["GET", "POST"])
def edit_section(territory_slug, content_id, section_id):
    consultation = load(territory_slug, content_id)
    section = section_of(consultation, section_id)
    form = SectionForm(obj=section)
    with refusals_in(form):
        if form.validate_on_submit():
            proposing.edit_section(section, consultation, title=form.title.data, text=form.text.data or "", position=form.position.data)
            return back_to(consultation)
    return step(consultation, form, _("Modifier la rubrique"), _("Enregistrer la rubrique"))


@consultations_admin.post("/<int:content_id>/rubriques/<int:section_id>/retirer")
def remove_section(territory_slug, content_id, section_id):
    consultation = load(territory_slug, content_id)
    proposing.remove_section(section_of(consultation, section_id), consultation)
    return back_to(consultation)


# --- The territory's own proposals -----------------------------------------------------------------------------------------


@consultations_admin.route("/<int:content_id>/propositions/nouvelle", methods=["GET", "POST"])
def propose(territory_slug, content_id):
    consultation = load(territory_slug, content_id)
    form = OfficialProposalForm()
    form.offer_sections(proposals.sections_of(consultation))
    with refusals_in(form):
        if form.validate_on_submit():
            given = {"title": form.title.data, "body": form.body.data, "section_id": form.section_id}
            proposal = proposing.propose_officially(consultation, by=me(), byline=consultation.territory.short_name, **given)
            flash(_("La proposition du territoire est publiée."))
            return redirect(url_of(proposal), 303)
    return step(consultation, form, _("Mettre un texte du territoire en discussion"), _("Publier au nom du territoire"))


add_space_views(consultations_admin, load)
