"""Where a contribution may be moved, instead of being refused: another open space of the territory that takes the same kind."""

from collections.abc import Sequence

from sqlalchemy import select

from app.contents import services as contents
from app.contents.models import Content, Phase
from app.contents.queries import BODIES, published
from app.core.db import db
from app.core.errors import DomainError
from app.core.i18n import _

_taken: dict[str, tuple[str, str]] = {}


def takes(kind: str, *, into: str, act: str) -> None:
    """Features say so: a "proposal" goes into a "consultation" where one may "propose"."""
    _taken[kind] = (into, act)


def space_kinds() -> set[str]:
    """The kinds of spaces that people write in."""
    return {into for into, _act in _taken.values()}


def destinations_of(content: Content) -> Sequence[Content]:
    """The spaces where it could go now, by title; none for a kind that hangs from a text, as a reply does. Two queries."""
    if content.kind not in _taken:
        return []
    into, act = _taken[content.kind]
    here = (Content.territory_id == content.territory_id, Content.kind == into, published(), Content.id != content.space_id)
    spaces = db.scalars(select(Content).where(*here).options(*BODIES).order_by(Content.title, Content.id)).all()
    phases: dict[int, list[Phase]] = {space.id: [] for space in spaces}
    for phase in db.scalars(select(Phase).where(Phase.content_id.in_(phases))) if phases else ():
        phases[phase.content_id].append(phase)
    return [space for space in spaces if contents.is_allowed(space, phases[space.id], act)]


def move(content: Content, destination: Content | None) -> None:
    """To one of its destinations; it is read there from now on."""
    if destination is None or destination.id not in {each.id for each in destinations_of(content)}:
        raise DomainError(_("Choisissez une activité ouverte de ce territoire, qui reçoit cette sorte de texte."), field="destination")
    contents.place_under(content, destination)
