"""Two engines behind one interface: Whoosh beside SQLite, PostgreSQL in its own database. Neither parses what people type."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from flask import Flask, current_app
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import db, transaction

if TYPE_CHECKING:
    from app.search.engines.base import Engine

_making = Lock()


class AppConnections:
    """The session's own connection: a search sees what its request sees."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        try:
            yield db.connection()
        except SQLAlchemyError:
            db.rollback()  # a failed statement spoils the transaction; pages go on without search
            raise

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with transaction():
            yield db.connection()


def current() -> "Engine":
    """Made when it is first asked for: NumPy and Whoosh are a tenth of what a start would load, and no page but search wants them."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    if "search" not in app.extensions:
        with _making:
            if "search" not in app.extensions:
                app.extensions["search"] = make(app)
    engine: Engine = app.extensions["search"]
    return engine


def make(app: Flask) -> "Engine":
    if app.extensions["engine"].dialect.name == "postgresql":
        from app.search.engines.postgres import PostgresEngine

        return PostgresEngine(AppConnections())
    from app.search.engines.whoosh import WhooshEngine

    return WhooshEngine(Path(app.config["INSTANCE_DIR"]) / "search")
