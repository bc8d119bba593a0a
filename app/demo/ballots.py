"""Votes: as many different people as the data says, never the author, in bulk; tallies as `cast_vote` would leave them."""

import random
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any
from zlib import crc32

from sqlalchemy import insert

from app.contents.models import Tally, Vote
from app.contents.services import AGREEMENT
from app.core.db import db
from app.demo.story import Ballot, Story


def cast(story: Story) -> None:
    sizes: dict[str, int] = {}
    for ballot in story.ballots:
        sizes[ballot.space] = max(sizes.get(ballot.space, 0), sum(ballot.values.values()))
    publics = {ballot.space: public_of(ballot.space, ballot.place, sizes[ballot.space], story) for ballot in story.ballots}
    votes = [vote for ballot in story.ballots for vote in votes_in(ballot, publics[ballot.space], story)]
    tallies = [
        {"content_id": ballot.content_id, "scale": AGREEMENT, "value": value, "cast": count, "imported": 0}
        for ballot in story.ballots
        for value, count in ballot.values.items()
        if count
    ]
    db.execute(insert(Vote), votes)
    db.execute(insert(Tally), tallies)


def public_of(space: str, place: str, largest: int, story: Story) -> list[int]:
    """Those who live there, then others, drawn for each space: enough for its largest vote, and no two spaces have the same."""
    dice = random.Random(crc32(space.encode()))
    drawn = sorted((home != place, dice.random(), person_id) for person_id, home in story.citizens)
    return [person_id for _elsewhere, _order, person_id in drawn[: largest + dice.randint(1, 8)]]


def votes_in(ballot: Ballot, ids: list[int], story: Story) -> Iterator[dict[str, Any]]:
    dice = random.Random(ballot.content_id)
    values = [value for value, count in ballot.values.items() for _one in range(count)]
    people = dice.sample([each for each in ids if each != ballot.author_id], len(values))
    length = min(ballot.closes_at, story.told_at) - ballot.opens_at
    for person_id, value in zip(people, values, strict=True):
        at = ballot.opens_at + length * dice.random() ** 2  # many soon, some late
        revision = 1 + bisect_right(story.revised.get(ballot.content_id, []), at)
        yield {
            "content_id": ballot.content_id,
            "person_id": person_id,
            "scale": AGREEMENT,
            "value": value,
            "revision": revision,
            "cast_at": at,
        }
