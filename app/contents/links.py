"""Verbs of links between contents: tied, proposed, answered, untied. Who may is for whoever calls; `app/related` does by hand."""

from sqlalchemy import update

from app.accounts.models import Person
from app.contents.models import Content, Link, LinkNature, LinkState
from app.core import clock, stamps
from app.core.db import db, insert_or_ignore
from app.core.errors import DomainError
from app.core.i18n import _


def link(
    origin: Content, target: Content, nature: LinkNature | str, *, author: Person | None, note: str = "", asked: Content | None = None
) -> int | None:
    """Tie two contents, or propose it to the people of `asked`, one of the two. The same tie twice is one.

    Returns the new row's id; None when there is one already, accepted or not: it is left as it is.
    """
    if origin.id == target.id:
        raise DomainError(_("Une page ne peut pas être liée à elle-même. Choisissez-en une autre."), field="target")
    values = {
        "from_id": origin.id,
        "to_id": target.id,
        "nature": LinkNature(nature),
        "note": note,
        "state": LinkState.PROPOSED if asked else LinkState.ACCEPTED,
        "asked_id": asked.id if asked else None,
        "author_id": author.id if author else None,
        "created_at": clock.now(),
    }
    made: int | None = insert_or_ignore(Link, values, returning=Link.id)
    if made is not None and asked is None:
        bump(origin.id, target.id)
    return made


def answer(row: Link, *, accepted: bool, by: Person | None, after: LinkState = LinkState.PROPOSED) -> None:
    """Accept or dismiss what is in the state `after`: of two answers at once, the first holds."""
    state = LinkState.ACCEPTED if accepted else LinkState.DISMISSED
    claimed = db.execute(
        update(Link)
        .where(Link.id == row.id, Link.state == after)
        .values(state=state, answered_by_id=by.id if by else None, answered_at=clock.now())
        .returning(Link.id)
    ).scalar()
    if claimed is None:
        raise DomainError(_("Quelqu’un a répondu à cette proposition entre-temps."))
    if accepted:
        bump(row.from_id, row.to_id)


def unlink(row: Link) -> None:
    db.delete(row)
    db.flush()
    bump(row.from_id, row.to_id)


def bump(*ids: int) -> None:
    stamps.bump(*(f"content:{each}" for each in ids))
