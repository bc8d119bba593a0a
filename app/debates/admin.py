"""Back office of debates: under /gestion/<territoire>/debats/."""

from flask import flash, redirect, render_template, request, url_for

from app.admin import back_office
from app.contents import queries as contents
from app.contents import spaces
from app.contents.models import Phase
from app.contents.space_views import add_space_views
from app.core.errors import NotFound
from app.core.forms import refusals_in
from app.core.i18n import _
from app.core.permissions import me, require
from app.core.when import from_paris
from app.debates import queries, services
from app.debates.forms import DebateForm, NewDebateForm
from app.debates.models import Debate
from app.projects.queries import all_projects
from app.territories.queries import get_territory

debates_admin = back_office("debates_admin", __name__, "/debats")


def load(territory_slug: str, debate_id: int) -> Debate:
    """The debate, if it is this territory's: another's does not exist here."""
    require("debate.create", get_territory(territory_slug))
    debate = queries.get_debate(debate_id)
    if debate.territory is None or debate.territory.slug != territory_slug:
        raise NotFound
    require("debate.edit", debate)
    return debate


@debates_admin.get("/")
def index(territory_slug):
    territory = get_territory(territory_slug)
    require("debate.create", territory)
    return render_template("debates/admin_index.html", territory=territory, debates=queries.all_debates(territory.id))


@debates_admin.route("/nouveau", methods=["GET", "POST"])
def create(territory_slug):
    territory = get_territory(territory_slug)
    require("debate.create", territory)
    form = NewDebateForm()
    projects = offer_projects(form, territory.id)
    with refusals_in(form):
        if form.validate_on_submit():
            opens_at, closes_at = from_paris(form.opens_at.data, "opens_at"), from_paris(form.closes_at.data, "closes_at")
            debate = services.create_debate(territory, by=me(), **texts(form), project=projects.get(form.project.data))
            spaces.set_dates(
                debate, [Phase(name=_("Le débat"), opens_at=opens_at, closes_at=closes_at, allows=["argue", "vote", "comment"])], by=me()
            )
            flash(_("Le débat est créé, en brouillon. Relisez la page, puis publiez-la."))
            return redirect(url_for("debates_admin.edit", territory_slug=territory.slug, content_id=debate.id), 303)
    return render_template("debates/admin_form.html", territory=territory, debate=None, form=form), form.status


@debates_admin.route("/<int:content_id>", methods=["GET", "POST"])
def edit(territory_slug, content_id):
    debate = load(territory_slug, content_id)
    form = DebateForm(obj=debate) if request.method == "GET" else DebateForm()
    projects = offer_projects(form, debate.territory_id)
    if request.method == "GET":
        form.body.data, form.version.data, form.project.data = debate.body_source, str(debate.revision), debate.project_id or 0
    with refusals_in(form):
        if form.validate_on_submit():
            services.edit_debate(debate, by=me(), seen=form.seen, **texts(form), project=projects.get(form.project.data))
            flash(_("Le débat est enregistré."))
            return redirect(url_for("debates_admin.edit", territory_slug=territory_slug, content_id=debate.id), 303)
    theirs = {name: getattr(debate, name) for name in ("title", "summary", "asked", "becomes", "open_to")}
    form.overtaken_by(debate, **theirs, body=debate.body_source, project=debate.project_id or 0)
    page = {
        "territory": debate.territory,
        "debate": debate,
        "form": form,
        "phases": contents.phases_of(debate),
        "acts": spaces.ACTS,
    }
    return render_template("debates/admin_form.html", **page), form.status


def offer_projects(form: DebateForm, territory_id: int | None) -> dict:
    """The projects it may be part of, by id; the form lists them."""
    projects = all_projects(territory_id) if territory_id else []
    form.offer_projects(projects)
    return {project.id: project for project in projects}


def texts(form: DebateForm) -> dict[str, str]:
    return {name: form[name].data or "" for name in ("title", "summary", "asked", "becomes", "open_to", "body")}


add_space_views(debates_admin, load)
