"""Storing files. The slow part (receiving, decoding) holds no transaction; the row comes last, once the bytes are on disk."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import func, select

from app.core import clock, outbox
from app.core.db import apart, db
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.logs import log
from app.files import storage
from app.files.kinds import EVERYTHING, Kind, examine, too_heavy
from app.files.models import StoredFile
from app.files.naming import clean_name
from app.files.rules import readers

CHUNK = 256 * 1024
WAITING_LIMIT = 200 * 1024 * 1024  # octets that one person may have sent and not used


@dataclass(frozen=True)
class Prepared:
    """A file received, examined and on our disk, that no row names yet."""

    path: Path
    sha256: str
    kind: Kind
    size: int
    name: str
    width: int | None
    height: int | None


def store(
    stream: IO[bytes],
    *,
    name: str | None,
    purpose: str,
    owner_id: int | None = None,
    territory_id: int | None = None,
    accept: frozenset[Kind] = EVERYTHING,
    is_attached: bool = False,
    field: str | None = "file",
) -> StoredFile:
    """Receive, examine and keep one file. Ends the current transaction first, so nothing may have been written yet: in a
    service that writes before, use `prepare` (with no transaction open) then `keep`. Refusals are DomainErrors on `field`.
    """
    with apart():
        prepared = prepare(stream, name=name, accept=accept, field=field)
    return keep(prepared, purpose=purpose, owner_id=owner_id, territory_id=territory_id, is_attached=is_attached)


def prepare(stream: IO[bytes], *, name: str | None, accept: frozenset[Kind] = EVERYTHING, field: str | None = "file") -> Prepared:
    """Receive and examine, without the database."""
    begun: list[Path] = []

    def blank() -> Path:
        begun.append(storage.begin())
        return begun[-1]

    done: Path | None = None
    try:
        received = blank()
        _receive(stream, received, max(kind.limit for kind in accept))
        found = examine(received, name, accept, blank)
        digest, size = _digest(found.path)
        done = found.path
        return Prepared(done, digest, found.kind, size, clean_name(name, found.kind.endings), found.width, found.height)
    except DomainError as error:
        raise DomainError(error.message, field) from error
    except OSError as error:  # the disk is full, or away
        log.error("file not received", error=type(error).__name__, number=error.errno)
        raise DomainError(_("Le fichier n’a pas pu être enregistré. Réessayez dans quelques minutes."), field) from error
    finally:
        for path in begun:
            if path != done:
                storage.discard(path)


def made_here(path: Path, *, media_type: str, name: str) -> Prepared:
    """A file that the platform wrote itself at `storage.begin()`: nothing is to be found out about it."""
    digest, size = _digest(path)
    return Prepared(path, digest, Kind(media_type, endings=(), limit=size), size, name, width=None, height=None)


def keep(
    prepared: Prepared, *, purpose: str, owner_id: int | None = None, territory_id: int | None = None, is_attached: bool = False
) -> StoredFile:
    """Give a prepared file its place and its row, in the caller's transaction. What is rolled back is swept later."""
    if purpose not in readers:
        raise ValueError(f"nobody could read a file for {purpose!r}: say who in files.readers")
    if owner_id is not None and not is_attached:
        _check_waiting(owner_id, prepared)
    row = StoredFile(
        stored_as=storage.settle(prepared.path),
        sha256=prepared.sha256,
        media_type=prepared.kind.media_type,
        size=prepared.size,
        width=prepared.width,
        height=prepared.height,
        name=prepared.name,
        purpose=purpose,
        owner_id=owner_id,
        territory_id=territory_id,
        is_attached=is_attached,
        created_at=clock.now(),
    )
    db.add(row)
    db.flush()
    return row


def _check_waiting(owner_id: int, prepared: Prepared) -> None:
    waiting = db.scalar(select(func.sum(StoredFile.size)).where(StoredFile.owner_id == owner_id, ~StoredFile.is_attached)) or 0
    if waiting + prepared.size > WAITING_LIMIT:
        storage.discard(prepared.path)
        raise DomainError(_("Vous avez envoyé beaucoup de fichiers sans les utiliser. Réessayez demain."), "file")


def attach(file_id: int, *, owner_id: int, purpose: str, field: str | None = "file") -> StoredFile:
    """Make a file that this person sent part of something: from now on its purpose says who reads it."""
    query = select(StoredFile).where(
        StoredFile.id == file_id, StoredFile.owner_id == owner_id, StoredFile.purpose == purpose, ~StoredFile.is_attached
    )
    file = db.scalars(query.with_for_update()).one_or_none()  # the sweeper may be about to take it
    if file is None:
        raise DomainError(_("Ce fichier n’est plus là. Envoyez-le à nouveau."), field)
    file.is_attached = True
    db.flush()
    return file


def remove(file: StoredFile) -> None:
    """Forget a file: nobody can fetch it once this transaction is done, and its bytes go after that."""
    outbox.enqueue("files.remove", file.stored_as)
    db.delete(file)
    db.flush()


def _receive(stream: IO[bytes], path: Path, limit: int) -> None:
    """Copy, counting: what a request declares of its length binds nobody."""
    if stream.seekable():
        stream.seek(0)  # a view that PostgreSQL makes run again reads the same file again
    received = 0
    with path.open("wb") as target:
        while chunk := stream.read(CHUNK):
            received += len(chunk)
            if received > limit:
                raise too_heavy(limit)
            target.write(chunk)


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
