"""The terms of an index: those that begin like what is being typed, those that are nearly what was mistyped."""

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise, takewhile

from rapidfuzz import process
from rapidfuzz.distance import OSA

MOST_ENDINGS = 20
MOST_SPELLINGS = 6
SHORTEST_MENDED = 4
TWO_EDITS_FROM = 9  # letters
ANY_EDIT_FROM = 8  # letters: shorter words have so many neighbours that only what fingers and ears do counts
LETTERS = "abcdefghijklmnopqrstuvwxyz"
VOWELS = frozenset("aeiouy")
# Letters typed or heard one for the other: neighbours on a French keyboard, and those of one sound.
CLOSE = {frozenset(pair) for row in ("azertyuiop", "qsdfghjklm", "wxcvbn", "ckq", "csz", "iy", "gj", "mn") for pair in pairwise(row)}


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
    def _by_shape(self) -> dict[tuple[int, str], list[str]]:
        shapes: dict[tuple[int, str], list[str]] = {}
        for term in self.terms:
            shapes.setdefault((len(term), term[:1]), []).append(term)
        return shapes

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
        swapped = word[1] + word[0] + word[2:]
        found = [(1, each) for each in (swapped, *(letter + word for letter in LETTERS)) if each[0] != word[0] and self.count(each)]
        for length in range(len(word) - edits, len(word) + edits + 1):
            choices = self._by_shape.get((length, word[0]), [])  # the first letter is the one least mistyped
            close = process.extract(word, choices, scorer=OSA.distance, score_cutoff=edits, limit=None)
            found += [(int(distance), term) for term, distance, _ in close if distance]
        return [(distance, self.count(term), term) for distance, term in found if is_slip(word, term, distance)]


def is_slip(word: str, term: str, edits: int) -> bool:
    """Is this word likely to be that term mistyped, rather than another word? « verger » is not « vers »."""
    size = len(word)
    if edits > 1:
        return term[0] == word[0] and abs(len(term) - size) < edits
    if len(term) > size:  # a letter is missing
        return size > SHORTEST_MENDED or term[0] == word[0]
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, term, strict=False)))
    if len(term) == size and word[start : start + 2] == term[start : start + 2][::-1]:  # two letters swapped
        return True
    if start == 0 or size == SHORTEST_MENDED:
        return False
    if size >= ANY_EDIT_FROM:
        return True
    letter = word[start]
    if len(term) < size:  # a letter too many: struck twice, or with its neighbour
        return any(letter == other or frozenset((letter, other)) in CLOSE for other in word[start - 1] + word[start + 1 : start + 2])
    other = term[start]
    return frozenset((letter, other)) in CLOSE or (letter in VOWELS and other in VOWELS and size > SHORTEST_MENDED + 1)


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
