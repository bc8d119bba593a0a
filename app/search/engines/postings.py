"""One document as both engines write it: the terms of each zone, the stream phrases are looked for in, its row."""

from collections import Counter
from dataclasses import dataclass

from app.search.analysis import Token, tokens
from app.search.engines.base import Document
from app.search.engines.columns import Row, row_of

LONGEST_TEXT = 400_000  # characters of one document that are read; the rest is not found
OFTEN = 3  # times
BETWEEN_PARTS = 10  # places between title, summary and body, so that no phrase straddles them


@dataclass(frozen=True)
class Analysed:
    """`zones`: zone → its distinct terms. `placed`: (term, place) of title, summary and body one after the other."""

    content_id: int
    row: Row
    zones: dict[str, list[str]]
    placed: list[tuple[str, int]]
    parts: tuple[int, int]  # where summary and body begin, in places

    @property
    def stream(self) -> str:
        """The terms in order, one space from each place to the next: a phrase is a plain substring of it."""
        written, last = [" "], 0
        for term, place in self.placed:
            written.append(" " * (place - last) + term)
            last = place
        written.append(" ")
        return "".join(written)


def analyse(document: Document) -> Analysed:
    title, summary = list(tokens(document.title)), list(tokens(document.summary[:LONGEST_TEXT]))
    body = list(tokens(document.body[:LONGEST_TEXT]))
    second = _after(title, 0)
    third = _after(summary, second)
    placed = [(token.term, token.position) for token in title]
    placed += [(token.term, second + token.position) for token in summary]
    placed += [(token.term, third + token.position) for token in body]
    counts = Counter(term for term, _ in placed)
    zones = {
        "any": list(counts),
        "title": list({token.term for token in title}),
        "summary": list({token.term for token in summary}),
        "often": [term for term, count in counts.items() if count >= OFTEN],
    }
    return Analysed(document.content_id, row_of(document, (len(title), len(summary), len(placed))), zones, placed, (second, third))


def _after(part: list[Token], start: int) -> int:
    return start + part[-1].position + BETWEEN_PARTS if part else start
