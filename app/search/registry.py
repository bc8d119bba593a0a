"""Which kinds of content are searched, and how one becomes a document. Every kind says one thing or the other.

    @searchable(Proposal)
    def proposal_document(proposal: Proposal) -> Document:
        return Document.of(proposal, facets={"section": [proposal.section]})

    not_searchable(Draft, because="…")

`Document.of` takes title, summary, body, territory, dates and language from the content; anything may be overridden.
Terms of vocabularies (theme, approach…) and the territories above are added by sync.py: nobody has to think of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from app.contents.models import Content
from app.core.i18n import _l
from app.search.engines.base import Document

__all__ = [
    "FACETS",
    "Document",
    "Facet",
    "Searchable",
    "document_of",
    "facet",
    "is_searchable",
    "not_searchable",
    "searchable",
    "searchables",
]

C = TypeVar("C", bound=Content)


@dataclass(frozen=True)
class Searchable:
    model: type[Content]
    document: Callable[[Any], Document]
    load: Sequence[Any] = ()  # loader options that `document` needs; without them a relationship raises
    whole: bool = True  # does `document` read columns that only this kind has?
    is_titled: bool = True  # did somebody choose its title? Else titles are not proposed while one types


@dataclass(frozen=True)
class Facet:
    """A facet one can count and filter by. `values`: value → label, for those that no vocabulary of the same key names."""

    name: str
    label: Any
    values: Callable[[], dict[str, Any]] | None = None


_searchables: dict[type[Content], Searchable] = {}
_silent: dict[type[Content], str] = {}
FACETS: dict[str, Facet] = {}


def searchable(
    model: type[C], load: Sequence[Any] = (), *, whole: bool = True, is_titled: bool = True
) -> Callable[[Callable[[C], Document]], Callable[[C], Document]]:
    """`whole=False`: what every content has is enough for the document; the kind's own columns are not read.
    `is_titled=False`: its title is only its first words.
    """

    def register(document: Callable[[C], Document]) -> Callable[[C], Document]:
        _searchables[model] = Searchable(model, document, load, whole, is_titled)
        return document

    return register


def not_searchable(model: type[Content], *, because: str) -> None:
    """Say why nobody will ever look for one."""
    assert because
    _silent[model] = because


def is_searchable(model: type[Content]) -> bool | None:
    """None: it has not said, which a test refuses."""
    return True if model in _searchables else False if model in _silent else None


def searchables() -> dict[type[Content], Searchable]:
    return dict(_searchables)


def kinds_by_title() -> dict[str, bool]:
    """Kind → whether its title was chosen."""
    return {model.__mapper_args__["polymorphic_identity"]: each.is_titled for model, each in _searchables.items()}


def document_of(content: Content) -> Document | None:
    found = _searchables.get(type(content))
    return found.document(content) if found else None


def facet(name: str, label: Any, values: Callable[[], dict[str, Any]] | None = None) -> None:
    """Name a facet that documents carry in `facets[name]`. The values of a vocabulary with the key `name` need no `values`."""
    FACETS[name] = Facet(name, label, values)


facet("kind", _l("Type"))
facet("territory", _l("Territoire"))
facet("theme", _l("Thème"))
facet("year", _l("Année"))
facet("state", _l("État"), lambda: {"open": _l("Ouvert"), "soon": _l("Bientôt"), "closed": _l("Clos")})
facet(
    "language",
    _l("Langue"),
    lambda: {
        "fr": _l("Français"),
        "en": _l("Anglais"),
        "nl": _l("Néerlandais"),
        "es": _l("Espagnol"),
        "de": _l("Allemand"),
        "it": _l("Italien"),
        "pt": _l("Portugais"),
    },
)
