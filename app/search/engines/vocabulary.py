"""The terms of an index: those that begin like what is being typed, those that are nearly what was mistyped."""

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property

from rapidfuzz import process
from rapidfuzz.distance import OSA

MOST_ENDINGS = 20
MOST_SPELLINGS = 6
SHORTEST_MENDED = 4
TWO_EDITS_FROM = 8  # letters


class Vocabulary:
    """Terms in order, each with the number of documents it is in (roughly: deletions may not be counted)."""

    def __init__(self, terms: list[str], counts: list[int]):
        self.terms = terms
        self.counts = counts

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, int]]) -> "Vocabulary":
        ordered = sorted(pairs)
        return cls([term for term, _ in ordered], [count for _, count in ordered])

    @cached_property
    def _by_length(self) -> dict[int, list[str]]:
        lengths: dict[int, list[str]] = {}
        for term in self.terms:
            lengths.setdefault(len(term), []).append(term)
        return lengths

    def count(self, term: str) -> int:
        place = bisect_left(self.terms, term)
        return self.counts[place] if place < len(self.terms) and self.terms[place] == term else 0

    def beginning_with(self, prefix: str) -> list[tuple[int, str]]:
        """(documents, term), every term that begins so."""
        start, end = bisect_left(self.terms, prefix), bisect_left(self.terms, prefix + "\U0010ffff")
        return list(zip(self.counts[start:end], self.terms[start:end], strict=True))

    def near(self, word: str) -> list[tuple[int, int, str]]:
        """(edits, documents, term) at one edit, or two for long words; an edit adds, drops, changes or swaps letters."""
        if len(word) < SHORTEST_MENDED:
            return []
        edits = 2 if len(word) >= TWO_EDITS_FROM else 1
        found = []
        for length in range(len(word) - edits, len(word) + edits + 1):
            for term, distance, _ in process.extract(
                word, self._by_length.get(length, []), scorer=OSA.distance, score_cutoff=edits, limit=None
            ):
                if distance:
                    found.append((int(distance), self.count(term), term))
        return found


def endings(vocabularies: Iterable[Vocabulary], prefix: str) -> list[str]:
    """The most frequent terms that begin so, over several vocabularies."""
    counts: dict[str, int] = {}
    for vocabulary in vocabularies:
        for count, term in vocabulary.beginning_with(prefix):
            counts[term] = counts.get(term, 0) + count
    return sorted(counts, key=lambda term: (-counts[term], term))[:MOST_ENDINGS]


def spellings(vocabularies: Iterable[Vocabulary], word: str) -> list[tuple[str, int]]:
    """The likeliest terms for a mistyped word, with the number of edits: fewest first, then same first letter, then frequent."""
    edits: dict[str, int] = {}
    counts: dict[str, int] = {}
    for vocabulary in vocabularies:
        for distance, count, term in vocabulary.near(word):
            edits[term] = distance
            counts[term] = counts.get(term, 0) + count
    ordered = sorted(edits, key=lambda term: (edits[term], term[0] != word[0], -counts[term], term))
    return [(term, edits[term]) for term in ordered[:MOST_SPELLINGS]]
