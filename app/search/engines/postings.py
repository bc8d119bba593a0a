"""One document as both engines write it: the terms of each zone, the stream phrases are looked for in, its row."""

from collections import Counter
from dataclasses import dataclass

from app.search.analysis import Token, analyser_of, tokens
from app.search.engines.base import Document
from app.search.engines.columns import Row, row_of

FORMAT = 2  # changes with what an index holds: one written otherwise is unavailable, and the worker builds it again
LONGEST_TEXT = 400_000  # characters of one document that are read; the rest is not found
OFTEN = 3  # times
BETWEEN_PARTS = 10  # places between title, summary, lessons and body, so that no phrase straddles them


@dataclass(frozen=True)
class Analysed:
    """`zones`: zone → its distinct terms. `placed`: (term, place) of title, summary, lessons and body one after the other."""

    content_id: int
    row: Row
    zones: dict[str, list[str]]
    placed: list[tuple[str, int]]
    parts: tuple[int, int, int]  # where summary, lessons and body begin, in places

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
    analyser = analyser_of(document.language)
    read = [list(tokens(text[:LONGEST_TEXT], analyser)) for text in (document.title, document.summary, document.lessons, document.body)]
    title, summary, lessons, _body = read
    starts = [0]
    for part in read[:-1]:
        starts.append(_after(part, starts[-1]))
    placed = [(token.term, start + token.position) for start, part in zip(starts, read, strict=True) for token in part]
    counts = Counter(term for term, _ in placed)
    zones = {
        "any": list(counts),
        "title": list({token.term for token in title}),
        "summary": list({token.term for token in summary}),
        "lessons": list({token.term for token in lessons}),
        "often": [term for term, count in counts.items() if count >= OFTEN],
    }
    row = row_of(document, (len(title), len(summary), len(placed)))
    return Analysed(document.content_id, row, zones, placed, (starts[1], starts[2], starts[3]))


def _after(part: list[Token], start: int) -> int:
    return start + part[-1].position + BETWEEN_PARTS if part else start
