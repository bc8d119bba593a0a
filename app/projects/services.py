"""What can happen to a project."""

from app.accounts.models import Person
from app.contents import services as contents
from app.contents.models import State
from app.core import clock
from app.core.db import add_row, db
from app.core.errors import DomainError
from app.core.i18n import _
from app.projects.models import Maturity, MaturityChange, Project, ProjectKind
from app.territories.models import Territory


def create_project(
    territory: Territory, *, by: Person | None, title: str, summary: str, body: str, project_kind: str, maturity: str = Maturity.IDEA
) -> Project:
    """A draft, that the territory publishes when it is ready."""
    project = Project(
        territory_id=territory.id, project_kind=ProjectKind(project_kind), maturity=Maturity(maturity), byline=territory.short_name
    )
    contents.write(project, title=title, summary=summary, body=body)
    contents.add(project, author=by)
    add_row(MaturityChange, {"project_id": project.id, "maturity": project.maturity, "by_id": by.id if by else None})
    return project


def edit_project(project: Project, *, by: Person, seen: int, title: str, summary: str, body: str, project_kind: str) -> None:
    contents.edit(project, by=by, seen=seen, title=title, summary=summary, body=body)
    project.project_kind = ProjectKind(project_kind)
    db.flush()


def publish_project(project: Project, *, by: Person | None) -> None:
    contents.change_state(project, State.PUBLISHED, by=by)


def set_maturity(project: Project, maturity: str, *, note: str, by: Person | None) -> None:
    """Move to another maturity, and say so with a date."""
    chosen = Maturity(maturity)
    if chosen == project.maturity:
        raise DomainError(_("Le projet est déjà à cette étape. Choisissez-en une autre."), field="maturity")
    project.maturity = chosen
    project.updated_at = clock.now()
    db.flush()
    add_row(MaturityChange, {"project_id": project.id, "maturity": chosen, "note": note.strip(), "by_id": by.id if by else None})
