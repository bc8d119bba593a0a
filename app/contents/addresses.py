"""From an address somebody typed to the content it leads to; and what the addresses of a list need."""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Select, select
from sqlalchemy.orm.attributes import set_committed_value

from app.contents.models import Content
from app.contents.queries import BODIES, get_content
from app.core.db import db, one_of
from app.core.errors import DomainError, NotFound
from app.core.i18n import _
from app.core.permissions import require
from app.core.urls import local_path


def content_at(typed: str, field: str) -> Content:
    """The content meant by an address of this site, or by its number, if the person may read it; else a refusal."""
    last = (local_path(typed) or typed).split("?")[0].split("#")[0].rstrip("/").rsplit("/", 1)[-1]
    number = last.split("-", 1)[0]
    try:
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise NotFound
        content = get_content(int(number))
        require("content.read", content)
    except NotFound:
        raise DomainError(_("Cette adresse ne mène à aucune page du site. Copiez celle de la page à lier."), field=field) from None
    return content


def with_parents(contents: Sequence[Content]) -> None:
    """Load what these answer, and what that answers, base columns without bodies: two queries, however many there are.

    The address of an argument or a reply is found on the page of what it answers: without this, each asks for itself.
    """
    wave = list(contents)
    for _level in range(2):
        wanted = {each.parent_id for each in wave if each.parent_id is not None and "parent" not in each.__dict__}
        found = {parent.id: parent for parent in db.scalars(numbered(), {"ids": wanted})} if wanted else {}
        for each in wave:
            if each.parent_id in found:
                set_committed_value(each, "parent", found[each.parent_id])
        wave = [each.parent for each in wave if each.parent_id is not None and each.parent is not None]


@cache
def numbered() -> Select[Content]:
    return select(Content).where(one_of(Content.id, "ids")).options(*BODIES)
