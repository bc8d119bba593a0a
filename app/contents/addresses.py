"""From an address somebody typed to the content it leads to."""

from app.contents.models import Content
from app.contents.queries import get_content
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
