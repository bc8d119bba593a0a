"""The demonstration is a story: each act happens at its moment, in order, through the services that the pages call.

The parts (places, people, projects…) first plan their acts; `tell` then does them from the first day to the last, with the
clock on the moment of each. So histories, registers and counts are what two years of use would have left.
"""

import random
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from app.accounts.models import Person
from app.contents.models import Term
from app.core import clock
from app.core.clock import PARIS
from app.core.formats import day as day_in_words
from app.territories.models import CharterArticle, Territory

DATA = Path(__file__).parent / "data"
FIRST_HOUR, LAST_HOUR = 7, 19  # of a day's acts; what follows another the same day comes within the hours after
DATE = re.compile(r"\{date:(-?\d+)\}")


@dataclass
class Ballot:
    """Votes to cast once the story is told: how many of each value, between two moments, by other people than the author."""

    content_id: int
    author_id: int | None
    space: str  # the key of the consultation or debate: those who vote there are its public
    place: str
    values: dict[str, int]
    opens_at: datetime
    closes_at: datetime


@cache
def parsed(name: str) -> dict[str, Any]:
    """Several parts read the same file. `dated` copies it: nobody changes this one."""
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))


@dataclass
class Story:
    today: date
    told_at: datetime
    acts: list[tuple[datetime, int, Callable[..., Any], tuple[Any, ...]]] = field(default_factory=list)
    places: dict[str, Territory] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)  # contents, by their key in the data
    terms: dict[tuple[str, str], Term] = field(default_factory=dict)
    articles: dict[tuple[str, int], CharterArticle] = field(default_factory=dict)
    citizens: list[tuple[int, str]] = field(default_factory=list)  # person id, key of the territory where they live
    ballots: list[Ballot] = field(default_factory=list)
    revised: dict[int, list[datetime]] = field(default_factory=dict)  # content id → when each new version came

    def read(self, name: str) -> dict[str, Any]:
        """One file of data/, with its dates in words."""
        return self.dated(parsed(name))

    def read_all(self, folder: str) -> Iterator[dict[str, Any]]:
        for path in sorted((DATA / folder).glob("*.toml")):
            yield self.read(f"{folder}/{path.name}")

    def dated(self, value: Any) -> Any:
        if isinstance(value, str):
            return DATE.sub(lambda found: day_in_words(self.day(int(found[1]))), value)
        if isinstance(value, dict):
            return {name: self.dated(inner) for name, inner in value.items()}
        return [self.dated(inner) for inner in value] if isinstance(value, list) else value

    def day(self, n: int) -> date:
        return self.today + timedelta(days=n)

    def start_of(self, n: int) -> datetime:
        """Midnight in Paris at the beginning of that day."""
        return datetime.combine(self.day(n), time(), PARIS).astimezone(UTC)

    def end_of(self, n: int) -> datetime:
        return self.start_of(n + 1)

    def moment(self, n: int, key: str, after: datetime | None = None) -> datetime:
        """That day, at an hour of its own; a little later than `after` if it would come before."""
        dice = random.Random(crc32(key.encode()))
        hour, minute = dice.randrange(FIRST_HOUR, LAST_HOUR), dice.randrange(60)
        moment = datetime.combine(self.day(n), time(hour, minute, dice.randrange(60)), PARIS).astimezone(UTC)
        return moment if after is None or moment > after else after + timedelta(minutes=dice.randrange(11, 50), seconds=dice.randrange(60))

    def plan(self, moment: datetime, act: Callable[..., Any], *told: Any) -> datetime:
        """At that moment, `act(story, *told)`. What it needs of earlier acts it finds in the story then."""
        self.acts.append((moment, len(self.acts), act, told))
        return moment

    def tell(self) -> None:
        for moment, _n, act, told in sorted(self.acts, key=lambda planned: planned[:2]):
            with clock.telling(moment):
                act(self, *told)
