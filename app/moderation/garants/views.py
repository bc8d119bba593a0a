from flask import Blueprint, render_template, request

from app.accounts import sections
from app.accounts.models import Person
from app.contents.models import Content
from app.contents.queries import get_content, mandates_of
from app.core.errors import NotFound
from app.core.i18n import _
from app.core.pages import paginate
from app.core.permissions import me, require
from app.moderation import queries as desk
from app.moderation.appeals.queries import appeals_about, due_on
from app.moderation.garants import queries

garants = Blueprint("garants", __name__, url_prefix="/moderation/garant", template_folder="templates")


def load(project_id: int) -> Content:
    project = get_content(project_id)
    require("mandate.read", project)
    return project


@garants.get("/")
def index():
    require("mandates.read")
    mandates = mandates_of(me())
    if not mandates:
        raise NotFound
    counts = {project.id: (queries.count_in(project, is_open=True), queries.count_in(project, is_open=False)) for project in mandates}
    return render_template("garants/index.html", mandates=mandates, counts=counts)


@garants.get("/<int:project_id>")
def project(project_id):
    project = load(project_id)
    decided = request.args.get("etape") == "decides"
    page = paginate(queries.cases_in(project, is_open=not decided))
    counts = {"waiting": queries.count_in(project, is_open=True), "decided": queries.count_in(project, is_open=False)}
    found = appeals_about(queries.contents_of(project))
    return render_template("garants/project.html", project=project, page=page, decided=decided, counts=counts, appeals=found, due_on=due_on)


@garants.get("/<int:project_id>/cas/<int:case_id>")
def case(project_id, case_id):
    project = load(project_id)
    case = queries.get_case(project, case_id)
    return render_template(
        "garants/case.html",
        project=project,
        case=case,
        content=case.content,
        versions=queries.versions_of(case.content),
        reports=desk.reports_of(case.content_id),
        messages=desk.messages_of(case.id),
        decisions=queries.decisions_of(case.id),
        appeals=appeals_about([case.content_id]),
    )


@sections.at(6)
def on_the_account_page(person: Person):
    """The way in, from the account's page."""
    mandates = mandates_of(person)
    return (_("Vos mandats de garant"), "garants/section.html", {"mandates": mandates}) if mandates else None
