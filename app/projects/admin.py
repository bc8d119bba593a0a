"""Back office of projects: under /gestion/<territoire>/projets/."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from app.contents import queries as contents
from app.contents import services as content_services
from app.contents import spaces
from app.contents.models import Phase
from app.contents.space_views import said_in, shown_of
from app.core.db import apart
from app.core.errors import DomainError, NotFound
from app.core.forms import refusals_in
from app.core.i18n import _
from app.core.permissions import me, require
from app.files import services as files
from app.files import takes_files
from app.projects import queries, services
from app.projects.forms import DocumentForm, MaturityForm, PhaseForm, ProjectForm
from app.projects.labels import KINDS, MATURITIES
from app.projects.models import Project
from app.related import pages as related
from app.territories.models import Territory
from app.territories.queries import get_territory

projects_admin = Blueprint("projects_admin", __name__, url_prefix="/gestion/<territory_slug>/projets", template_folder="templates")


def load(territory_slug: str, project_id: int) -> Project:
    """The project, if it is this territory's: another's does not exist here, and who works elsewhere learns of none."""
    require("project.create", get_territory(territory_slug))
    project = queries.get_project(project_id)
    if project.territory is None or project.territory.slug != territory_slug:
        raise NotFound
    require("project.edit", project)
    return project


def back_to(project: Project):
    return redirect(url_for("projects_admin.edit", territory_slug=project.place_slug, project_id=project.id))


@projects_admin.get("/")
def index(territory_slug):
    territory = get_territory(territory_slug)
    require("project.create", territory)
    return render_template(
        "projects/admin_index.html", territory=territory, projects=queries.all_projects(territory.id), maturities=MATURITIES
    )


@projects_admin.route("/nouveau", methods=["GET", "POST"])
def create(territory_slug):
    territory = get_territory(territory_slug)
    require("project.create", territory)
    form = ProjectForm()
    with refusals_in(form):
        if form.validate_on_submit():
            project = services.create_project(
                territory,
                by=me(),
                title=form.title.data,
                summary=form.summary.data,
                body=form.body.data or "",
                project_kind=form.project_kind.data,
            )
            flash(_("Le projet est créé, en brouillon. Ajoutez ses phases, puis publiez-le."))
            return redirect(url_for("projects_admin.edit", territory_slug=territory.slug, project_id=project.id))
    elsewhere = done_elsewhere(form, territory)
    return render_template("projects/admin_form.html", territory=territory, form=form, project=None, elsewhere=elsewhere), form.status


def done_elsewhere(form: ProjectForm, territory: Territory):
    """Without scripts, what has been done elsewhere is shown once the project is saved, or refused."""
    return related.elsewhere(form.title.data, f"{form.summary.data or ''} {form.body.data or ''}".strip(), territory.id)


@projects_admin.route("/<int:project_id>", methods=["GET", "POST"])
def edit(territory_slug, project_id):
    project = load(territory_slug, project_id)
    form = ProjectForm(obj=None if request.method == "POST" else project)
    if request.method == "GET":
        form.version.data, form.body.data = str(project.revision), project.body_source
    with refusals_in(form):
        if form.validate_on_submit():
            services.edit_project(
                project,
                by=me(),
                seen=form.seen,
                title=form.title.data,
                summary=form.summary.data,
                body=form.body.data or "",
                project_kind=form.project_kind.data,
            )
            flash(_("Le projet est enregistré."))
            return back_to(project)
    if form.is_overtaken:
        theirs = {"body": project.body_source, "project_kind": project.project_kind}
        form.show_beside(project.revision, title=project.title, summary=project.summary, **theirs)
    return render_template(
        "projects/admin_form.html",
        territory=project.territory,
        form=form,
        project=project,
        phases=contents.phases_of(project),
        life=queries.life_of(project),
        links=contents.links_of(project),
        documents=contents.attachments_of(project),
        maturities=MATURITIES,
        kinds=KINDS,
        elsewhere=done_elsewhere(form, project.territory),
    ), form.status


@projects_admin.post("/<int:project_id>/publier")
def publish(territory_slug, project_id):
    project = load(territory_slug, project_id)
    services.publish_project(project, by=me())
    flash(_("Le projet est publié."))
    return back_to(project)


@projects_admin.route("/<int:project_id>/etape", methods=["GET", "POST"])
def maturity(territory_slug, project_id):
    project = load(territory_slug, project_id)
    form = MaturityForm(maturity=project.maturity)
    with refusals_in(form):
        if form.validate_on_submit():
            services.set_maturity(project, form.maturity.data, note=form.note.data or "", by=me())
            return back_to(project)
    return render_template(
        "projects/admin_step.html", territory=project.territory, project=project, form=form, title=_("Changer l’étape du projet")
    ), form.status


@projects_admin.route("/<int:project_id>/phases", methods=["GET", "POST"])
def add_phase(territory_slug, project_id):
    project = load(territory_slug, project_id)
    form = PhaseForm()
    with refusals_in(form):
        if form.validate_on_submit():
            spaces.set_dates(project, [*spaces.copies_of(project), Phase(**said_in(form))], by=me())
            flash(_("La phase est ajoutée."))
            return back_to(project)
    return render_template(
        "projects/admin_step.html", territory=project.territory, project=project, form=form, title=_("Ajouter une phase")
    ), form.status


@projects_admin.route("/<int:project_id>/phases/<int:phase_id>", methods=["GET", "POST"])
def edit_phase(territory_slug, project_id, phase_id):
    project = load(territory_slug, project_id)
    phase = contents.get_phase(project, phase_id)
    form = PhaseForm(data=shown_of(phase))
    with refusals_in(form):
        if form.validate_on_submit():
            spaces.change_phase(project, phase_id, by=me(), seen=form.seen, **said_in(form))
            flash(_("La phase est enregistrée."))
            return back_to(project)
    if form.is_overtaken:
        form.show_beside(**shown_of(phase))
    return render_template(
        "projects/admin_step.html", territory=project.territory, project=project, form=form, title=_("Modifier la phase")
    ), form.status


@projects_admin.post("/<int:project_id>/phases/<int:phase_id>/retirer")
def remove_phase(territory_slug, project_id, phase_id):
    project = load(territory_slug, project_id)
    spaces.set_dates(project, spaces.copies_of(project, without=phase_id), by=me())
    flash(_("La phase est retirée."))
    return back_to(project)


@projects_admin.route("/<int:project_id>/documents", methods=["GET", "POST"])
@takes_files
def add_document(territory_slug, project_id):
    load(territory_slug, project_id)
    form = DocumentForm()
    prepared = received(form) if form.validate_on_submit() else None
    project = load(territory_slug, project_id)
    if prepared:
        content_services.attach(project, prepared, title=form.title.data or "", by=me())
        flash(_("Le document est ajouté."))
        return back_to(project)
    return render_template("projects/admin_document.html", territory=project.territory, project=project, form=form), form.status


def received(form: DocumentForm) -> files.Prepared | None:
    """The file, examined with no transaction open; None, and a sentence beside the field, when it is refused."""
    try:
        with apart():
            return files.prepare(form.file.data.stream, name=form.file.data.filename)
    except DomainError as error:
        form.file.errors = [*form.file.errors, error.message]
        return None


@projects_admin.post("/<int:project_id>/documents/<int:attachment_id>/retirer")
def remove_document(territory_slug, project_id, attachment_id):
    project = load(territory_slug, project_id)
    content_services.detach(contents.get_attachment(project, attachment_id))
    flash(_("Le document est retiré."))
    return back_to(project)
