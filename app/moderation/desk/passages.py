"""A text as it was written, cut so that each piece knows where it stands: what is pointed at, and sentences that can be cut out.

Offsets count the characters of the source of one revision, as redactions do. Pure.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.text import is_beginning
from app.moderation.desk.detections import Detection, detect

TITLE, BODY = "title", "body_source"
FIELDS = (TITLE, BODY)
_ends = re.compile(r"(?<=[.!?…])[\s»\u202f]+|\n+")


@dataclass(frozen=True)
class Passage:
    """A piece of a field. `value` is how a form names it: « body_source:12:57 »."""

    field: str
    start: int
    end: int
    text: str
    reason: object = ""  # why it is pointed at; empty for a sentence

    @property
    def value(self) -> str:
        return f"{self.field}:{self.start}:{self.end}"


@dataclass(frozen=True)
class Piece:
    """What a page shows in one go: plain words, or what a machine points at."""

    start: int
    text: str
    detection: Detection | None = None


def pieces(text: str, found: Sequence[Detection]) -> list[Piece]:
    """The whole text in order, so that its pieces put end to end are the text."""
    shown, here = [], 0
    for each in found:
        if each.start > here:
            shown.append(Piece(here, text[here : each.start]))
        shown.append(Piece(each.start, text[each.start : each.end], each))
        here = each.end
    if here < len(text):
        shown.append(Piece(here, text[here:]))
    return shown


def pointed_at(field: str, text: str, found: Sequence[Detection]) -> list[Passage]:
    return [Passage(field, each.start, each.end, text[each.start : each.end], each.reason) for each in found]


def sentences(field: str, text: str) -> list[Passage]:
    """Cut after . ! ? … and at each line, without the blanks around."""
    found, here = [], 0
    for match in [*_ends.finditer(text), None]:
        end = match.start() if match else len(text)
        piece = text[here:end]
        start = here + len(piece) - len(piece.lstrip())
        stop = here + len(piece.rstrip())
        if stop > start:
            found.append(Passage(field, start, stop, text[start:stop]))
        here = match.end() if match else len(text)
    return found


@dataclass(frozen=True)
class Reading:
    """One field of the text under moderation, ready to be shown."""

    field: str
    text: str
    found: list[Detection]

    @property
    def pieces(self) -> list[Piece]:
        return pieces(self.text, self.found)

    @property
    def pointed_at(self) -> list[Passage]:
        return pointed_at(self.field, self.text, self.found)

    @property
    def sentences(self) -> list[Passage]:
        return sentences(self.field, self.text)


def read(fields: dict[str, str]) -> list[Reading]:
    """Title and body of a revision. A title made of the body's first words is the body: what is cut below is cut from it too."""
    title, body = fields.get(TITLE) or "", fields.get(BODY) or ""
    shown = {TITLE: "" if is_beginning(title, " ".join(body[: 2 * len(title)].split())) else title, BODY: body}
    return [Reading(name, text, detect(text)) for name, text in shown.items() if text]


def spans_of(values: Sequence[str], fields: dict[str, str]) -> list[tuple[str, int, int]]:
    """What a form asks to cut, in order and merged where it overlaps; anything that is not a passage of this text is left out."""
    asked = set()
    for value in values:
        field, _, rest = value.partition(":")
        start, _, end = rest.partition(":")
        well_said = field in FIELDS and rest.isascii() and len(rest) < 20 and start.isdecimal() and end.isdecimal()
        if well_said and int(start) < int(end) <= len(fields.get(field) or ""):
            asked.add((field, int(start), int(end)))
    merged: list[tuple[str, int, int]] = []
    for field, begin, stop in sorted(asked):
        if merged and merged[-1][0] == field and begin <= merged[-1][2]:
            merged[-1] = (field, merged[-1][1], max(stop, merged[-1][2]))
        else:
            merged.append((field, begin, stop))
    return merged


def typed(excerpts: str, fields: dict[str, str]) -> tuple[list[str], list[str]]:
    """Excerpts typed one a line: everywhere each stands, named as a form names passages, and those that stand nowhere."""
    found, missing = [], []
    for excerpt in filter(None, map(str.strip, excerpts.splitlines())):
        places = [f"{field}:{at}:{at + len(excerpt)}" for field in FIELDS for at in places_of(excerpt, fields.get(field) or "")]
        found += places
        if not places:
            missing.append(excerpt)
    return found, missing


def places_of(excerpt: str, text: str) -> list[int]:
    """Where it begins, each time: as words of their own if it is said so anywhere, else inside of other words."""
    whole = [match.start() for match in re.finditer(rf"(?<!\w){re.escape(excerpt)}(?!\w)", text)]
    return whole or [match.start() for match in re.finditer(re.escape(excerpt), text)]
