"""Hostile strings: ours that say what they are for, and a sample of the shared corpus, the same each time."""

import gzip
import json
import random

from tests.conftest import shared

# Each tries one way out of where it is shown; `zq` is an attribute that no page of ours has.
OURS = [
    "<script>zq()</script>",
    "</script><script>zq()</script>",
    "</title><script>zq()</script>",
    "</textarea><script>zq()</script>",
    "--><script>zq()</script>",
    "]]><script>zq()</script>",
    '" zq="1',
    "' zq='1",
    "x zq=1 onmouseover=zq()",
    '"><img src=x onerror=zq()>',
    "'><svg/onload=zq()>",
    "javascript:zq()//",
    "{{7*7}}{% if 1 %}{0.__class__}%(x)s%s",
    "\u2028\u2029<!--<script>",
    "&lt;script&gt;zq()&lt;/script&gt;&#x3c;script&#x3e;",
    "<zq>",
]


def everything() -> list[str]:
    """The 3,295 payloads of the corpus."""
    with gzip.open(shared("corpus/hostile/xss.txt.gz"), "rt", encoding="utf-8", errors="replace") as file:
        return [line.rstrip("\n") for line in file if line.strip()]


def scripts(count: int = 60) -> list[str]:
    """Ours, then some of the corpus."""
    return [*OURS, *random.Random(2).sample(everything(), count - len(OURS))]


def naughty(count: int = 40) -> list[str]:
    lines = json.loads(shared("corpus/hostile/naughty-strings.json").read_text())
    return random.Random(2).sample(lines, count)


def groups(lines: list[str], size: int = 12) -> list[str]:
    """Several payloads in one text, apart."""
    return [" ".join(lines[start : start + size]) for start in range(0, len(lines), size)]
