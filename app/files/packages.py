"""Office documents are ZIP archives: looked into without trusting anything they say of themselves.

Counted before it is opened: the entries its last record declares, then what they declare to be, then what they are.
"""

import re
import struct
import zipfile
from pathlib import Path

from app.core.errors import DomainError
from app.core.i18n import _

MOST_ENTRIES = 2_000
DIRECTORY_LIMIT = 512 * 1024  # octets of the archive's own table
EXPANDED_LIMIT = 150 * 1024 * 1024  # octets, all entries together
CHUNK = 64 * 1024
END = struct.Struct("<4s4H2LH")  # the last record of an archive

ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"MSCF")
PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe")
OPEN_DOCUMENTS = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
}
OFFICE = {
    b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": ("docx", "word/document.xml"),
    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": ("xlsx", "xl/workbook.xml"),
}
_macros = re.compile(r"(?:^|/)vbaProject\.bin$|^(?:Basic|Scripts)/", re.IGNORECASE)
_declared = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_encoding = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"']{1,40})[\"']", re.IGNORECASE)


def look_into(path: Path) -> str | None:
    """ "odt", "ods", "docx", "xlsx", or None when it is an archive of something else. DomainError on one that hides anything."""
    _check_last_record(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(entries)
            kind = _kind(archive)
            if kind:
                _expand(archive, entries)
            return kind
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError, struct.error) as error:
        raise _damaged() from error
    except Exception as error:
        if type(error).__module__ in {"zlib", "lzma"} or type(error).__name__ == "error":
            raise _damaged() from error
        raise


def _check_last_record(path: Path) -> None:
    """The archive ends with its last record, which counts few entries, starts at the first octet, and is not of the 64-bit kind."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - END.size - 20))
        tail = file.read()
    if len(tail) < END.size or tail[: -END.size].startswith(b"PK\x06\x07"):
        raise _damaged()
    mark, disk, first_disk, here, entries, length, start, comment = END.unpack(tail[-END.size :])
    if mark != b"PK\x05\x06" or comment or disk or first_disk or here != entries or start + length + END.size != size:
        raise _damaged()
    if entries > MOST_ENTRIES or length > DIRECTORY_LIMIT:
        raise _too_large()


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names) or any(name.startswith("/") or ".." in name.split("/") or "\\" in name for name in names):
        raise _damaged()
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise DomainError(_("Ce document est protégé par un mot de passe. Retirez la protection, puis renvoyez-le."))
    if any(entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for entry in entries):
        raise _damaged()
    if any(_macros.search(name) for name in names):
        raise DomainError(_("Ce document contient des macros. Enregistrez-le sans macros, ou en PDF, puis renvoyez-le."))
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > EXPANDED_LIMIT:
        raise _too_large()


def _kind(archive: zipfile.ZipFile) -> str | None:
    names = set(archive.namelist())
    if "mimetype" in names:
        return OPEN_DOCUMENTS.get(_read(archive, "mimetype", 200).strip()) if "content.xml" in names else None
    if "[Content_Types].xml" in names:
        types = _read(archive, "[Content_Types].xml", 1024 * 1024)
        return next((kind for mark, (kind, part) in OFFICE.items() if mark in types and part in names), None)
    return None


def _read(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    with archive.open(name) as entry:
        return entry.read(limit)


def _expand(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Read everything once, counting: no archive nor program inside, no declaration that would have a reader fetch or multiply."""
    expanded = 0
    for entry in entries:
        is_xml = entry.filename.lower().endswith((".xml", ".rels", ".rdf"))
        kept = b""
        with archive.open(entry) as content:
            first = True
            while chunk := content.read(CHUNK):
                expanded += len(chunk)
                if expanded > EXPANDED_LIMIT:
                    raise _too_large()
                if first and chunk.startswith(ARCHIVES):
                    raise DomainError(_("Ce document contient une archive ou un autre document. Envoyez-les séparément."))
                if first and chunk.startswith(PROGRAMS):
                    raise DomainError(_("Ce document contient un programme. Retirez-le, puis renvoyez le document."))
                if is_xml:
                    if first and not _is_utf8(chunk):
                        raise _damaged()
                    if b"\x00" in chunk or _declared.search(kept + chunk):
                        raise _damaged()
                    kept = chunk[-200:]
                first = False


def _is_utf8(start: bytes) -> bool:
    """Else a declaration could be written in a way that the search for it does not see."""
    said = _encoding.match(start.removeprefix(b"\xef\xbb\xbf").lstrip())
    return said is None or said[1].lower() in {b"utf-8", b"utf8", b"us-ascii"}


def _damaged() -> DomainError:
    return DomainError(_("Ce document ne peut pas être lu. Enregistrez-le à nouveau, ou en PDF, puis renvoyez-le."))


def _too_large() -> DomainError:
    return DomainError(_("Ce document est trop lourd une fois ouvert. Réduisez-le, ou envoyez-le en PDF."))
