"""What is known of every document besides its words, as arrays: facet values, dates, lengths.

An engine reads these once, a *chunk* at a time (a segment of Whoosh, rows of PostgreSQL), and keeps them in memory,
some 100 bytes a document: counting facets under any combination of filters is then a few operations on arrays.
"""

from array import array
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.search.engines.base import Document

Mask = NDArray[np.bool_]
Ints = NDArray[np.int32]

ZONES = ("any", "title", "summary", "lessons", "often")  # where a term stands: anywhere, title, summary, lessons, three times or more
NEVER = int(np.iinfo(np.int64).max)
LONG_AGO = int(np.iinfo(np.int64).min)

# What a document leaves besides its words: (content id, facet values, opens, closes, published, words in title, summary, all).
Row = tuple[int, dict[str, list[str]], int | None, int | None, int | None, int, int, int]


def seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.astimezone(UTC).timestamp())


def row_of(document: Document, lengths: tuple[int, int, int]) -> Row:
    return (
        document.content_id,
        document.facet_values(),
        seconds(document.opens_at),
        seconds(document.closes_at),
        seconds(document.published_at),
        *lengths,
    )


class Codes:
    """Numbers for the values of each facet, the same for every chunk of one engine."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[str, int]] = {}
        self._values: dict[str, list[str]] = {}
        self._lock = Lock()

    def number(self, facet: str, value: str) -> int:
        numbers = self._numbers.setdefault(facet, {})
        if (known := numbers.get(value)) is not None:
            return known
        with self._lock:
            if value not in numbers:
                values = self._values.setdefault(facet, [])
                values.append(value)
                numbers[value] = len(values) - 1
            return numbers[value]

    def find(self, facet: str, values: Iterable[str]) -> list[int]:
        numbers = self._numbers.get(facet, {})
        return [numbers[value] for value in values if value in numbers]

    def values(self, facet: str) -> list[str]:
        return self._values.get(facet, [])


class Chunk:
    """The columns of some documents, in order."""

    def __init__(self, rows: Iterable[Row], codes: Codes):
        """Rows are read one by one into plain arrays: thousands of them held at once as objects weigh ten times what is kept."""
        whole = {name: array("q") for name in ("content_id", "opens", "closes", "published")}
        lengths = array("f")
        pairs: dict[str, tuple[array[int], array[int]]] = {}
        for place, (content_id, facets, opens, closes, published, *words) in enumerate(rows):
            whole["content_id"].append(content_id)
            whole["opens"].append(LONG_AGO if opens is None else opens)
            whole["closes"].append(NEVER if closes is None else closes)
            whole["published"].append(0 if published is None else published)
            lengths.extend(words)
            for facet, values in facets.items():
                places, numbers = pairs.setdefault(facet, (array("i"), array("i")))
                for value in values:
                    places.append(place)
                    numbers.append(codes.number(facet, value))
        self.size = len(whole["content_id"])
        self.content_id, self.opens, self.closes, self.published = (np.array(column, dtype=np.int64) for column in whole.values())
        self.lengths = np.array(lengths, dtype=np.float32).reshape(self.size, 3)
        edges = np.unique(np.concatenate([self.opens, self.closes]))
        self.edges = edges[(edges != LONG_AGO) & (edges != NEVER)]
        self.pairs: dict[str, tuple[Ints, Ints]] = {
            facet: (np.array(places, dtype=np.int32), np.array(numbers, dtype=np.int32)) for facet, (places, numbers) in pairs.items()
        }


class Columns:
    """The columns of a whole index at one moment: its chunks end to end, and which documents still stand."""

    def __init__(self, chunks: Sequence[Chunk], alive: Mask, codes: Codes):
        self.codes = codes
        self.alive = alive
        self.size = len(alive)
        self.alive_count = int(alive.sum())
        self.content_id = _joined([chunk.content_id for chunk in chunks], np.int64)
        self.opens = _joined([chunk.opens for chunk in chunks], np.int64)
        self.closes = _joined([chunk.closes for chunk in chunks], np.int64)
        self.published = _joined([chunk.published for chunk in chunks], np.int64)
        lengths = np.concatenate([chunk.lengths for chunk in chunks]) if chunks else np.zeros((0, 3), dtype=np.float32)
        means = lengths[alive].mean(axis=0) if self.alive_count else np.ones(3)
        self.mean_length = max(float(means[2]), 1.0)  # terms in all
        self.relative_lengths = lengths / np.maximum(means, 1).astype(np.float32)  # title, summary, all
        self.edges = np.unique(_joined([chunk.edges for chunk in chunks], np.int64))  # when something opens or closes
        self.pairs: dict[str, tuple[Ints, Ints]] = {}
        starts = np.cumsum([0, *(chunk.size for chunk in chunks)])
        for facet in {facet for chunk in chunks for facet in chunk.pairs}:
            parts = [
                (chunk.pairs[facet][0] + start, chunk.pairs[facet][1])
                for chunk, start in zip(chunks, starts, strict=False)
                if facet in chunk.pairs
            ]
            self.pairs[facet] = (
                np.concatenate([places for places, _ in parts]).astype(np.int32),
                np.concatenate([numbers for _, numbers in parts]),
            )

    def state(self, name: str, now: int) -> Mask:
        """Open, soon, closed: from the clock, for what has dates; half-open, [opens, closes)."""
        if name == "soon":
            return self.opens > now
        if name == "closed":
            return (self.closes <= now) & (self.opens <= now)
        dated = (self.opens != LONG_AGO) | (self.closes != NEVER)
        return dated & (self.opens <= now) & (now < self.closes)

    def next_edge(self, now: int) -> int | None:
        """The next second in which something opens or closes; the present one, if it does now: dates are cut to the second."""
        place = int(np.searchsorted(self.edges, now))
        return int(self.edges[place]) if place < len(self.edges) else None

    def having(self, facet: str, values: Iterable[str]) -> Mask:
        """The documents with any of these values."""
        mask = np.zeros(self.size, dtype=bool)
        if facet in self.pairs:
            places, numbers = self.pairs[facet]
            wanted = self.codes.find(facet, values)
            if wanted:
                accepted = np.zeros(len(self.codes.values(facet)), dtype=bool)
                accepted[wanted] = True
                mask[places[accepted[numbers]]] = True
        return mask

    def count(self, facet: str, mask: Mask) -> list[tuple[str, int]]:
        """Values among `mask` with their counts, most frequent first."""
        if facet not in self.pairs:
            return []
        places, numbers = self.pairs[facet]
        values = self.codes.values(facet)
        counts = np.bincount(numbers[mask[places]], minlength=len(values))
        found = [(values[number], int(counts[number])) for number in np.flatnonzero(counts)]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _joined(parts: list[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)
