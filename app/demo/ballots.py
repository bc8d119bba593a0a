"""Votes: as many different people as the data says, never the author, in bulk; tallies as `cast_vote` would leave them."""

import random
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert

from app.contents.models import Tally, Vote
from app.contents.services import AGREEMENT
from app.core.db import db
from app.demo.story import Ballot, Story


def cast(story: Story) -> None:
    ids = [person.id for person in story.citizens]
    votes = [vote for ballot in story.ballots for vote in votes_in(ballot, ids, story)]
    tallies = [
        {"content_id": ballot.content_id, "scale": AGREEMENT, "value": value, "cast": count, "imported": 0}
        for ballot in story.ballots
        for value, count in ballot.values.items()
        if count
    ]
    db.execute(insert(Vote), votes)
    db.execute(insert(Tally), tallies)


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
