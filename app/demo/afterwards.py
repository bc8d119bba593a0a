"""What also happens to texts: corrected, taken back, never sent, put away. And who watches over a project."""

from typing import Any

from app.consultations.proposals import services as proposals
from app.contents import services as contents
from app.contents.models import Mandate, State
from app.core import clock
from app.core.db import db
from app.demo.story import Story
from app.projects import services as projects


def plan(story: Story) -> None:
    rows = story.read("afterwards.toml")
    for row in rows["edits"]:
        story.plan(story.moment(row["edited_in"], f"edit/{row['on']}"), lambda row=row: correct(story, row))
    for row in rows["withdrawn"]:
        posted = story.plan(story.moment(row["posted_in"], row["title"]), lambda row=row: propose(story, row))
        story.plan(story.moment(row["withdrawn_in"], row["title"], after=posted), lambda row=row: take_back(story, row))
    for row in rows["drafts"]:
        story.plan(story.moment(row["saved_in"], row["title"]), lambda row=row: proposals.save_draft(**place_of(story, row)))
    for row in rows["archived"]:
        created = story.plan(story.moment(row["created_in"], row["key"]), lambda row=row: begin(story, row))
        story.plan(story.moment(row["archived_in"], row["key"], after=created), lambda row=row: put_away(story, row))
    for row in rows["mandates"]:
        story.plan(story.moment(row["since_in"], "mandate"), lambda row=row: give_mandate(story, row))


def correct(story: Story, row: dict[str, Any]) -> None:
    proposal = story.things[row["on"]]
    author = next(person for person in story.people.values() if person.id == proposal.author_id)
    body = f"{proposal.body_source}\n\n{row['adds']}"
    proposals.edit_proposal(proposal, by=author, seen=proposal.revision, title=proposal.title, body=body)
    story.revised.setdefault(proposal.id, []).append(clock.now())


def place_of(story: Story, row: dict[str, Any]) -> dict[str, Any]:
    section = story.things[f"{row['consultation']}/{row['section']}"]
    consultation, author = story.things[row["consultation"]], story.people[row["author"]]
    return {"consultation": consultation, "author": author, "title": row["title"], "body": row["body"], "section_id": section.id}


def propose(story: Story, row: dict[str, Any]) -> None:
    story.things[row["title"]] = proposals.propose(**place_of(story, row))


def take_back(story: Story, row: dict[str, Any]) -> None:
    proposals.withdraw(story.things[row["title"]], by=story.people[row["author"]])


def begin(story: Story, row: dict[str, Any]) -> None:
    by = story.people[row["manager"]]
    place = story.places[row["territory"]]
    project = projects.create_project(place, by=by, title=row["title"], summary=row["summary"], body=row["body"], project_kind=row["kind"])
    projects.publish_project(project, by=by)
    story.things[row["key"]] = project


def put_away(story: Story, row: dict[str, Any]) -> None:
    contents.change_state(story.things[row["key"]], State.ARCHIVED, by=story.people[row["manager"]])


def give_mandate(story: Story, row: dict[str, Any]) -> None:
    db.add(Mandate(project_id=story.things[row["project"]].id, person_id=story.people[row["person"]].id))
    db.flush()
