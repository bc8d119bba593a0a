"""What people of the demonstration follow."""

from app.demo.story import Story
from app.follows import services as follows

# (key of a person, what they look for, as they call it, days ago)
SEARCHES = [
    ("nadia-k", "q=v%C3%A9lo", "« vélo »", 12),
    ("nadia-k", "territory=tourcoing&state=open", "Tourcoing, Ouvert", 9),
    ("claire-delannoy", "q=budget+participatif&kind=initiative", "« budget participatif », Initiative", 30),
]


def plan(story: Story) -> None:
    for person, address, label, days in SEARCHES:
        story.plan(story.moment(-days, f"follow/{address}"), follow, person, address, label)


def follow(story: Story, person: str, address: str, label: str) -> None:
    follows.save_search(story.people[person], address=address, label=label)
