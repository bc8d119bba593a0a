"""The best passage of a text, and a title, cut into pieces that say whether they were found.

Pieces are plain text: the template escapes each, then wraps the found ones in `<mark>`. Nothing here makes HTML.
"""

from collections import defaultdict
from collections.abc import Collection
from threading import Lock

from app.search.analysis import ANALYSERS, FRENCH, WORD, term_of

PASSAGE = 220  # characters
LONGEST_SEARCHED = 60_000  # characters of a text in which a passage is looked for
MOST_SPELLINGS = 40_000  # of one analyser, remembered

Pieces = list[tuple[str, bool]]


def mark(text: str, terms: Collection[str], analyser: str = FRENCH) -> Pieces:
    """The whole text, with what was found marked; neighbouring finds make one piece."""
    return _cut(text, [(start, end) for start, end, _ in _found(text, frozenset(terms), analyser)])


def passage(text: str, terms: Collection[str], length: int = PASSAGE, analyser: str = FRENCH) -> Pieces:
    """About `length` characters of the text: where most different found words stand close together, else its beginning."""
    return passage_and_terms(text, terms, length, analyser)[0]


def passage_and_terms(text: str, terms: Collection[str], length: int = PASSAGE, analyser: str = FRENCH) -> tuple[Pieces, int]:
    """The passage, and how many different words asked are in it."""
    text = text[:LONGEST_SEARCHED]
    found = _found(text, frozenset(terms), analyser)
    start, end = _at_words(text, *_window(found, len(text), length))
    shown = text[start:end]
    start += len(shown) - len(shown.lstrip())
    shown = shown.strip()
    inside = [each for each in found if each[0] >= start and each[1] <= start + len(shown)]
    pieces = _cut(shown, [(first - start, last - start) for first, last, _ in inside])
    if start > 0:
        pieces.insert(0, ("… ", False))
    if end < len(text) and pieces:
        pieces.append((" …", False))
    return _joined(pieces), len({term for _, _, term in inside})


class Spellings:
    """The written words met so far, by their term: those of a text that are wanted are then found by sets, not one by one."""

    def __init__(self, analyser: str):
        self.analyser = analyser
        self.lock = Lock()
        self.forget()

    def forget(self) -> None:
        self.met: set[str] = set()
        self.by_term: defaultdict[str, set[str]] = defaultdict(set)

    def of(self, wanted: Collection[str], written: set[str]) -> list[tuple[str, str]]:
        """(word, term) of the written words whose term is wanted."""
        with self.lock:
            if unmet := written - self.met:
                if len(self.met) + len(unmet) > MOST_SPELLINGS:
                    self.forget()
                    unmet = written
                for word in unmet:
                    if (term := term_of(word, self.analyser)) is not None:
                        self.by_term[term].add(word)
                self.met |= unmet
            return [(word, term) for term in wanted if term in self.by_term for word in self.by_term[term] & written]


_spellings = {analyser: Spellings(analyser) for analyser in ANALYSERS}


def _found(text: str, wanted: frozenset[str], analyser: str) -> list[tuple[int, int, str]]:
    """(start, end, term) of every wanted word, in order. Each spelling is looked at once, then sought as it is."""
    if not wanted:
        return []
    text = text.replace("_", " ")
    found = []
    for word, term in _spellings[analyser].of(wanted, set(WORD.findall(text))):
        size, start = len(word), text.find(word)
        while start >= 0:
            end = start + size
            if not (start and WORD.match(text, start - 1)) and not WORD.match(text, end):
                found.append((start, end, term))
            start = text.find(word, end)
    return sorted(found)


def _window(found: list[tuple[int, int, str]], size: int, length: int) -> tuple[int, int]:
    """The stretch with the most different terms, then the most occurrences, then the first."""
    if size <= length:
        return 0, size
    if not found:
        return 0, length
    best, best_value = (found[0][0], found[0][1]), (0, 0)
    counts: dict[str, int] = {}
    left = 0
    for right, (_, end, term) in enumerate(found):
        counts[term] = counts.get(term, 0) + 1
        while end - found[left][0] > length * 0.8 and left < right:
            gone = found[left][2]
            counts[gone] -= 1
            if not counts[gone]:
                del counts[gone]
            left += 1
        value = (len(counts), right - left)
        if value > best_value:
            best_value, best = value, (found[left][0], end)
    spare = max(0, length - (best[1] - best[0]))
    start = max(0, min(best[0] - spare // 3, size - length))
    return start, min(size, max(start + length, best[1]))


def _at_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Move the ends to spaces, within 30 characters, so that no word is cut where words have spaces."""
    if start > 0:
        space = text.find(" ", start, start + 30)
        start = space + 1 if space >= 0 else start
    if end < len(text):
        space = text.rfind(" ", end - 30, end)
        end = space if space > start else end
    return start, end


def _cut(text: str, spans: list[tuple[int, int]]) -> Pieces:
    pieces: Pieces = []
    last = 0
    for start, end in spans:
        if start > last:
            between = text[last:start]
            # « marche exploratoire » found whole is marked whole.
            pieces.append((between, bool(pieces and pieces[-1][1] and between == " ")))
        pieces.append((text[start:end], True))
        last = end
    if last < len(text):
        pieces.append((text[last:], False))
    return _joined(pieces)


def _joined(pieces: Pieces) -> Pieces:
    joined: Pieces = []
    for text, is_hit in pieces:
        if joined and joined[-1][1] == is_hit:
            joined[-1] = (joined[-1][0] + text, is_hit)
        elif text:
            joined.append((text, is_hit))
    return joined
