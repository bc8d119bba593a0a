"""What may be stored, found by reading the content: the name and the type that a browser gives are only words."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import DomainError
from app.core.i18n import _
from app.files import packages

MEGA = 1024 * 1024


@dataclass(frozen=True)
class Kind:
    media_type: str
    endings: tuple[str, ...]  # of a name; the first is the one we would give
    limit: int  # octets received


JPEG = Kind("image/jpeg", ("jpg", "jpeg"), 15 * MEGA)
PNG = Kind("image/png", ("png",), 15 * MEGA)
WEBP = Kind("image/webp", ("webp",), 15 * MEGA)
GIF = Kind("image/gif", ("gif",), 15 * MEGA)  # received, kept as PNG
PDF = Kind("application/pdf", ("pdf",), 24 * MEGA)
ODT = Kind("application/vnd.oasis.opendocument.text", ("odt",), 24 * MEGA)
ODS = Kind("application/vnd.oasis.opendocument.spreadsheet", ("ods",), 24 * MEGA)
DOCX = Kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ("docx",), 24 * MEGA)
XLSX = Kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ("xlsx",), 24 * MEGA)
CSV = Kind("text/csv", ("csv", "tsv"), 10 * MEGA)
TEXT = Kind("text/plain", ("txt", "text", "md"), 10 * MEGA)

IMAGES = frozenset({JPEG, PNG, WEBP, GIF})
TABLES = frozenset({CSV, ODS, XLSX})
DOCUMENTS = frozenset({PDF, ODT, DOCX, TEXT}) | TABLES
EVERYTHING = IMAGES | DOCUMENTS

BY_FORMAT = {"JPEG": JPEG, "PNG": PNG, "WEBP": WEBP, "GIF": GIF}
PACKAGES = {"odt": ODT, "ods": ODS, "docx": DOCX, "xlsx": XLSX}
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_control = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_markup = re.compile(r"\s*<(?:[!?]|[a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Examined:
    kind: Kind
    path: Path  # what is to be kept: the file received, or what was written from it
    width: int | None = None
    height: int | None = None


def examine(path: Path, name: str | None, accept: frozenset[Kind], blank) -> Examined:
    """What the file at `path` really is. `blank()` gives an empty file for what is written anew. DomainError on all the rest."""
    with path.open("rb") as file:
        start = file.read(16)
    size = path.stat().st_size
    if not size:
        raise DomainError(_("Ce fichier est vide."))
    format = _image_format(start)
    if format:
        _check(BY_FORMAT[format], size, accept)
        target = blank()
        from app.files import images  # with Pillow, which only an image wants

        picture = images.rewrite(path, target, format)
        return Examined(BY_FORMAT[picture.format], target, picture.width, picture.height)
    if start.startswith(b"%PDF-"):
        _check(PDF, size, accept)
        _check_pdf(path, size)
        return Examined(PDF, path)
    if start.startswith(b"PK\x03\x04"):
        _check_size(size, ODT.limit)
        found = packages.look_into(path)
        if found is None:
            raise refused(accept)
        _check(PACKAGES[found], size, accept)
        return Examined(PACKAGES[found], path)
    kind = _text_kind(name)
    if kind is None:
        raise refused(accept)
    _check(kind, size, accept)
    return Examined(kind, _as_utf8(path, blank, accept))


def _image_format(start: bytes) -> str | None:
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if start.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "WEBP"
    return None


def _check_pdf(path: Path, size: int) -> None:
    """It begins and ends as one. Its pages are never opened here: only its readers do that."""
    with path.open("rb") as file:
        file.seek(max(0, size - 2048))
        if b"%%EOF" not in file.read():
            raise DomainError(_("Ce PDF est incomplet. Enregistrez-le à nouveau, puis renvoyez-le."))


def _text_kind(name: str | None) -> Kind | None:
    """Nothing in a text says that it is one: there, and only there, the name decides among harmless types."""
    ending = (name or "").rpartition(".")[2].strip().lower()
    return next((kind for kind in (CSV, TEXT) if ending in kind.endings), None)


def _as_utf8(path: Path, blank, accept: frozenset[Kind]) -> Path:
    """Text is kept in UTF-8, whatever the spreadsheet wrote. What holds control characters or begins as markup is not text."""
    octets = path.read_bytes()
    try:
        text = _decoded(octets)
    except UnicodeDecodeError as error:
        raise refused(accept) from error
    if _control.search(text) or _markup.match(text):
        raise refused(accept)
    if octets in (text.encode(), text.encode("utf-8-sig")):
        return path
    target = blank()
    target.write_bytes(text.encode("utf-8-sig"))  # the mark tells spreadsheets that it is UTF-8
    return target


def _decoded(octets: bytes) -> str:
    if octets.startswith(UTF_16):
        return octets.decode("utf-16")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("cp1252")  # what French spreadsheets write


def _check(kind: Kind, size: int, accept: frozenset[Kind]) -> None:
    if kind not in accept:
        raise refused(accept)
    _check_size(size, kind.limit)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise too_heavy(limit)


def too_heavy(limit: int) -> DomainError:
    return DomainError(_("Ce fichier est trop lourd : %(limit)s Mo au plus.", limit=limit // MEGA))


def refused(accept: frozenset[Kind]) -> DomainError:
    if accept <= IMAGES:
        return DomainError(_("Ce fichier n’est pas une image que nous pouvons montrer. Envoyez une image JPEG, PNG, WebP ou GIF."))
    names = sorted({kind.endings[0].upper() for kind in accept})
    return DomainError(_("Ce type de fichier n’est pas accepté. Types acceptés : %(names)s.", names=", ".join(names)))
