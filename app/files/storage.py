"""The bytes, under `instance/files/ab/cd/abcd…`, readable by this account only. A file is whole, or it is not there.

Written beside (`instance/files/new/`), forced to disk, then renamed: a full disk or a kill leaves at most a file
that no row names, and the sweeper takes it away.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from flask import current_app

NEW = "new"


def root() -> Path:
    return Path(current_app.config["INSTANCE_DIR"]) / "files"


def path_of(stored_as: str) -> Path:
    if not (len(stored_as) == 32 and set(stored_as) <= set("0123456789abcdef")):
        raise ValueError("not a name of ours")
    return root() / stored_as[:2] / stored_as[2:4] / stored_as


def begin() -> Path:
    """A new empty file, readable by us only, for what is being received."""
    folder = root() / NEW
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / secrets.token_hex(16)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return path


def settle(path: Path) -> str:
    """Give a received file its place; returns its name. On disk for good when this returns."""
    name = secrets.token_hex(16)
    target = path_of(name)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.rename(target)
    for folder in (target.parent, target.parent.parent, root()):
        _sync(folder)
    return name


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def discard(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()


def settled(before: float) -> Iterator[list[str]]:
    """The names of stored files last written before this moment (seconds since 1970), a folder at a time."""
    for shard in sorted(root().glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]")):
        names = [entry.name for entry in os.scandir(shard) if len(entry.name) == 32 and entry.stat().st_mtime < before]
        if names:
            yield names


def forget_begun(before: float) -> int:
    """Take away what was being received when a process died."""
    folder = root() / NEW
    old = [entry for entry in (os.scandir(folder) if folder.exists() else ()) if entry.stat().st_mtime < before]
    for entry in old:
        discard(Path(entry.path))
    return len(old)
