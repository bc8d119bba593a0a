"""What a start finds to do once the database is ready, and what it tells the person who started it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from app.core.db import transaction


@contextmanager
def one_start_at_a_time(folder: Path) -> Iterator[None]:
    """Two starts on one instance: the second waits until the first has made the key, the tables, the demonstration."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(folder / "start.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def first_steps(app: Flask) -> list[str]:
    """Fill an empty region, or say how its first administrator gets in."""
    return demonstration() if app.config["DEMO"] else first_administrator()


def demonstration() -> list[str]:
    try:
        from app.demo import services as demo
    except ImportError as error:
        raise SystemExit(f"La région de démonstration n’est pas installée ({error}).") from error
    if demo.is_empty():
        print("La région de démonstration se prépare…", flush=True)
        with transaction():
            demo.load()
    elif not demo.is_loaded():
        raise SystemExit("La base contient déjà une autre région : démarrez sans --demo, ou avec un autre dossier INSTANCE_DIR.")
    with transaction():
        return ["", "Les personnes de la démonstration entrent par ces adresses :", *demo.log_in_addresses(), ""]


def first_administrator() -> list[str]:
    from app.accounts import services as accounts
    from app.initiatives import services as catalogue

    with transaction():
        link = accounts.first_administrator_link()
        if link is not None:
            catalogue.ensure_lists()
    if link is None:
        return []
    return ["", "La région est vide. Créez son premier compte d’administration (lien valable une fois, un jour) :", link, ""]
