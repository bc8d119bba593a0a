"""What changed between two versions of a text, in words."""

import re
from difflib import SequenceMatcher

Stretch = tuple[str, str]  # ("same" | "gone" | "new", text)

_words = re.compile(r"\s+|[^\W_]+|[\W_]")
_lines = re.compile(r"[^\n]*\n|[^\n]+")
WORDS_LIMIT = 6_000  # words on both sides together; longer texts are compared line by line, in bounded time
TOO_SHORT = re.compile(r"[^\n\w]{0,3}\Z")  # spaces or a comma between two changes: read as part of one


def differences(before: str, after: str) -> list[Stretch]:
    """Stretches of text in order, each ("same" | "gone" | "new", text). Joining those not gone gives `after`, those not new `before`."""
    old, new = _words.findall(before), _words.findall(after)
    if len(old) + len(new) > WORDS_LIMIT:
        old, new = _lines.findall(before), _lines.findall(after)
    stretches: list[Stretch] = []
    for what, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > 2_000).get_opcodes():
        if what == "equal":
            stretches.append(("same", "".join(old[i1:i2])))
            continue
        if i2 > i1:
            stretches.append(("gone", "".join(old[i1:i2])))
        if j2 > j1:
            stretches.append(("new", "".join(new[j1:j2])))
    return readable(stretches)


def readable(stretches: list[Stretch]) -> list[Stretch]:
    """Changes with only a space or a comma between them become one: a sentence rewritten reads as two sentences, not as confetti."""
    found: list[Stretch] = []
    gone = new = ""
    for n, (what, text) in enumerate(stretches):
        if what == "gone":
            gone += text
        elif what == "new":
            new += text
        elif (gone or new) and n + 1 < len(stretches) and TOO_SHORT.match(text):
            gone, new = gone + text, new + text
        else:
            found += [each for each in (("gone", gone), ("new", new)) if each[1]]
            found.append((what, text))
            gone = new = ""
    return found + [each for each in (("gone", gone), ("new", new)) if each[1]]
