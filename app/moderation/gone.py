"""What stands at the address of a text that moderation took back: that it was there, since when it is not, and why. Nothing of it."""

from typing import Any

from flask import url_for
from sqlalchemy import inspect, select
from sqlalchemy.orm import joinedload

from app.contents import kinds
from app.contents.models import Content, State
from app.contents.queries import BODIES
from app.core.db import db
from app.core.formats import day
from app.core.i18n import _
from app.moderation import queries


def told(thing: Any) -> tuple[str, str, str, dict[str, Any]] | None:
    """(title, message, template, context) for what the public read and a decision hides or removed; None for anything else.

    Drafts, what waits, what was refused, and what hangs from something that is not public, are nobody's to know of.
    Plain values only: the page is made once the transaction that refused is over.
    """
    identity = inspect(thing).identity if isinstance(thing, Content) else None  # of a row that may be no longer at hand
    content = find_taken_back(identity[0]) if identity else None
    decision = queries.standing_restriction(content.id) if content else None
    if content is None or decision is None or decision.article is None:
        return None
    when, why = day(decision.at), decision.article.title
    if content.state == State.HIDDEN:
        title = _("Ce texte est masqué")
        message = _("Il est masqué par précaution depuis le %(day)s. Une personne va le relire. La raison : %(why)s.", day=when, why=why)
    else:
        title, message = _("Ce texte a été retiré"), _("Il a été retiré le %(day)s. La raison : %(why)s.", day=when, why=why)
    place = content.territory
    register = url_for("transparency.territory_register", slug=place.slug) if place else url_for("transparency.region_register")
    about = kinds.kind_label(content), place.short_name if place else _("Région")
    return title, message, "moderation/gone.html", {"about": about, "stood_at": stood_at(content), "register": register}


def find_taken_back(content_id: int) -> Content | None:
    """With its place and what it hangs from, base columns only; None if it is not such a text. One query."""
    around = (Content.parent, Content.space, Content.project)
    query = select(Content).where(Content.id == content_id, Content.state.in_((State.HIDDEN, State.REMOVED)))
    query = query.options(*BODIES, joinedload(Content.territory), *(joinedload(each).options(*BODIES) for each in around))
    found = db.scalars(query.where(Content.published_at.is_not(None))).one_or_none()
    if found is None or not all(above.is_public for above in (found.parent, found.space, found.project) if above):
        return None
    return found


def stood_at(content: Content) -> str:
    """The page where it was read among others, at its place."""
    if content.parent:
        return kinds.url_of(content)
    above = content.space or content.project
    if above:
        return kinds.url_of(above)
    return url_for("territories.show", slug=content.territory.slug) if content.territory else url_for("home.front")
