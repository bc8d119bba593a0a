"""Factories of the spaces where people take part, and of what they write there. Used by comments, consultations, debates, demo."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from app.comments.models import Argument, Comment, Side
from app.consultations.models import Consultation
from app.consultations.proposals.models import Proposal, Section, Source
from app.contents import services as contents
from app.contents.models import Phase, Voice
from app.core import clock
from app.core.db import db
from app.debates.models import Debate
from tests.factories import make_content, make_person, make_territory, numbers, save

ACTS = ["propose", "argue", "vote", "comment"]
OPENS = datetime(2030, 1, 1, tzinfo=UTC)
CLOSES = datetime(2030, 2, 1, tzinfo=UTC)


def open_space(space, *, opens_at=None, closes_at=None, allows=ACTS):
    """Give it one phase: by default open since yesterday, for a month."""
    opens_at, closes_at = opens_at or clock.now() - timedelta(days=1), closes_at or clock.now() + timedelta(days=30)
    contents.set_phases(space, [Phase(name="Tout", opens_at=opens_at, closes_at=closes_at, allows=list(allows))])
    db.commit()
    return space


def make_debate(*, opens_at=None, closes_at=None, allows=ACTS, **values):
    values.setdefault("territory", make_territory())
    values = {"asked": "Un argument.", "becomes": "Une **synthèse**."} | values
    return open_space(make_content(Debate, **values), opens_at=opens_at, closes_at=closes_at, allows=allows)


def make_consultation(*, opens_at=None, closes_at=None, allows=ACTS, **values):
    values.setdefault("territory", make_territory())
    values = {"asked": "Une idée.", "becomes": "Une **réponse**."} | values
    return open_space(make_content(Consultation, **values), opens_at=opens_at, closes_at=closes_at, allows=allows)


def make_section(consultation, **values):
    n = next(numbers)
    return save(Section(**{"consultation_id": consultation.id, "key": f"rubrique-{n}", "title": f"Rubrique {n}", "position": n} | values))


def fresh(content):
    """The content as the database has it now, whole."""
    model = type(content)
    return db.scalars(select(model).where(model.id == content.id).execution_options(populate_existing=True)).one()


def within(space, values):
    return {"space_id": space.id, "territory_id": space.territory_id, "project_id": space.project_id} | values


def by_someone(model, **values):
    """A contribution with its author at hand."""
    author = values.pop("author", None) or make_person()
    content = make_content(model, author=author, **values)
    set_committed_value(content, "author", author)
    return content


def make_proposal(consultation=None, **values):
    consultation = consultation or make_consultation()
    return by_someone(Proposal, **within(consultation, values))


def make_argument(about=None, **values):
    about = about or make_debate()
    values = {"side": Side.FOR, "is_titled": True, "parent_id": about.id, "space_id": about.space_id or about.id} | values
    return by_someone(Argument, **{"territory_id": about.territory_id, "project_id": about.project_id} | values)


def make_reply(argument=None, **values):
    argument = argument or make_argument()
    values = {
        "parent_id": argument.id,
        "space_id": argument.space_id,
        "territory_id": argument.territory_id,
        "voice": Voice.CITIZEN,
    } | values
    return by_someone(Comment, **values)


def make_source(proposal=None, **values):
    proposal = proposal or make_proposal()
    values = {
        "url": "https://exemple.fr/rapport",
        "parent_id": proposal.id,
        "space_id": proposal.space_id,
        "territory_id": proposal.territory_id,
    } | values
    return by_someone(Source, **values)
