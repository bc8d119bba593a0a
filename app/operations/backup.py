"""Everything that cannot be made again, in one file: the database at one instant, the files sent, the two keys.

Never a copy of a live SQLite file: rows of its journal would be missing. The index and Huey's store are made again.
The archive is as private as the site: it holds every person's data.
"""

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, inspect, literal, select, table, text
from sqlalchemy.engine import make_url

from app.core import clock
from app.core.worker import LEADER_KEY
from app.operations import migrations

FORMAT = 1
DATABASE = "database"
FILES = "files"
KEYS = ("secret-key", "audit-key")
MANIFEST = "manifest.json"
UNCOUNTED = {"alembic_version", "worker_beats", "stamps", "form_keys"}  # an installation that has only these is empty

Say = Callable[[str], Any]


class Refused(Exception):
    """The backup or the restoration cannot be done; the message is for the operator."""


@dataclass(frozen=True)
class Place:
    """What is saved, or restored to."""

    url: str
    folder: Path  # INSTANCE_DIR

    @property
    def on_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def database(self) -> Path:
        return Path(make_url(self.url).database or "")

    @property
    def libpq(self) -> str:
        return make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)


# ---- backup


def write(place: Place, target: Path, say: Say = lambda sentence: None) -> dict[str, Any]:
    """Write the archive; what its manifest says. The site goes on meanwhile."""
    if target.exists():
        raise Refused(f"{target.name} existe déjà : choisissez un autre nom.")
    os.umask(0o077)
    with tempfile.TemporaryDirectory(prefix="backup-", dir=place.folder) as folder:
        work = Path(folder)
        link_files(place.folder / FILES, work / FILES)  # before and after: a file that goes meanwhile is there, one that comes too
        begun = clock.now()
        say("La base…")
        dump(place, work / DATABASE)
        link_files(place.folder / FILES, work / FILES)
        for name in KEYS:
            if (place.folder / name).exists():
                shutil.copyfile(place.folder / name, work / name)  # ours alone, whatever became of its rights
        manifest = {
            "format": FORMAT,
            "made_at": begun.isoformat(),
            "engine": "sqlite" if place.on_sqlite else "postgresql",
            "migration": version_of(place),
            "database_sha256": digest(work / DATABASE),
            "files": sum(1 for path in (work / FILES).rglob("*") if path.is_file()),
        }
        (work / MANIFEST).write_text(json.dumps(manifest, indent=1))
        say("L’archive…")
        pack(work, target)
    return manifest


def dump(place: Place, path: Path) -> None:
    if place.on_sqlite:
        connection = sqlite3.connect(f"file:{place.database}?mode=ro", uri=True, timeout=30)
        try:
            connection.execute("VACUUM INTO ?", (str(path),))
        finally:
            connection.close()
        return
    command = ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--exclude-table=huey_*", f"--file={path}", place.libpq]
    run(command, "pg_dump")


def link_files(source: Path, target: Path) -> None:
    """The same bytes under a second name: files never change once they have theirs."""
    target.mkdir(mode=0o700, exist_ok=True)
    for folder, _, names in os.walk(source):
        there = target / Path(folder).relative_to(source)
        there.mkdir(mode=0o700, exist_ok=True)
        for name in names:
            with suppress(FileNotFoundError, FileExistsError):
                os.link(Path(folder) / name, there / name)


