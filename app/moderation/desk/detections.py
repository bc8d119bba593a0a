"""What a machine can point at in a text, each with its reason: a help to whoever reads. Nothing is decided from it.

Every search is one pass: no expression here can be made to go back over what it has read (attacks.md, D05). Each begins on a
sign that is rare, or at a border, and repeats only classes that exclude what follows them, a bounded number of times.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from app.core.i18n import _l
from app.core.text import LIMIT
from app.moderation.desk import slurs
from app.search.analysis import fold

LINK, EMAIL, PHONE, ADDRESS, CAPITALS, SLUR = "link", "email", "phone", "address", "capitals", "slur"
REASONS = {
    LINK: _l("une adresse de site"),
    EMAIL: _l("une adresse de courriel"),
    PHONE: _l("un numéro de téléphone"),
    ADDRESS: _l("une adresse postale"),
    CAPITALS: _l("un long passage en capitales"),
}
SHOWN = 60  # of a kind in one text: beyond, the point is made
LONGEST_WORD = 32
CAPITALS_LEAST = 20  # letters in a row, spaces apart
WORDS_IN_CAPITALS = 4

_link = re.compile(r"(?:https?://|\bwww\.)[^\s<>\"«»]{3,500}", re.IGNORECASE)
_at = re.compile(r"(?<=[\w.+-])@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}", re.IGNORECASE)
_local = re.compile(r"[\w.+-]{1,64}\Z")
_phone = re.compile(r"(?<![\d+])(?:\+33[ .\u00a0\u202f]?\(?0?\)?|0033[ .\u00a0\u202f]?|0)[1-9](?:[ .\-\u00a0\u202f]?\d\d){4}(?!\d)")
_way = "rue|avenue|boulevard|bd|place|chemin|impasse|allée|allee|quai|route|square|cité|cite|résidence|residence|cours|sentier|ruelle|villa"
_address = re.compile(
    rf"(?<![\d.,])\d{{1,4}}(?:[ \u00a0]?(?:bis|ter|quater|[a-d]))?,?[ \u00a0](?:{_way})\b[^\n.;,!?()]{{1,40}}"
    r"(?:,?[ \u00a0]\d{5}\b[^\n.;,!?()\d]{0,40})?",
    re.IGNORECASE,
)
_word = re.compile(r"[^\W\d_]+")
_long_word = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Detection:
    """Characters `start` to `end` of a text, and why they are pointed at."""

    kind: str
    start: int
    end: int
    reason: Any  # a lazy text


def detect(text: str) -> list[Detection]:
    """In the order of the text, without overlap: what begins first holds, then what is longest. At most 60 of each kind."""
    text = text[:LIMIT]
    found = [each for search in SEARCHES for each in islice(search(text), SHOWN)]
    kept: list[Detection] = []
    for each in sorted(found, key=_order):
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    return kept


def _order(detection: Detection) -> tuple[int, int]:
    return detection.start, -detection.end


def links(text: str) -> Iterator[Detection]:
    for match in _link.finditer(text):
        end = match.start() + len(match[0].rstrip(".,;:!?)]}’'"))
        yield Detection(LINK, match.start(), end, REASONS[LINK])


def emails(text: str) -> Iterator[Detection]:
    """From each at sign that has a domain behind it: what stands before, 64 characters at most."""
    last = 0
    for sign in _at.finditer(text):
        before = _local.search(text, max(last, sign.start() - 64), sign.start())
        if before:
            last = sign.end()
            yield Detection(EMAIL, before.start(), sign.end(), REASONS[EMAIL])


def phones(text: str) -> Iterator[Detection]:
    for match in _phone.finditer(text):
        yield Detection(PHONE, match.start(), match.end(), REASONS[PHONE])


def addresses(text: str) -> Iterator[Detection]:
    """« 12 bis, rue de Gand, 59200 Tourcoing ». A street without a number is a place, not somebody's address."""
    for match in _address.finditer(text):
        yield Detection(ADDRESS, match.start(), match.start() + len(match[0].rstrip()), REASONS[ADDRESS])


def capitals(text: str) -> Iterator[Detection]:
    """Four words or more in a row and twenty letters, all in capitals: a title is shorter, a cry is longer."""
    start = end = words = letters = 0
    for match in _word.finditer(text):
        if match[0].isupper():
            if not words:
                start = match.start()
            end, words, letters = match.end(), words + 1, letters + len(match[0])
            continue
        if words >= WORDS_IN_CAPITALS and letters >= CAPITALS_LEAST:
            yield Detection(CAPITALS, start, end, REASONS[CAPITALS])
        words = letters = 0
    if words >= WORDS_IN_CAPITALS and letters >= CAPITALS_LEAST:
        yield Detection(CAPITALS, start, end, REASONS[CAPITALS])


def insults(text: str) -> Iterator[Detection]:
    """Words and phrases of the list, the longest that begins at each word."""
    listed, sizes = on_the_list()
    written = _long_word.findall(text)
    folded = {word: fold(word) if len(word) <= LONGEST_WORD else "" for word in set(written)}
    words = [folded[word] for word in written]
    begins = [here for here, word in enumerate(words) if word in sizes]
    places = [match.span() for match in _long_word.finditer(text)] if begins else []
    done = 0
    for here in begins:
        if here < done:
            continue
        for size in sizes[words[here]]:
            phrase = tuple(words[here : here + size])  # shorter at the end of the text
            why = listed.get(phrase)
            if why:
                done = here + len(phrase)
                yield Detection(SLUR, places[here][0], places[done - 1][1], slurs.REASONS[why])
                break


SEARCHES = (links, emails, phones, addresses, capitals, insults)


@cache
def on_the_list() -> tuple[dict[tuple[str, ...], str], dict[str, list[int]]]:
    """The entries, and for each first word how many words its entries have, the longest first."""
    listed = slurs.entries()
    sizes: dict[str, set[int]] = {}
    for words in listed:
        sizes.setdefault(words[0], set()).add(len(words))
    return listed, {word: sorted(found, reverse=True) for word, found in sizes.items()}
