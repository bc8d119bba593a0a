"""Bytes go after the rows that named them; what nothing names, or nobody used, is swept."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.core import clock, health, outbox
from app.core.db import db, transaction
from app.core.logs import log
from app.core.worker import every
from app.files import storage
from app.files.models import StoredFile

LEAST_SPACE = 500_000_000  # octets free on the disk, under which uploads will soon fail
UNUSED = timedelta(hours=24)  # sent, and not made part of anything
UNNAMED = timedelta(hours=1)  # on disk, and its row not committed yet
BATCH = 200


@dataclass(frozen=True)
class Swept:
    unused: int  # rows, with their bytes
    unnamed: int  # files that no row named
    missing: int  # rows whose bytes are not there: nothing is done, but it is said


@health.check("files")
def disk_has_room() -> str | None:
    folder = storage.root()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"Les fichiers envoyés ne peuvent pas être écrits dans {folder} : rendez ce dossier au compte du serveur."
    if shutil.disk_usage(folder).free < LEAST_SPACE:
        return "Le disque est presque plein : moins de 500 Mo libres pour les fichiers envoyés."
    return None


@outbox.handles("files.remove")
def remove_bytes(names: Sequence[str]) -> None:
    named = set(db.scalars(select(StoredFile.stored_as).where(StoredFile.stored_as.in_(names))))
    db.rollback()
    for name in names:
        if name not in named:
            storage.discard(storage.path_of(name))


@every(minutes=60, own_transactions=True)
def sweep() -> Swept:
    unused = _forget_unused()
    before = (clock.now() - UNNAMED).timestamp()
    unnamed = storage.forget_begun(before)
    for names in storage.settled(before):
        named = set(db.scalars(select(StoredFile.stored_as).where(StoredFile.stored_as.in_(names))))
        db.rollback()
        for name in names:
            if name not in named:
                storage.discard(storage.path_of(name))
                unnamed += 1
    swept = Swept(unused, unnamed, _count_missing())
    if swept != Swept(0, 0, 0):
        log.info("files swept", unused=swept.unused, unnamed=swept.unnamed, missing=swept.missing)
    return swept


def _forget_unused() -> int:
    old = (~StoredFile.is_attached, StoredFile.created_at < clock.now() - UNUSED)
    ids = db.scalars(select(StoredFile.id).where(*old).order_by(StoredFile.id)).all()
    db.rollback()
    forgotten = 0
    for file_id in ids:
        try:
            with transaction():  # the condition again: it may have become part of something since
                name = db.scalar(delete(StoredFile).where(StoredFile.id == file_id, *old).returning(StoredFile.stored_as))
        except IntegrityError:  # something uses it, and did not say so: it stays
            log.warning("file used but not attached", file=file_id)
            continue
        if name is not None:
            storage.discard(storage.path_of(name))
            forgotten += 1
    return forgotten


def _count_missing() -> int:
    missing, last = 0, 0
    while rows := db.execute(
        select(StoredFile.id, StoredFile.stored_as).where(StoredFile.id > last).order_by(StoredFile.id).limit(BATCH)
    ).all():
        missing += sum(not storage.path_of(name).exists() for _id, name in rows)
        last = rows[-1].id
    db.rollback()
    return missing
