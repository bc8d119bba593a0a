"""Names of files: as people gave them, without what a name could do to a reader, a header or a disk."""

import re
import unicodedata
from urllib.parse import quote

LENGTH = 120  # signs
UNNAMED = "fichier"
JOINERS = {"\u200c", "\u200d"}  # invisible, and needed: Persian words, emoji of several parts
RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)  # what Windows cannot write
_unwritable = re.compile(r'[<>:"/\\|?*]')


def clean_name(given: str | None, endings: tuple[str, ...]) -> str:
    """The last part of what was given, readable, ending as its real type does: `../a\\x00.exe` that is a PDF → `a.exe.pdf`."""
    text = unicodedata.normalize("NFC", (given or "").encode("utf-8", "replace").decode("utf-8"))
    text = re.split(r"[/\\]", text)[-1]
    text = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)
    text = "".join(sign for sign in text if sign in JOINERS or unicodedata.category(sign) not in {"Cf", "Cs", "Co", "Cn"})
    text = _unwritable.sub(" ", " ".join(text.split()))
    text = " ".join(text.split()).strip(". ")
    stem, dot, ending = text.rpartition(".")
    if not dot or ending.lower() not in endings:
        stem, ending = text, endings[0]
        if stem.lower() in endings:  # "pdf" alone, or ".pdf": an ending without a name
            stem = ""
    stem = stem[:LENGTH].strip(". ") or UNNAMED
    return f"{'_' if RESERVED.match(stem) else ''}{stem}.{ending.lower()}"


def disposition(kind: str, name: str) -> str:
    """A Content-Disposition header (RFC 6266): the exact name as RFC 5987 says, and one in ASCII for what does not read it."""
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, dot, ending = re.sub(r"[^A-Za-z0-9._ -]+", "_", folded).rpartition(".")
    plain = f"{stem.strip('._ -') or UNNAMED}{dot}{ending}"
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
