"""What was contested and answered, and what was decided about accounts: some of it waits, some is done."""

from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.demo import moderation
from app.demo.story import Story
from app.moderation.appeals import queries as appeals
from app.moderation.appeals import services
from app.moderation.models import Decision, Report
from app.moderation.redress import Key
from app.moderation.sanctions import queries as sanctions
from app.moderation.sanctions import services as measures


def plan(story: Story) -> None:
    told = story.read("redress.toml")
    for row in told["cases"]:
        moderation.plan_case(story, row, row["decision"]["by"])
    for row in told["appeals"]:
        made = story.plan(story.moment(row["made_in"], f"{row['on']}/appeal"), contest, row)
        if answer := row.get("answer"):
            story.plan(story.moment(answer["answered_in"], f"{row['on']}/answer", after=made), respond, row)
    for row in told["sanctions"]:
        key = f"{row['person']}/{row['territory']}"
        proposed = story.plan(story.moment(row["proposed_in"], key), propose, row)
        if second := row.get("second"):
            story.plan(story.moment(second["read_in"], f"{key}/second", after=proposed), confirm, row)


def act_of(story: Story, row: dict[str, Any]) -> appeals.Act:
    """The first decision about the text; contested by its author, or by whoever reported it."""
    content_id = story.things[row["on"]].id
    decision_id = db.scalars(select(Decision.id).where(Decision.content_id == content_id).order_by(Decision.id).limit(1)).one()
    report_id = None
    if reporter := row.get("reporter"):
        mine = (Report.content_id == content_id, Report.person_id == story.people[reporter].id)
        report_id = db.scalars(select(Report.id).where(*mine)).one()
    return appeals.get_act(Key(decision_id=decision_id, report_id=report_id))


def contest(story: Story, row: dict[str, Any]) -> None:
    services.contest(act_of(story, row), text=row["text"])


def respond(story: Story, row: dict[str, Any]) -> None:
    act, answer = act_of(story, row), row["answer"]
    appeal = appeals.find_appeal(act)
    assert appeal is not None
    give = services.uphold if answer["outcome"] == "upheld" else services.dismiss
    give(appeal, act, by=story.people[answer["by"]], answer=answer["text"], seen=appeal.version)


def propose(story: Story, row: dict[str, Any]) -> None:
    made = measures.propose(
        story.people[row["person"]],
        territory=story.places[row["territory"]],
        kind=row["kind"],
        article=story.articles[row["territory"], row["article"]],
        facts=row["facts"],
        ends_at=story.end_of(row["proposed_in"] + row["lasts"]) if "lasts" in row else None,
        by=story.people[row["by"]],
    )
    story.things[f"{row['person']}/{row['territory']}"] = made


def confirm(story: Story, row: dict[str, Any]) -> None:
    sanction = sanctions.get_sanction(story.things[f"{row['person']}/{row['territory']}"].id)
    measures.confirm(sanction, by=story.people[row["second"]["by"]], seen=sanction.version)
