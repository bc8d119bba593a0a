"""Links among everything: those long made, and those that one territory proposes and another has not answered."""

from datetime import timedelta
from typing import Any

from app.contents import links
from app.core import clock
from app.demo.catalogue import WRITER
from app.demo.story import Story
from app.related import services

SOONEST, SPREAD = 3, 40  # days between the later of two pages and the link that joins them


def plan(story: Story) -> None:
    rows = story.read("links.toml")
    for n, row in enumerate(rows["links"]):
        story.plan(story.end_of(-1) - timedelta(minutes=n + 1), tie, row, n)
    for row in rows["proposed"]:
        story.plan(story.moment(row["proposed_in"], row["from"] + row["to"]), propose, row)


def tie(story: Story, row: dict[str, str], n: int) -> None:
    """By the curator who writes, some days after both pages are there. What is not published yet shows no link until it is."""
    origin, target = story.things[row["from"]], story.things[row["to"]]
    there = max(each.published_at or each.created_at for each in (origin, target))
    with clock.telling(min(clock.now(), there + timedelta(days=SOONEST + 7 * n % SPREAD, hours=n % 5))):
        links.link(origin, target, row["nature"], author=story.people[WRITER], note=row.get("note", ""))


def propose(story: Story, row: dict[str, Any]) -> None:
    origin, target = story.things[row["from"]], story.things[row["to"]]
    services.tie(origin, target, row["nature"], by=story.people[row["by"]], own={origin.id}, note=row["note"])
