"""Months of past decisions, drawn with dice that always fall alike; and the second readings of each week."""

import random
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import joinedload

from app.accounts.models import Person
from app.comments import services as comments
from app.comments.models import Argument, Comment
from app.consultations.models import Consultation
from app.consultations.proposals.models import Proposal
from app.contents import services as contents
from app.contents.models import Content, State
from app.contents.queries import phases_of
from app.core import clock
from app.core.db import db
from app.debates.models import Debate
from app.demo.moderation import case_on, read_first
from app.demo.story import Story
from app.moderation import reports
from app.moderation import services as decisions
from app.moderation.models import Case, Report, Verdict
from app.moderation.transparency import services as readings
from app.moderation.transparency.models import SecondReading

AGENTS = {  # who decides, and who reads again, in turn
    "tourcoing": ("samir-haddad", "lucas-martel"),
    "atrebatie": ("elodie-bailly", "sylvie-carpentier"),
}
EVERY, FROM = 5, 210  # days: between two decisions of a place, and how long ago the first was taken
WEEKS = 30
RECENT = 45  # days
HOUR = timedelta(hours=1)
TEXTS: dict[str, type[Content]] = {"argument": Argument, "proposal": Proposal, "comment": Comment}
WAITED = (1, 2, 3, 4, 5, 7, 9, 12, 16, 21, 30)  # hours; the promise is a day in one place, two in the other


def plan(story: Story) -> None:
    told = story.read("transparency.toml")
    for place in AGENTS:
        dice = random.Random(place)
        for n in range(FROM, 8, -EVERY):
            opened = story.moment(-n - dice.randrange(3), f"register/{place}/{n}")
            slot: dict[str, Any] = {"place": place, "n": n}
            story.plan(opened, happen, slot, told, dice)
            story.plan(opened + dice.choice(WAITED) * HOUR, settle, slot, dice)
    for week in range(WEEKS, -1, -1):
        monday = -story.today.weekday() - 7 * week
        story.plan(story.start_of(monday), draw)
        if monday + 2 < 0:
            story.plan(story.moment(monday + 2, "readings/given"), read_again, random.Random(week))


def happen(story: Story, slot: dict[str, Any], told: dict[str, Any], dice: random.Random) -> None:
    """Something comes to the desk: a text that is read before it is shown, or one that somebody reported."""
    kind = dice.choice(("reported", "reported", "refused"))
    row = dice.choice(told[kind])
    found = reported(story, slot["place"], row, dice) if kind == "reported" else posted(story, slot["place"], row, dice)
    if found is not None:
        slot |= {"content": found, "row": row, "verdict": Verdict.REFUSE if kind == "refused" else Verdict.KEEP}


def posted(story: Story, place: str, row: dict[str, Any], dice: random.Random) -> Content | None:
    """Under a debate or a proposal of the place that takes arguments that day; None when there is none."""
    territory = story.places[place]
    spaces = published(Debate, territory.id) + published(Consultation, territory.id)
    open_ids = {each.id for each in spaces if contents.is_allowed(each, phases_of(each), "argue")}
    about = [each for each in spaces + published(Proposal, territory.id) if (each.space_id or each.id) in open_ids]
    about = [each for each in about if each.kind != "consultation"]
    if not about:
        return None
    author, side = dice.choice(citizens(story)), dice.choice(("for", "against"))
    on = dice.choice(about)
    title = row["title"] if on.kind == "debate" else ""  # under a proposal, an argument has none
    with read_first():
        return comments.post_argument(on, author=author, side=side, title=title, body=row["body"])


def published(model: type[Content], territory_id: int) -> list[Any]:
    return list(db.scalars(shown(model), {"territory_id": territory_id}))


@cache
def shown(model: type[Content]) -> Select[Any]:
    return select(model).where(model.territory_id == bindparam("territory_id"), model.state == State.PUBLISHED).order_by(model.id)


def citizens(story: Story) -> list[Person]:
    ids = {person_id for person_id, _home in story.citizens}
    return [person for person in story.people.values() if person.id in ids]


def reported(story: Story, place: str, row: dict[str, Any], dice: random.Random) -> Content | None:
    """A text of the last weeks that nobody had reported yet; one that was read once already when there is none."""
    territory = story.places[place]
    texts = [each for each in texts_in(territory.id) if not each.is_open]
    new = [each for each in texts if each.is_open is None]
    found = [each for each in new if each.created_at > clock.from_now(days=-RECENT)] or new or texts
    if not found:
        return None
    drawn = dice.choice(found)
    content = db.get_one(TEXTS[drawn.kind], drawn.id)
    told = {content.author_id, *db.scalars(select(Report.person_id).where(Report.content_id == content.id))}
    reporter = dice.choice([person for person in citizens(story) if person.id not in told])
    reports.report(content, person=reporter, article=story.articles[place, row["article"]], message=row["message"])
    return content


def texts_in(territory_id: int) -> list[Any]:
    """What citizens wrote there and everyone sees: by kind, then by age, with whether a case is open on it, None without one.
    Without loading it: one of them will be reported."""
    return sorted(db.execute(shown_texts(), {"territory_id": territory_id}), key=lambda row: [*TEXTS].index(row.kind))


@cache
def shown_texts() -> Select[int, str, datetime, bool]:
    query = select(Content.id, Content.kind, Content.created_at, Case.is_open).outerjoin(Case, Case.content_id == Content.id)
    here = (Content.territory_id == bindparam("territory_id"), Content.kind.in_(TEXTS), Content.state == State.PUBLISHED)
    return query.where(*here).order_by(Content.id)


def settle(story: Story, slot: dict[str, Any], dice: random.Random) -> None:
    if "content" not in slot:
        return
    row, verdict, agents = slot["row"], slot["verdict"], AGENTS[slot["place"]]
    case = case_on(slot["content"])
    if not case.is_open:
        return
    article = story.articles[slot["place"], row["article"]] if verdict != Verdict.KEEP else None
    by = story.people[agents[0] if dice.random() < 0.6 else agents[1]]
    decisions.decide(case, by=by, verdict=verdict, article=article, reasons=row["reasons"], seen=case.version)


def draw(_story: Story) -> None:
    readings.draw_due()


def read_again(story: Story, dice: random.Random) -> None:
    """Whoever did not decide reads; one time in eight they would have decided otherwise."""
    for reading in db.scalars(unread()).all():
        place = next((slug for slug in AGENTS if story.places[slug].id == reading.territory_id), None)
        reader = next((story.people[key] for key in AGENTS.get(place or "", ()) if story.people[key].id != reading.decision.by_id), None)
        if place is None or reader is None or db.get_one(Content, reading.decision.content_id).author_id == reader.id:
            continue
        verdict, remark = reading.decision.verdict, ""
        if dice.random() < 0.125:
            verdict = Verdict.REDACT if verdict == Verdict.REFUSE else Verdict.REFUSE if verdict == Verdict.REDACT else Verdict.KEEP
            remark = "J’ai hésité : une phrase posait problème, pas le reste." if verdict != reading.decision.verdict else ""
        article = story.articles[place, 2] if verdict in {Verdict.REDACT, Verdict.REFUSE} else None
        readings.give(reading, by=reader, verdict=verdict, article=article, remark=remark, seen=reading.version)


@cache
def unread() -> Select[SecondReading]:
    query = select(SecondReading).where(SecondReading.read_at.is_(None)).order_by(SecondReading.id)
    return query.options(joinedload(SecondReading.decision))
