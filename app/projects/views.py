from flask import Blueprint, jsonify, render_template, request, url_for

from app.contents import queries as contents
from app.contents import spaces
from app.contents.models import Content
from app.core import pagecache
from app.core.pages import paginate
from app.core.permissions import require
from app.projects import queries
from app.projects.labels import KINDS, MATURITIES
from app.projects.models import Project
from app.related import pages as related

projects = Blueprint("projects", __name__, template_folder="templates")


def address(content: Content) -> str:
    return url_for("projects.show", project_id=content)


@projects.get("/projets/")
@projects.get("/projets.json", endpoint="index_json")
def index():
    """Every published project of the region."""
    page = paginate(queries.public_projects())
    pagecache.public("region")
    if request.path.endswith(".json"):
        return jsonify(page.as_json(describe))
    return render_template("projects/index.html", page=page, maturities=MATURITIES, kinds=KINDS)


@projects.get("/projets/<ref:project_id>")
def show(project_id):
    project = queries.get_project(project_id)
    require("project.read", project)
    activities = queries.activities_of(project)
    if project.is_public:
        until = contents.next_boundary(project, *activities)
        pagecache.public(f"content:{project.id}", f"territory:{project.territory_id}", until=until)
    links = contents.links_of(project)
    return render_template(
        "projects/show.html",
        project=project,
        activities=activities,
        phases=contents.phases_of(project),
        moved=spaces.ends_moved(project),
        life=queries.life_of(project),
        links=links,
        near=related.nearby(project, (other for _link, other, _outward in links)),
        documents=contents.attachments_of(project),
        maturities=MATURITIES,
        kinds=KINDS,
    )


def describe(project: Project) -> dict:
    return {
        "kind": project.kind,
        "id": project.id,
        "title": project.title,
        "url": address(project),
        "territory": project.territory and project.territory.slug,
        "maturity": project.maturity,
        "published_at": project.published_at,
        "summary": project.summary,
    }
