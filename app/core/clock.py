"""The current time, aware and in UTC; tests replace it here and nowhere else."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def now() -> datetime:
    return datetime.now(UTC)


def from_now(**length: float) -> datetime:
    """The moment in so many days, hours, minutes or seconds."""
    return now() + timedelta(**length)
