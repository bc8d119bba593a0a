"""Months and weeks of Paris, as moments."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.core import clock
from app.core.clock import PARIS
from app.core.errors import NotFound
from app.core.formats import day as day_in_words

FIRST_YEAR = 2020


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS).astimezone(UTC)


@dataclass(frozen=True, order=True)
class Month:
    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def name(self) -> str:
        """« octobre 2026 »."""
        return day_in_words(date(self.year, self.number, 2)).removeprefix("2").strip("\u00a0 ")

    @property
    def starts(self) -> datetime:
        return midnight(date(self.year, self.number, 1))

    @property
    def ends(self) -> datetime:
        return self.plus(1).starts

    def plus(self, count: int) -> "Month":
        year, month = divmod(self.year * 12 + self.number - 1 + count, 12)
        return Month(year, month + 1)


def this_month() -> Month:
    today = clock.today()
    return Month(today.year, today.month)


def get_month(text: str) -> Month:
    """« 2026-10 », not in the future; anything else is no page."""
    if not re.fullmatch(r"20[2-9]\d-(0[1-9]|1[0-2])", text, re.ASCII):
        raise NotFound
    found = Month(int(text[:4]), int(text[5:]))
    if found > this_month():
        raise NotFound
    return found


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def year_bounds(year: int) -> tuple[datetime, datetime]:
    return midnight(date(year, 1, 1)), midnight(date(year + 1, 1, 1))
