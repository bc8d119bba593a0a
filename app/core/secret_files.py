"""Secrets that an installation makes for itself, each in a file of its own that nobody else may read."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret in this file, made and kept there (0600) when there is none."""
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(make())
        with suppress(FileExistsError):
            path.hardlink_to(fresh)  # of two processes that start at once, one gives the key, whole
        fresh.unlink()
    return path.read_text().strip()
