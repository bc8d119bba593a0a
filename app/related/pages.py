"""What features ask for their pages. In what they keep, it names the stamps of what it shows."""

from collections.abc import Iterable

from app.contents.models import Content
from app.core import pagecache
from app.core.permissions import me
from app.related import genealogy, near, queries, reasons


def nearby(content: Content, shown: Iterable[Content] = ()) -> list[tuple[Content, list[str]]]:
    """What is near a content, and why, for the end of its page; `shown` are on it already. Two queries, one where nothing is near."""
    found = queries.neighbours_of(content, without=[each.id for each in shown])
    name(content, (other for other, _likeness in found))
    why = reasons.told([(content, other, likeness) for other, likeness in found]) if found else []
    return [(other, told) for (other, _likeness), told in zip(found, why, strict=True)]


def genealogy_of(content: Content) -> genealogy.Genealogy | None:
    tree = genealogy.genealogy_of(content)
    if tree is not None:
        name(content, (member.content for member in tree.members))
    return tree


def name(content: Content, others: Iterable[Content]) -> None:
    """A page for visitors moves with what it shows."""
    if content.is_public:
        pagecache.public(*(f"content:{other.id}" for other in others))


def elsewhere(title: str | None, body: str | None, territory_id: int | None) -> list[near.Near]:
    """What has been done elsewhere, shown with a form: for what it holds already, saved, or sent and refused."""
    texts = [words for words in (title, body) if words]
    return near.elsewhere(title or "", body or "", territory_id=territory_id, reader=me()) if texts else []