def pack(work: Path, target: Path) -> None:
    partial = target.with_name(target.name + ".partial")
    with partial.open("wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3) as archive:
            for name in (MANIFEST, DATABASE, *KEYS, FILES):
                if (work / name).exists():
                    archive.add(work / name, arcname=name)
        raw.flush()
        os.fsync(raw.fileno())
    partial.rename(target)


# ---- restoration


def read(place: Place, source: Path, *, force: bool = False, say: Say = lambda sentence: None) -> dict[str, Any]:
    """Put back what the archive holds, all or nothing; what its manifest says. The site must be stopped.

    With `force`, what is there goes: SQLite's file and the files are moved aside, a PostgreSQL schema is dropped.
    """
    os.umask(0o077)
    place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="restore-", dir=place.folder) as folder, alone(place):
        work = Path(folder)
        say("L’archive…")
        manifest = unpack(source, work)
        wanted = "sqlite" if place.on_sqlite else "postgresql"
        if manifest["engine"] != wanted:
            raise Refused(f"Cette sauvegarde vient de {manifest['engine']}, la base est {wanted} : restaurez sur le même moteur.")
        if not force and not is_empty(place):
            raise Refused("L’installation n’est pas vide : ajoutez --force pour la remplacer.")
        say("La base…")
        suffix = f".avant-{clock.now():%Y%m%d-%H%M%S}"
        if place.on_sqlite:
            replace_sqlite(place, work / DATABASE, suffix)
        else:
            replace_postgres(place, work / DATABASE)
        for name in (FILES, *KEYS):
            move_aside(place.folder / name, suffix)
            if (work / name).exists():
                (work / name).rename(place.folder / name)
        for name in ("search", "jobs.db", "jobs.db-wal", "jobs.db-shm"):  # made again
            path = place.folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        migrations.upgrade_if_behind(place.url)
        return manifest


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """Nobody serves or works here meanwhile, as far as a lock can tell."""
    if not place.on_sqlite:
        engine = create_engine(place.url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LEADER_KEY}):
                    raise Refused("Un ouvrier travaille sur cette base : arrêtez le site d’abord.")
                yield
        finally:
            engine.dispose()
        return
    with (place.folder / "leader.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused("Le site est en marche : arrêtez-le d’abord.") from error
        yield


def unpack(source: Path, work: Path) -> dict[str, Any]:
    try:
        with gzip.open(source) as raw:
            with tarfile.open(fileobj=raw, mode="r:") as archive:
                archive.extractall(work, filter="data")
            while raw.read(1 << 20):  # tarfile stops at its own end mark; gzip checks its sum at the end of the file
                pass
        manifest = json.loads((work / MANIFEST).read_text())
        is_whole = manifest["format"] == FORMAT and manifest["database_sha256"] == digest(work / DATABASE)
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError, KeyError) as error:
        raise Refused(f"{source.name} n’est pas une sauvegarde de Beffroi, ou elle est abîmée.") from error
    if not is_whole:
        raise Refused(f"{source.name} est abîmée : son empreinte n’est pas la bonne.")
    return manifest


def is_empty(place: Place) -> bool:
    if place.on_sqlite and not place.database.exists():
        return True
    engine = create_engine(place.url)
    try:
        with engine.connect() as connection:
            names = set(inspect(connection).get_table_names()) - UNCOUNTED
            names = {name for name in names if not name.startswith("huey_")}
            return not any(connection.execute(select(literal(1)).select_from(table(name)).limit(1)).first() for name in sorted(names))
    finally:
        engine.dispose()


def replace_sqlite(place: Place, new: Path, suffix: str) -> None:
    connection = sqlite3.connect(new)
    try:
        sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    finally:
        connection.close()
    if sound != "ok":
        raise Refused(f"La base de cette sauvegarde est abîmée ({sound}).")
    for ending in ("", "-wal", "-shm"):
        move_aside(Path(f"{place.database}{ending}"), suffix)
    shutil.move(new, place.database)


def replace_postgres(place: Place, new: Path) -> None:
    """In one transaction: what fails leaves what was there."""
    script = new.with_suffix(".sql")
    run(["pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", f"--file={script}", str(new)], "pg_restore")
    begin = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
    whole = [
        "psql",
        "--no-psqlrc",
        "--quiet",
        "--single-transaction",
        "--set=ON_ERROR_STOP=1",
        f"--command={begin}",
        f"--file={script}",
        place.libpq,
    ]
    run(whole, "psql")


def move_aside(path: Path, suffix: str) -> None:
    if path.exists():
        path.rename(path.with_name(path.name + suffix))


def run(command: list[str], name: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError as error:
        raise Refused(f"{name} manque : installez le paquet postgresql-client.") from error
    if done.returncode:
        raise Refused(f"{name} a échoué : {(done.stderr.strip().splitlines() or ['sans rien dire'])[-1]}")


def version_of(place: Place) -> str | None:
    engine = create_engine(place.url)
    try:
        with engine.connect() as connection:
            return migrations.current(connection)
    finally:
        engine.dispose()


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def made_at(manifest: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(manifest["made_at"])
