"""What can happen to a consultation itself."""

from app.accounts.models import Person
from app.consultations.models import Consultation
from app.contents import services as contents
from app.contents import spaces
from app.contents.models import Content
from app.core.db import db
from app.territories.models import Territory


def create_consultation(
    territory: Territory,
    *,
    by: Person | None,
    title: str,
    summary: str,
    body: str = "",
    asked: str = "",
    becomes: str = "",
    open_to: str = "",
    project: Content | None = None,
) -> Consultation:
    """A draft, that the territory publishes once it has dates."""
    consultation = Consultation(territory_id=territory.id, project_id=project.id if project else None, byline=territory.short_name)
    spaces.set_answers(consultation, asked=asked, becomes=becomes, open_to=open_to)
    contents.write(consultation, title=title, summary=summary, body=body)
    contents.add(consultation, author=by)
    return consultation


def edit_consultation(
    consultation: Consultation,
    *,
    by: Person,
    seen: int,
    title: str,
    summary: str,
    body: str = "",
    asked: str = "",
    becomes: str = "",
    open_to: str = "",
    project: Content | None = None,
) -> None:
    contents.edit(consultation, by=by, seen=seen, title=title, summary=summary, body=body)
    spaces.set_answers(consultation, asked=asked, becomes=becomes, open_to=open_to)
    spaces.move_to_project(consultation, project)
    db.flush()
