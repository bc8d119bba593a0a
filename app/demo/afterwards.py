"""What also happens to texts: corrected, taken back, never sent, put away. Documents of projects, and who watches over one."""

from io import BytesIO
from typing import Any

from app.accounts.models import Person
from app.consultations.proposals import services as proposals
from app.contents import services as contents
from app.contents.models import Content, Mandate, State
from app.core import clock
from app.core.db import db
from app.demo.story import Story
from app.files import services as files
from app.projects import services as projects


def plan(story: Story) -> None:
    rows = story.read("afterwards.toml")
    for row in rows["edits"]:
        story.plan(story.moment(row["edited_in"], f"edit/{row['on']}"), correct, row)
    for row in rows["withdrawn"]:
        posted = story.plan(story.moment(row["posted_in"], row["title"]), propose, row)
        story.plan(story.moment(row["withdrawn_in"], row["title"], after=posted), take_back, row)
    for row in rows["drafts"]:
        story.plan(story.moment(row["saved_in"], row["title"]), save, row)
    for row in rows["archived"]:
        created = story.plan(story.moment(row["created_in"], row["key"]), begin, row)
        story.plan(story.moment(row["archived_in"], row["key"], after=created), put_away, row)
    for row in rows["mandates"]:
        story.plan(story.moment(row["since_in"], "mandate"), give_mandate, row)
    for row in rows["documents"]:
        story.plan(story.moment(row["attached_in"], row["name"]), attach, row)


def author_of(story: Story, content: Content) -> Person:
    return next(person for person in story.people.values() if person.id == content.author_id)


def correct(story: Story, row: dict[str, Any]) -> None:
    proposal = story.things[row["on"]]
    author = author_of(story, proposal)
    body = f"{proposal.body_source}\n\n{row['adds']}"
    proposals.edit_proposal(proposal, by=author, seen=proposal.revision, title=proposal.title, body=body)
    story.revised.setdefault(proposal.id, []).append(clock.now())


def place_of(story: Story, row: dict[str, Any]) -> dict[str, Any]:
    section = story.things[f"{row['consultation']}/{row['section']}"]
    consultation, author = story.things[row["consultation"]], story.people[row["author"]]
    return {"consultation": consultation, "author": author, "title": row["title"], "body": row["body"], "section_id": section.id}


def propose(story: Story, row: dict[str, Any]) -> None:
    story.things[row["title"]] = proposals.propose(**place_of(story, row))


def save(story: Story, row: dict[str, Any]) -> None:
    proposals.save_draft(**place_of(story, row))


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


def attach(story: Story, row: dict[str, Any]) -> None:
    project = story.things[row["on"]]
    received = files.prepare(BytesIO(row["body"].lstrip().encode()), name=row["name"])
    contents.attach(project, received, title=row["title"], by=author_of(story, project))


def give_mandate(story: Story, row: dict[str, Any]) -> None:
    db.add(Mandate(project_id=story.things[row["project"]].id, person_id=story.people[row["person"]].id))
    db.flush()
