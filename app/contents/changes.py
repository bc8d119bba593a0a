"""Whatever changes a content moves the stamps of the pages that show it: in the same transaction, wherever it happens."""

from sqlalchemy import event
from sqlalchemy.orm import Session as OrmSession

from app.contents.models import Attachment, Content, ContentTerm, Phase
from app.core import stamps
from app.core.db import Session, changes

COUNTERS = {"replies_count"}
# What a decision of moderation changes: the very next request must not show it.
TAKEN_BACK = {"state", "is_public", "title", "summary", "body_html"}


def names_for(content: Content) -> set[str]:
    """The stamps of every page that shows this content."""
    around = {content.id, content.project_id, content.space_id, content.parent_id} - {None}
    return {f"content:{each}" for each in around} | {f"territory:{content.territory_id}" if content.territory_id else "catalogue", "region"}


def bump_stamps(session: OrmSession, _context) -> None:
    names: set[str] = set()
    strict = False
    for thing in session.new | session.dirty | session.deleted:
        if isinstance(thing, Content):
            changed = {"*"} if thing in session.new else changes(thing)
            if changed - COUNTERS or thing in session.deleted:
                names |= names_for(thing)
                strict = strict or thing in session.deleted or bool(changed & TAKEN_BACK)
        elif isinstance(thing, Phase | Attachment | ContentTerm):
            names.add(f"content:{thing.content_id}")
    if names:
        stamps.bump(*sorted(names), strict=strict)


def listen() -> None:
    if not event.contains(Session, "after_flush", bump_stamps):
        event.listen(Session, "after_flush", bump_stamps)
