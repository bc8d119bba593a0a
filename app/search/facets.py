"""The facets of a search: the names of what they hold, and what is shown of what an index counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sqlalchemy import String, bindparam, literal, select
from sqlalchemy.orm import aliased

from app.contents import kinds
from app.contents.models import Term, Vocabulary
from app.core import pagecache
from app.core.db import db
from app.search import registry
from app.search.engines.base import STATES
from app.territories.models import Territory

FACETS = ("kind", "territory", "theme", "approach", "level", "public", "state", "year", "language")
WITHOUT_VOCABULARY = frozenset({"kind", "territory", "year", "state", "language"})
IN_ORDER = frozenset({"level"})  # vocabularies that go from one end to another, and are read so
NO_SUCH_THING = "-"


@dataclass(frozen=True)
class Value:
    value: str
    label: str
    count: int
    selected: bool = False
    depth: int = 0  # in the tree of territories


@dataclass(frozen=True)
class FacetView:
    """For the `facets` macro. One that would narrow nothing is not shown (`is_useful`), but is in the JSON."""

    name: str
    label: str
    values: list[Value]
    is_useful: bool = True

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key)  # the macro writes facet["values"], which is a method of a mapping


# --- Names for values -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    id: int
    slug: str
    short_name: str
    parent_id: int | None


@dataclass(frozen=True)
class Names:
    """The places that host something, by id, and the terms of the vocabularies asked for: (vocabulary, key) → (place in it, label)."""

    places: dict[int, Place]
    terms: dict[tuple[str, str], tuple[int, str]]
    merged: dict[tuple[str, str], str]  # (vocabulary, key) of a term merged into another → the other's key

    def __sizeof__(self) -> int:
        return 400 * (len(self.places) + len(self.terms) + len(self.merged))

    def place_called(self, slug: str) -> Place | None:
        return next((each for each in self.places.values() if each.slug == slug), None)


def names_of(facets: Sequence[str]) -> Names:
    """One query, of a process and a change."""
    vocabularies = tuple(name for name in facets if name not in WITHOUT_VOCABULARY)
    stamps = ("search", "region")  # the first too: an import may bring a term, with what carries it
    return pagecache.known(("names", vocabularies), stamps, lambda: _read_names(vocabularies))


def _read_names(vocabularies: Sequence[str]) -> Names:
    found = Names({}, {}, {})
    for vocabulary, place_id, key, label, number, leads_to in db.execute(_every_name(), {"vocabularies": vocabularies}):
        if leads_to:
            found.merged[vocabulary, key] = leads_to
        elif vocabulary:
            found.terms[vocabulary, key] = (number, label)
        else:
            found.places[place_id] = Place(place_id, key, label, number)
    return found


@cache
def _every_name() -> Any:
    """Pilot territories and those above them; the terms of some vocabularies. `number`: a place's parent, a term's place.
    `leads_to`: the key of the term that one was merged into."""
    above = select(Territory.parent_id).where(Territory.is_pilot, Territory.parent_id.is_not(None))
    places = select(
        literal("").label("vocabulary"),
        Territory.id,
        Territory.slug,
        Territory.short_name,
        Territory.parent_id.label("number"),
        literal(None, String).label("leads_to"),
    ).where(Territory.is_pilot | Territory.id.in_(above))
    other = aliased(Term)
    terms = (
        select(Vocabulary.key, literal(0), Term.key, Term.label, Term.position, other.key)
        .join(Term, Term.vocabulary_id == Vocabulary.id)
        .outerjoin(other, Term.merged_into_id == other.id)
    )
    return places.union_all(terms.where(Vocabulary.key.in_(bindparam("vocabularies", expanding=True))))


def as_indexed(name: str, values: Iterable[str], names: Names) -> list[str]:
    """Territories are indexed by id, so that one may be renamed, and written by slug. A term merged into another leads there."""
    if name != "territory":
        return [names.merged.get((name, value), value) for value in values]
    by_slug = {each.slug: str(each.id) for each in names.places.values()}
    return [by_slug.get(value, NO_SUCH_THING) for value in values]


# --- What is shown -----------------------------------------------------------------------------------------------------------


def views_of(
    counted: Mapping[str, Sequence[tuple[str, int]]], chosen: Mapping[str, Sequence[str]], names: Names, total: int
) -> list[FacetView]:
    """What is shown of what an index counted (name → pairs of an indexed value and its count) in `total` results. What is chosen stays."""
    views = []
    for name, pairs in counted.items():
        facet = registry.FACETS.get(name)
        selected = [names.merged.get((name, value), value) for value in chosen.get(name, ())]
        values = [
            Value(shown, label, count, shown in selected) for value, count in pairs for shown, label in _shown(name, value, names) if label
        ]
        present = {value.value for value in values}
        for value in sorted(set(selected) - present):  # a filter that matches nothing can still be taken away
            values.append(Value(value, _label(name, value, names), 0, True))
        if name == "territory":
            values = _as_tree(values, names)
        elif name == "year":
            values.sort(key=lambda each: each.value, reverse=True)
        elif name == "state":
            values.sort(key=lambda each: STATES.index(each.value) if each.value in STATES else len(STATES))
        elif name in IN_ORDER:
            values.sort(key=lambda each, name=name: names.terms.get((name, each.value), (99, ""))[0])  # type: ignore[misc]
        is_useful = bool(selected) or any(value.count < total for value in values)
        views.append(FacetView(name, str(facet.label) if facet else name, values, is_useful))
    return views


def _shown(name: str, value: str, names: Names) -> list[tuple[str, str]]:
    """(as written in addresses, label) of an indexed value; none for a place that hosts nothing."""
    if name != "territory":
        return [(value, _label(name, value, names))]
    place = names.places.get(int(value)) if value.isdigit() else None
    return [(place.slug, place.short_name)] if place else []


def _label(name: str, value: str, names: Names) -> str:
    facet = registry.FACETS.get(name)
    if name == "kind" and value in kinds.all_kinds():
        return str(kinds.all_kinds()[value].label)
    if name == "territory":
        place = names.place_called(value)
        return place.short_name if place else value
    if (name, value) in names.terms:
        return names.terms[name, value][1]
    words = facet.values() if facet and facet.values else {}
    return str(words.get(value, value))


def _as_tree(values: Sequence[Value], names: Names) -> list[Value]:
    """Each place after the one it is part of, one step to the right; the fullest first."""
    ids = {each.slug: each.id for each in names.places.values()}
    slugs = {each.id: each.slug for each in names.places.values()}
    present = {value.value for value in values}
    below: dict[str, list[Value]] = {}
    for value in values:
        place = names.places.get(ids.get(value.value, 0))
        above = slugs.get(place.parent_id or 0, "") if place else ""
        below.setdefault(above if above in present else "", []).append(value)
    ordered: list[Value] = []

    def add(under: str, depth: int) -> None:
        for value in below.pop(under, ()):
            ordered.append(replace(value, depth=min(depth, 2)))
            add(value.value, depth + 1)

    add("", 0)
    return ordered
