"""What can happen to a debate."""

from app.accounts.models import Person
from app.contents import services as contents
from app.contents import spaces
from app.contents.models import Content
from app.core.db import db
from app.debates.models import Debate
from app.territories.models import Territory


def create_debate(
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
) -> Debate:
    """A draft, that the territory publishes once it has dates."""
    debate = Debate(territory_id=territory.id, project_id=project.id if project else None, byline=territory.short_name)
    spaces.set_answers(debate, asked=asked, becomes=becomes, open_to=open_to)
    contents.write(debate, title=title, summary=summary, body=body)
    contents.add(debate, author=by)
    return debate


def edit_debate(
    debate: Debate,
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
    contents.edit(debate, by=by, seen=seen, title=title, summary=summary, body=body)
    spaces.set_answers(debate, asked=asked, becomes=becomes, open_to=open_to)
    spaces.move_to_project(debate, project)
    db.flush()
