"""Consultations and debates: opened, taken part in, answered, concluded."""

from datetime import datetime
from typing import Any

from app.comments import services as comments
from app.comments.models import Argument
from app.consultations import services as consultations
from app.consultations.proposals import services as proposals
from app.contents import services as contents
from app.contents import spaces
from app.contents.models import Content, Phase, Voice
from app.core import clock
from app.core.i18n import _
from app.debates import services as debates
from app.demo.story import Ballot, Story

ACTS = {"consultation": ["propose", "argue", "vote", "comment"], "debate": ["argue", "vote", "comment"]}
ANSWERS = {"accepted": "Retenue", "studied": "À l’étude", "rejected": "Écartée"}
TO_WRITE, TO_READ = 10, 2  # days before the opening: begun, published


def plan(story: Story) -> None:
    projects = {row["key"]: row for row in story.read("projects.toml")["projects"]}
    managers = {row["territory"]: row["manager"] for row in projects.values()}
    for kind, rows in (("consultation", story.read_all("consultations")), ("debate", story.read("debates.toml")["debates"])):
        for row in rows:
            project = projects.get(row.get("project", ""), {})
            plan_space(story, kind, row, managers[row["territory"]], row.get("themes") or project["themes"])
            for proposal in row.get("proposals", []):
                plan_proposal(story, row, proposal)
            for argument in row.get("arguments", []):
                plan_argument(story, row, argument)


def plan_space(story: Story, kind: str, row: dict[str, Any], manager: str, themes: list[str]) -> None:
    begun = story.moment(min(row["opens_in"] - TO_WRITE, -5), row["key"])
    story.plan(begun, begin, kind, row, manager, themes)
    if row["state"] == "published":
        shown = story.moment(min(row["opens_in"] - TO_READ, -2), row["key"] + "shown", after=begun)
        story.plan(shown, show, row, manager)
    if conclusion := row.get("conclusion"):
        said = story.moment(conclusion["published_in"], row["key"] + "conclusion")
        story.plan(said, conclude, row, conclusion)


def begin(story: Story, kind: str, row: dict[str, Any], manager: str, themes: list[str]) -> None:
    create = consultations.create_consultation if kind == "consultation" else debates.create_debate
    by = story.people[manager]
    space: Any = create(
        story.places[row["territory"]],
        by=by,
        title=row["title"],
        summary=row["summary"],
        body=f"**{row['question']}**\n\n{row['body']}" if kind == "debate" else row["body"],
        asked=row["asked"],
        becomes=row["becomes"],
        open_to=who(row["until"]),
        project=story.things.get(row.get("project", "")),
    )
    story.things[row["key"]] = space
    for section in row.get("sections", []):
        made = proposals.add_section(space, key=section["key"], title=section["title"], text=section["text"])
        story.things[f"{row['key']}/{section['key']}"] = made
    name = _("Vos propositions") if kind == "consultation" else _("Le débat")
    opens_at, closes_at = window(story, row)
    spaces.set_dates(space, [Phase(name=name, note=row["asked"], opens_at=opens_at, closes_at=closes_at, allows=ACTS[kind])], by=by)
    contents.set_terms(space, [story.terms["theme", theme] for theme in themes])


def show(story: Story, row: dict[str, Any], manager: str) -> None:
    spaces.publish(story.things[row["key"]], by=story.people[manager])


def conclude(story: Story, row: dict[str, Any], conclusion: dict[str, Any]) -> None:
    body = f"### {conclusion['title']}\n\n{conclusion['body']}"
    spaces.conclude(story.things[row["key"]], body=body, by=story.people[conclusion["author"]])


def who(until: str) -> str:
    """The page says the dates; what follows them says who may take part, and where else."""
    return until.partition(". ")[2]


def window(story: Story, row: dict[str, Any]) -> tuple[datetime, datetime]:
    return story.start_of(row["opens_in"]), story.end_of(row["closes_in"])


# --- What people write -------------------------------------------------------------------------------------------------


def plan_proposal(story: Story, space: dict[str, Any], row: dict[str, Any]) -> None:
    key = row["key"]
    posted = story.plan(story.moment(row["posted_in"], key), propose, space, row)
    next_day = min(row["posted_in"] + 1, space["closes_in"], -1)
    for n, argument in enumerate(row.get("arguments", [])):
        at = story.moment(next_day, f"{key}/argument/{n}", after=posted)
        story.plan(at, argue, key, space, argument, {"agree": argument["votes"]})
    for n, source in enumerate(row.get("sources", [])):
        story.plan(story.moment(next_day, f"{key}/source/{n}", after=posted), add_source, row, source)
    if answer := row.get("answer"):
        story.plan(story.moment(answer["answered_in"], f"{key}/answer"), answer_officially, key, answer)


def propose(story: Story, space: dict[str, Any], row: dict[str, Any]) -> None:
    consultation, author = story.things[space["key"]], story.people[row["author"]]
    text = {"title": row["title"], "body": row["body"], "section_id": story.things[f"{space['key']}/{row['section']}"].id}
    if row.get("official"):
        byline = comments.official_name(author, consultation.territory_id)
        proposal = proposals.propose_officially(consultation, by=author, byline=byline, **text)
    else:
        proposal = proposals.propose(consultation, author=author, **text)
    story.things[row["key"]] = proposal
    if "votes" in row:
        story.ballots.append(ballot_on(story, proposal, space, row["votes"]))


def argue(story: Story, key: str, space: dict[str, Any], row: dict[str, Any], votes: dict[str, int]) -> Argument:
    about, author = story.things[key], story.people[row["author"]]
    argument = comments.post_argument(about, author=author, side=row["side"], title=row.get("title", ""), body=row["body"])
    if row.get("voice") == "official":  # the service takes citizens' arguments only: the page says who speaks
        argument.voice, argument.byline = Voice.OFFICIAL, comments.official_name(author, about.territory_id)
    if votes:
        story.ballots.append(ballot_on(story, argument, space, votes))
    return argument


def ballot_on(story: Story, content: Content, space: dict[str, Any], votes: dict[str, int]) -> Ballot:
    return Ballot(content.id, content.author_id, space["key"], space["territory"], votes, clock.now(), window(story, space)[1])


def add_source(story: Story, proposal: dict[str, Any], row: dict[str, Any]) -> None:
    author = story.people[proposal["author"]]
    proposals.add_source(story.things[proposal["key"]], author=author, title=row["title"], url=row["url"], body=row["body"])


def plan_argument(story: Story, debate: dict[str, Any], row: dict[str, Any]) -> None:
    last = story.plan(story.moment(row["posted_in"], row["key"]), argue_in, debate, row)
    for n, reply in enumerate(row.get("replies", [])):
        last = story.moment(reply["posted_in"], f"{row['key']}/reply/{n}", after=last)
        story.plan(last, answer, row["key"], reply)


def argue_in(story: Story, debate: dict[str, Any], row: dict[str, Any]) -> None:
    story.things[row["key"]] = argue(story, debate["key"], debate, row, row["votes"])


def answer(story: Story, key: str, row: dict[str, Any]) -> None:
    voice = Voice(row.get("voice", "citizen"))
    comments.reply(story.things[key], author=story.people[row["author"]], body=row["body"], voice=voice)


def answer_officially(story: Story, key: str, row: dict[str, Any]) -> None:
    """The territory's answer to a proposal, that begins with what was decided."""
    answer(story, key, {**row, "voice": "official", "body": f"**{ANSWERS[row['state']]}.** {row['body']}"})
