"""The whole catalogue as files, made ahead by the worker: a visitor is sent one from disk.

A row of the outbox says that the files are behind (a sheet is not in them yet) or untrue (they show something that changed, or
was taken back). It is written in the transaction of the change, and goes only in the one that puts newer files in their place:
while such a row is there, whatever its state, the files are known to be behind or untrue. What is behind is still given, what is
untrue is not: until the worker has made it again, who asks is answered by a reading of the moment.
"""

import gzip
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, NamedTuple

from sqlalchemy import delete, select

from app import files
from app.contents.models import Content
from app.contents.queries import published
from app.core import clock, outbox, stamps
from app.core.db import db, one_of, transaction
from app.core.outbox import OutboxJob
from app.core.worker import every
from app.exchange import rows, writers
from app.exchange.writers import Put, Table
from app.files import services, storage
from app.files.models import StoredFile
from app.initiatives.models import KINDS

TOPIC = "catalogue_files"
BEHIND, UNTRUE = "behind", "untrue"
DELAY = {BEHIND: 30, UNTRUE: 3}  # seconds: one making for all that changes meanwhile
PURPOSE = "catalogue"
STAMP = "catalogue-files"  # moves when there are newer files
BATCH = 100  # sheets read at once
PACKED = "gz"


class Form(NamedTuple):
    media_type: str
    write: Callable[[IO[bytes]], AbstractContextManager[Put]]  # to a file: gives what writes the next sheet, from its JSON object
    is_packed: bool  # is it kept compressed too? What is an archive already is not


def of_sheets(table: Table) -> Callable[[IO[bytes]], AbstractContextManager[Put]]:
    @contextmanager
    def write(out: IO[bytes]) -> Iterator[Put]:
        with table(out, list(rows.COLUMNS), "Catalogue") as put:
            yield lambda about: put(rows.as_row(about))

    return write


FORMS = {
    "csv": Form(writers.CSV, of_sheets(writers.csv_table), is_packed=True),
    "ods": Form(writers.ODS, of_sheets(writers.ods_table), is_packed=False),
    "xlsx": Form(writers.XLSX, of_sheets(writers.xlsx_table), is_packed=False),
    "json": Form(writers.JSON, writers.json_items, is_packed=True),
}

# Not at `/fichiers/…`: only the catalogue's own addresses ask whether a file is still true.
files.readers[PURPOSE] = lambda _person, _file: False


class Busy(Exception):
    """Another answer of this process is being made."""


# --- What there is ---------------------------------------------------------------------------------------------------------


def note(*states: str) -> None:
    """The files are BEHIND or UNTRUE once the present transaction is done."""
    for state in states:
        outbox.enqueue(TOPIC, state, clock.from_now(seconds=DELAY[state]))


def are_untrue() -> bool:
    return db.scalar(select(OutboxJob.id).where(OutboxJob.topic == TOPIC, OutboxJob.key == UNTRUE).limit(1)) is not None


def present() -> dict[str, StoredFile]:
    """The latest files, by their names: "catalogue.csv", "catalogue.csv.gz"."""
    return {file.name: file for file in db.scalars(select(StoredFile).where(StoredFile.purpose == PURPOSE).order_by(StoredFile.id))}


def name_of(ending: str, *, packed: bool = False) -> str:
    return f"catalogue.{ending}.{PACKED}" if packed else f"catalogue.{ending}"


def find_file(ending: str, *, packed: bool = False) -> StoredFile | None:
    """The file that may be given now. Asked in this order: newer files come in the transaction that says the older are replaced."""
    return None if are_untrue() else present().get(name_of(ending, packed=packed and FORMS[ending].is_packed))


# --- Making ----------------------------------------------------------------------------------------------------------------


def every_sheet() -> Iterator[dict[str, Any]]:
    """The JSON objects of all that is published, in the order of ids, by batches, each read in a transaction of its own."""
    ids = db.scalars(select(Content.id).where(published(), Content.kind.in_(KINDS)).order_by(Content.id)).all()
    for start in range(0, len(ids), BATCH):
        db.rollback()
        batch = rows.whole(select(Content).where(published(), one_of(Content.id, "ids")).order_by(Content.id))
        yield from rows.objects_of(db.scalars(batch, {"ids": ids[start : start + BATCH]}).unique().all())
        db.expunge_all()
    db.rollback()


def write(paths: Mapping[str, Path]) -> None:
    """A file for each of these endings, from one reading. On disk for good when this returns."""
    with ExitStack() as stack:
        out = {ending: stack.enter_context(path.open("wb")) for ending, path in paths.items()}
        with ExitStack() as ends:
            puts = [ends.enter_context(FORMS[ending].write(file)) for ending, file in out.items()]
            for about in every_sheet():
                for put in puts:
                    put(about)
        for file in out.values():
            file.flush()
            os.fsync(file.fileno())


def pack(plain: Path, packed: Path) -> None:
    with plain.open("rb") as source, packed.open("wb") as target:
        with gzip.GzipFile("", "wb", 5, target, mtime=0) as out:
            shutil.copyfileobj(source, out)
        target.flush()
        os.fsync(target.fileno())


@outbox.handles(TOPIC, leader_only=True, apart=True)
def work(_states: Sequence[str]) -> None:
    while not make():
        """Another worker was first: what it did not show is left to do."""


def make() -> bool:
    """Make every file again, beside, then put them in the place of the older ones. False when another worker did so meanwhile."""
    begun = clock.now()
    seen = db.scalars(select(OutboxJob.id).where(OutboxJob.topic == TOPIC)).all()
    db.rollback()
    if not seen:
        return True
    plain = {ending: storage.begin() for ending in FORMS}
    packed = {ending: storage.begin() for ending, form in FORMS.items() if form.is_packed}
    try:
        write(plain)
        for ending, path in packed.items():
            pack(plain[ending], path)
        made = [
            services.made_here(path, media_type=FORMS[ending].media_type, name=name_of(ending, packed=paths is packed))
            for paths in (plain, packed)
            for ending, path in paths.items()
        ]
        return put_in_place(made, seen, begun)
    finally:
        for path in (*plain.values(), *packed.values()):
            storage.discard(path)


class Overtaken(Exception):
    """Part of what these files were made for has been done by others: they may be older than the ones in place."""


def put_in_place(made: Sequence[services.Prepared], seen: Sequence[int], begun: datetime) -> bool:
    jobs = OutboxJob.metadata.tables[OutboxJob.__tablename__]
    try:
        with transaction():
            done = db.scalars(delete(jobs).where(one_of(jobs.c.id, "seen")).returning(jobs.c.id), {"seen": seen}).all()
            if len(done) < len(seen):
                raise Overtaken
            for old in present().values():
                services.remove(old)
            for each in made:
                services.keep(each, purpose=PURPOSE, is_attached=True).created_at = begun
            stamps.bump(STAMP)
    except Overtaken:
        return False
    return True


one_at_a_time = threading.Lock()


def make_for_one(ending: str) -> IO[bytes]:
    """A file of the present moment for one reader, that goes with them: no file in place may be given. One at a time a process,
    since it costs seconds of CPU; Busy for the others."""
    if not one_at_a_time.acquire(blocking=False):
        raise Busy
    path = None
    try:
        path = storage.begin()
        write({ending: path})
        return path.open("rb")
    finally:
        one_at_a_time.release()
        if path is not None:
            storage.discard(path)


@every(minutes=24 * 60)
def make_daily() -> None:
    """At the start, since the address of the site may be another; and each day, whatever may have changed without saying so."""
    note(BEHIND)
