"""Projects, with every step of their life."""

from typing import Any

from app.contents import services as contents
from app.contents.models import Phase
from app.demo.story import Story
from app.projects import services


def plan(story: Story) -> None:
    for row in story.read("projects.toml")["projects"]:
        born = story.plan(story.moment(row["history"][0]["changed_in"], row["key"]), begin, row)
        for step in row["history"][1:]:
            moment = story.moment(step["changed_in"], row["key"] + step["maturity"], after=born)
            story.plan(moment, move, row, step["maturity"])


def begin(story: Story, row: dict[str, Any]) -> None:
    manager = story.people[row["manager"]]
    project = services.create_project(
        story.places[row["territory"]],
        by=manager,
        title=row["title"],
        summary=row["summary"],
        body=row["body"],
        project_kind=row["kind"],
        maturity=row["history"][0]["maturity"],
    )
    story.things[row["key"]] = project
    phases = [
        Phase(
            name=phase["name"],
            note=phase["what"],
            opens_at=story.start_of(phase["opens_in"]),
            closes_at=story.end_of(phase["closes_in"]),
            allows=[],
        )
        for phase in row["phases"]
    ]
    contents.set_phases(project, phases)
    contents.set_terms(project, [story.terms["theme", theme] for theme in row["themes"]])
    services.publish_project(project, by=manager)


def move(story: Story, row: dict[str, Any], maturity: str) -> None:
    services.set_maturity(story.things[row["key"]], maturity, note="", by=story.people[row["manager"]])
