"""Reports, cases that wait, decisions with their reasons, and how two territories read what comes in."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts.models import Person
from app.comments import services as comments
from app.comments.models import Argument
from app.consultations.proposals import services as proposals
from app.contents.gate import gatekeeper
from app.contents.models import Content, State
from app.core import outbox
from app.core.db import db
from app.core.mail import MailMessage
from app.demo.story import Story
from app.moderation import queries, regimes, reports, services, telling
from app.moderation.models import Case, Regime, Verdict

HELD_BACK = "Masqué par précaution : le texte donne un nom et un numéro de téléphone. Décision dans la journée."
REGIMES = {"tourcoing": (Regime.FIRST, "agnes-delcourt", 24), "atrebatie": (Regime.BEFORE, "sylvie-carpentier", 48)}
READ_FIRST = ("friche-rue-de-gand", "agnes-delcourt")  # an activity that is read a priori, where its territory is not
MASKING = ("grande-synthe", "david-ryckewaert", 3)  # so many people's reports hide a text there
is_read_first: ContextVar[bool] = ContextVar("is_read_first", default=False)


def plan(story: Story) -> None:
    held = [(role, row["key"]) for row in story.read("people.toml")["people"] for role in row["roles"]]
    moderators = {role["territory"]: key for role, key in reversed(held) if role["role"] == "moderator"}  # the first of each place
    for row in story.read("moderation.toml")["cases"]:
        plan_case(story, row, moderators[row["territory"]])
    for key, settings in REGIMES.items():  # at the end: what came before was written under the former rule
        story.plan(story.end_of(-1), settle, key, *settings)
    story.plan(story.end_of(-1), read_activity_first, *READ_FIRST)
    story.plan(story.start_of(-7), mask_at, *MASKING)


def settle(story: Story, place: str, regime: Regime, manager: str, hours: int) -> None:
    regimes.set_regime(story.places[place], by=story.people[manager], regime=regime, target_hours=hours)


def read_activity_first(story: Story, activity: str, manager: str) -> None:
    regimes.set_activity_regime(story.things[activity], by=story.people[manager], regime=Regime.BEFORE)


def mask_at(story: Story, place: str, manager: str, threshold: int) -> None:
    hours = queries.TARGET_HOURS
    by = story.people[manager]
    regimes.set_regime(story.places[place], by=by, regime=Regime.AFTER, target_hours=hours, mask_threshold=threshold)


def plan_case(story: Story, row: dict[str, Any], moderator: str) -> None:
    key, last = row["key"], None
    if "text" in row:
        last = story.plan(story.moment(row["opened_in"], key), post, row)
    for n, report in enumerate(row.get("reports", [])):
        last = story.moment(report["reported_in"], f"{key}/report/{n}", after=last)
        story.plan(last, told, row, report)
    if correction := row.get("correction"):
        last = story.moment(correction["asked_in"], f"{key}/correction", after=last)
        story.plan(last, ask, row, correction)
    if decision := row.get("decision"):
        story.plan(story.moment(decision["decided_in"], f"{key}/decision", after=last), decide, row, decision)
    elif row.get("held") and row.get("reports"):
        hidden = story.moment(row["opened_in"], f"{key}/hidden", after=last)
        story.plan(hidden, hold_back, row, moderator)
    if change := row.get("edit"):
        story.plan(story.moment(change["edited_in"], f"{key}/edit"), edit, row, change)


def post(story: Story, row: dict[str, Any]) -> None:
    """The text of a case. One that was held without any report is held by the gate, as where everything is read first."""
    text = row["text"]
    if row.get("held") and not row.get("reports"):
        with read_first():
            story.things[row["key"]] = written(story, text)
    else:
        story.things[row["key"]] = written(story, text)


def written(story: Story, text: dict[str, Any]) -> Content:
    under, author = story.things[text["on"]], story.people[text["author"]]
    if text["kind"] == "proposal":
        section = story.things[f"{text['on']}/{text['section']}"]
        return proposals.propose(under, author=author, title=text["title"], body=text["body"], section_id=section.id)
    if text["kind"] == "argument":
        return comments.post_argument(under, author=author, side=text["side"], title=text.get("title", ""), body=text["body"])
    return comments.reply(under, author=author, body=text["body"])


@contextmanager
def read_first() -> Iterator[None]:
    """As if the territory read everything before it is shown: those that do say so for good at the end of the story."""
    token = is_read_first.set(True)
    try:
        yield
    finally:
        is_read_first.reset(token)


@gatekeeper
def hold(_content: Content, _author: Person | None) -> State | None:
    return State.PENDING if is_read_first.get() else None


def subject(story: Story, row: dict[str, Any]) -> Content:
    """What a case is about: its own text, or one that is there already."""
    return story.things[row["key"] if "text" in row else row["on"]]


def case_of(story: Story, row: dict[str, Any]) -> Case:
    return case_on(subject(story, row))


def case_on(content: Content) -> Case:
    """With its text, that the story holds, and what surrounds it."""
    case = db.scalars(cases_on(), {"content_id": content.id}).one()
    set_committed_value(case, "content", content)
    return case


@cache
def cases_on() -> Select[Case]:
    return select(Case).where(Case.content_id == bindparam("content_id"))


def hold_back(story: Story, row: dict[str, Any], moderator: str) -> None:
    case = case_of(story, row)
    article = story.articles[row["territory"], row["reports"][0]["article"]]
    services.decide(case, by=story.people[moderator], verdict=Verdict.HIDE, article=article, reasons=HELD_BACK, seen=case.version)


def told(story: Story, row: dict[str, Any], report: dict[str, Any]) -> None:
    content, article = subject(story, row), story.articles[row["territory"], report["article"]]
    if "reporter" in report:
        reports.report(content, person=story.people[report["reporter"]], article=article, message=report["message"])
        return
    reports.report_as_visitor(content, name=report["visitor"], email=report["email"], article=article, message=report["message"])
    letter = db.scalars(select(MailMessage).where(MailMessage.template == "confirm_report").order_by(MailMessage.id.desc()).limit(1)).one()
    reports.confirm_report(letter.context["token"])  # the visitor followed the link


def decide(story: Story, row: dict[str, Any], decision: dict[str, Any]) -> None:
    case = case_of(story, row)
    article = story.articles[row["territory"], decision["article"]] if "article" in decision else None
    by = story.people[decision["by"]]
    cut = [span for passage in decision.get("cut", []) for span in spans_of(case.content, passage)]
    to = story.things[decision["to"]] if "to" in decision else None
    given = {"verdict": decision["decision"], "article": article, "reasons": decision["reason"], "spans": cut, "destination": to}
    made = services.decide(case, by=by, seen=case.version, **given)
    for report in telling.claimed_reports(made):  # here, not when the demonstration is first served
        telling.tell_reporter(report, made)
    outbox.cancel(telling.REPORTERS, made.id)


def spans_of(content: Content, passage: str) -> list[tuple[str, int, int]]:
    """Where a passage stands in a text, as the desk would say it; the title of an argument may be its first words."""
    start = content.body_source.index(passage)
    return [("body_source", start, start + len(passage))]


def edit(story: Story, row: dict[str, Any], change: dict[str, Any]) -> None:
    """Its author adds a sentence after the decision: it is read again."""
    said = db.scalars(select(Argument).where(Argument.id == subject(story, row).id).options(joinedload(Argument.space))).one()
    by = db.get_one(Person, said.author_id)
    body = f"{said.body_source}\n\n{change['adds']}"
    comments.edit_argument(said, by=by, seen=said.revision, body=body, title=said.title if said.is_titled else "")


def ask(story: Story, row: dict[str, Any], correction: dict[str, Any]) -> None:
    case = case_of(story, row)
    services.ask_for_correction(case, by=story.people[correction["by"]], text=correction["text"], seen=case.version)
