"""The file of a consultation: lines of JSON, bare or compressed, or an archive of ours."""

import gzip
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from app.core.i18n import _

LINE_LIMIT = 16 * 1024 * 1024  # bytes; the longest of the corpus has 240,000
META_LIMIT = 4 * 1024 * 1024
META, LINES = "consultation.json", "propositions.jsonl"  # in an archive of ours


class Unreadable(Exception):
    """The file cannot be read any further; the message is the one sentence that says why."""


def stem_of(path: Path) -> str:
    """`republique-numerique.jsonl.gz` → `republique-numerique`: the first half of every `source`."""
    return path.name.split(".", 1)[0] or "import"


def open_file(raw: IO[bytes], suffix: str) -> tuple[dict[str, Any], IO[bytes]]:
    """What the archive says of the consultation (nothing, for a file of lines), and the stream of lines."""
    magic = raw.read(4)
    raw.seek(0)
    if magic[:2] == b"\x1f\x8b":
        return {}, cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    if magic[:2] == b"PK":
        return open_archive(raw)
    if suffix == ".gz":
        raise Unreadable(_("Ce fichier porte le nom d’un fichier gzip, mais n’en est pas un."))
    if suffix == ".zip":
        raise Unreadable(_("Ce fichier porte le nom d’une archive ZIP, mais n’en est pas une."))
    return {}, raw


def open_archive(raw: IO[bytes]) -> tuple[dict[str, Any], IO[bytes]]:
    try:
        archive = zipfile.ZipFile(raw)
        with archive.open(META) as about:
            text = about.read(META_LIMIT + 1)
        meta = json.loads(text)
        if len(text) > META_LIMIT or not isinstance(meta, dict):
            raise ValueError
        return meta, archive.open(LINES)
    except KeyError:
        raise Unreadable(
            _("Cette archive ne contient pas %(a)s et %(b)s : ce n’est pas un export de consultation.", a=META, b=LINES)
        ) from None
    except (zipfile.BadZipFile, ValueError, zlib.error, EOFError, RuntimeError, NotImplementedError):
        raise Unreadable(_("Cette archive est abîmée ou incomplète.")) from None


def lines_of(stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    """(number, text) of each line; raises Unreadable where the file stops making sense."""
    n = 0
    while True:
        try:
            line = stream.readline(LINE_LIMIT + 1)
        except (EOFError, OSError, zlib.error, zipfile.BadZipFile) as error:
            raise Unreadable(_("Le fichier est coupé ou abîmé après la ligne %(n)s (%(why)s).", n=n, why=error)) from None
        if not line:
            return
        n += 1
        if len(line) > LINE_LIMIT:
            raise Unreadable(_("La ligne %(n)s dépasse %(limit)s octets : ce n’est pas un export de consultation.", n=n, limit=LINE_LIMIT))
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            raise Unreadable(_("La ligne %(n)s n’est pas en UTF-8. Convertissez le fichier, puis relancez.", n=n)) from None
        if not line.endswith(b"\n") and not is_json(text):
            raise Unreadable(_("Le fichier s’arrête au milieu de la ligne %(n)s : il est coupé.", n=n))
        if text.strip():
            yield n, text


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
