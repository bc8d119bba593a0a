"""What every engine receives, gives back, and promises."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from app.core.clock import PARIS
from app.core.text import plain
from app.search.grammar import Query

STATES = ("open", "soon", "closed")
SORTS = ("relevance", "date", "territory")
LAST_PAGE = 10_000


class SearchUnavailable(Exception):
    """The index cannot be read (absent, damaged, being replaced…). Pages say so in one sentence; a rebuild mends it."""


@dataclass(frozen=True)
class Document:
    """One public content, as the index knows it. `facets` adds named values to count and filter by, several a name.

    `territory_id` is where it belongs; put the places above it in `facets["territory"]` to find it from them too.
    `lessons` is what one learned from it, apart from `body`: it weighs more.
    Times are aware. Text is plain text, never HTML.
    """

    content_id: int
    kind: str
    title: str
    summary: str = ""
    lessons: str = ""
    body: str = ""
    territory_id: int | None = None
    space_id: int | None = None
    language: str = "fr"
    themes: Sequence[str] = ()
    year: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    published_at: datetime | None = None
    facets: dict[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, content: Any, **given: Any) -> "Document":
        """The document of a content from its base columns; `given` replaces or adds."""
        dated = content.published_at or content.created_at
        values = {
            "content_id": content.id,
            "kind": content.kind,
            "title": content.title,
            "summary": content.summary,
            "body": plain(content.body_html or ""),
            "territory_id": content.territory_id,
            "space_id": content.space_id,
            "language": content.language,
            "year": dated.astimezone(PARIS).year if dated else None,
            "opens_at": content.opens_at,
            "closes_at": content.closes_at,
            "published_at": content.published_at,
        }
        return cls(**(values | given))

    def facet_values(self) -> dict[str, list[str]]:
        """Every named value, as text."""
        values = {name: [str(value) for value in given] for name, given in self.facets.items()}
        values.setdefault("territory", [])
        if self.territory_id is not None:
            values["territory"].insert(0, str(self.territory_id))
        values["kind"] = [self.kind]
        values["theme"] = list(self.themes) + values.get("theme", [])
        values["language"] = [self.language]
        if self.year is not None:
            values["year"] = [str(self.year)]
        if self.space_id is not None:
            values["space"] = [str(self.space_id)]
        return {name: list(dict.fromkeys(given)) for name, given in values.items() if given}


@dataclass(frozen=True)
class SearchRequest:
    """One page of one search. `filters`: name → accepted values (any of them; names add up). `now` decides open or closed.

    `facets` names what to count; `territory_order` lists territory values in the order of `sort="territory"`.
    `within` limits the search, facets included, as if nothing else existed (the catalogue, one space).
    `prefer_recent` and `near` (a territory value) lift what is recent, or of that place, a little: see ranking.NUDGES.
    `titles_only`: every word asked stands in the title; `every_word`: somewhere.
    """

    query: Query
    now: datetime
    filters: dict[str, Sequence[str]] = field(default_factory=dict)
    within: dict[str, Sequence[str]] = field(default_factory=dict)
    sort: str = "relevance"
    page: int = 1
    per_page: int = 20
    facets: Sequence[str] = ("kind", "territory", "theme", "year", "state")
    territory_order: Sequence[str] = ()
    prefer_recent: bool = False
    near: str | None = None
    titles_only: bool = False
    every_word: bool = False


@dataclass(frozen=True)
class Hit:
    """`terms`, of `search` only: those looked for that it has. `likeness`, of `more_like` only: how near the whole text,
    from 0 to 1, the same for every text and index."""

    content_id: int
    score: float
    likeness: float = 0.0
    terms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Results:
    """`terms` are all the terms that were looked for, near spellings included: highlights mark those that a hit has.

    `corrections` pairs a typed word that is nowhere with the term searched in its place. `until`: the second at which
    something of this index next opens or closes.
    """

    total: int
    hits: list[Hit]
    facets: dict[str, list[tuple[str, int]]]
    terms: tuple[str, ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
    until: int | None = None

    @property
    def ids(self) -> list[int]:
        return [hit.content_id for hit in self.hits]


@dataclass(frozen=True)
class Status:
    engine: str
    is_ready: bool
    documents: int = 0
    size: int = 0  # bytes on disk
    detail: str = ""


Refresh = Callable[[Sequence[int]], Iterable[Document]]


class Engine(Protocol):
    """Reading methods raise SearchUnavailable, and nothing else, when the index cannot be read."""

    def put(self, documents: Iterable[Document], removed: Iterable[int] = ()) -> None:
        """Add or replace, and remove, in one commit. Only the leader calls this."""

    def remove(self, content_ids: Iterable[int]) -> None: ...

    def search(self, request: SearchRequest) -> Results: ...

    def suggest(self, words: Sequence[str]) -> dict[str, str]:
        """For words that are nowhere in the index, the nearest term that is."""

    def more_like(
        self,
        title: str,
        body: str,
        limit: int = 3,
        exclude: Iterable[int] = (),
        within: dict[str, Sequence[str]] | None = None,
        now: datetime | None = None,
        language: str = "fr",
    ) -> list[Hit]: ...

    def rebuild(self, batches: Iterator[Iterable[Document]], refresh: Refresh) -> int:
        """Index everything beside the present index, then swap. What was put or removed meanwhile is read again through
        `refresh(ids)`, which gives the documents that are still public."""

    def tend(self) -> bool:
        """Housekeeping for a quiet moment; True if there was something to do."""

    def status(self) -> Status: ...
