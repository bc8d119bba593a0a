"""The current time, aware and in UTC; tests replace it here and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
_told: ContextVar[datetime | None] = ContextVar("told", default=None)


def now() -> datetime:
    return _told.get() or datetime.now(UTC)


def today() -> date:
    """The day it is in Paris."""
    return now().astimezone(PARIS).date()


@contextmanager
def telling(moment: datetime) -> Iterator[None]:
    """For this task alone, until the end of the block, it is `moment`, for the columns' defaults too: how a past is told."""
    token = _told.set(moment)
    try:
        yield
    finally:
        _told.reset(token)


def from_now(**length: float) -> datetime:
    """The moment in so many days, hours, minutes or seconds."""
    return now() + timedelta(**length)
