"""Which kinds are compared with one another, and which may be linked. Each feature says it of its own, when the application starts.

registry.compare("proposal")                                   # found near others, and shown with what is near it
registry.link("project", permission="project.edit")            # the rule that says who may link one
registry.link("tool", permission="sheet.link", regional=True)  # the region's curators answer for them too
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Linkable:
    permission: str
    regional: bool


_compared: dict[str, None] = {}
_linkable: dict[str, Linkable] = {}
_precedents: dict[str, None] = {}


def compare(kind: str, *, precedent: bool = False) -> None:
    """`precedent`: one is something done, that others may learn from (« déjà fait ailleurs »)."""
    _compared[kind] = None
    if precedent:
        _precedents[kind] = None


def link(kind: str, *, permission: str, regional: bool = False) -> None:
    _linkable[kind] = Linkable(permission, regional)


def compared() -> list[str]:
    return list(_compared)


def precedents() -> list[str]:
    return list(_precedents)


def linkable() -> list[str]:
    return list(_linkable)


def regional() -> list[str]:
    return [kind for kind, how in _linkable.items() if how.regional]


def permission_of(kind: str) -> str | None:
    """None for what is not linked by hand."""
    return _linkable[kind].permission if kind in _linkable else None
