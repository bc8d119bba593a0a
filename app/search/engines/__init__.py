"""Two engines behind one interface: Whoosh beside SQLite, PostgreSQL in its own database. Neither parses what people type."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, current_app
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import db, transaction

if TYPE_CHECKING:
    from app.search.engines.base import Engine


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
    engine: Engine = current_app.extensions["search"]
    return engine


def init_app(app: Flask) -> None:
    if app.extensions["engine"].dialect.name == "postgresql":
        from app.search.engines.postgres import PostgresEngine

        app.extensions["search"] = PostgresEngine(AppConnections())
    else:
        from app.search.engines.whoosh import WhooshEngine

        app.extensions["search"] = WhooshEngine(Path(app.config["INSTANCE_DIR"]) / "search")
