"""What changed between two versions of a text, in words."""

import re
from difflib import SequenceMatcher

_words = re.compile(r"\s+|[^\W_]+|[\W_]")
_lines = re.compile(r"[^\n]*\n|[^\n]+")
WORDS_LIMIT = 6_000  # words on both sides together; longer texts are compared line by line, in bounded time


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """Stretches of text in order, each ("same" | "gone" | "new", text). Joining those not gone gives `after`."""
    old, new = _words.findall(before), _words.findall(after)
    if len(old) + len(new) > WORDS_LIMIT:
        old, new = _lines.findall(before), _lines.findall(after)
    stretches: list[tuple[str, str]] = []
    for what, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > 2_000).get_opcodes():
        if what == "equal":
            stretches.append(("same", "".join(old[i1:i2])))
            continue
        if i2 > i1:
            stretches.append(("gone", "".join(old[i1:i2])))
        if j2 > j1:
            stretches.append(("new", "".join(new[j1:j2])))
    return stretches
