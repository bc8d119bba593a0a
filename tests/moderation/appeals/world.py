"""A text removed by Claire after Odette and a visitor reported it, told to everyone; and what to do with it."""

from datetime import timedelta

from sqlalchemy import delete, select

from app.contents import queries as contents_queries
from app.contents.models import Content
from app.core import clock
from app.core.db import db
from app.core.outbox import OutboxJob
from app.moderation import queries as desk
from app.moderation import redress, reports, telling
from app.moderation import services as moderation
from app.moderation.appeals import queries, services
from app.moderation.models import Case, Cause, Report, Verdict
from app.moderation.redress import Key
from tests.factories import make_person
from tests.moderation.sanctions.people import make_world
from tests.participation import make_argument, make_debate


def make_case(*, reported=True):
    world = make_world()
    world.debate = make_debate(territory=world.place)
    world.text = make_argument(world.debate, author=world.bruno, title="Le maire", body="Quelle andouille, ce maire.")
    world.odette = make_person(name="Odette")
    if reported:
        reports.report(world.text, person=world.odette, article=world.article, message="Injure.")
    else:
        moderation.open_case(world.text, Cause.REPORT)
    db.commit()
    world.text_id = world.text.id
    return world


def decide(world, verdict=Verdict.REFUSE, *, by=None, article=True, **values):
    case = desk.get_case(db.scalars(select(Case.id).where(Case.content_id == world.text_id)).one())
    restricts = verdict not in {Verdict.KEEP, Verdict.MOVE} and article
    given = {
        "verdict": verdict,
        "article": world.article if restricts else None,
        "reasons": "« Andouille » est une injure.",
        "seen": case.version,
    }
    made = moderation.decide(case, by=by or world.claire, **given | values)
    db.commit()
    return made.id


def tell_everyone(at):
    """The half minute passes: letters leave, those who reported are told, words that must be are destroyed."""
    at(clock.now() + timedelta(minutes=1))
    for topic, tell in (("report_outcomes", telling.tell_reporters), ("erase_words", moderation.erase_words)):
        keys = db.scalars(select(OutboxJob.key).where(OutboxJob.topic == topic, OutboxJob.due_at <= clock.now())).all()
        db.execute(delete(OutboxJob).where(OutboxJob.topic == topic))
        db.commit()
        tell(keys)


def against(decision_id, *, report=None):
    return queries.get_act(Key(decision_id=decision_id, report_id=report.id if report else None))


def appeal(act, text="Le mot est vif, mais il vise une décision.", **values):
    made = services.contest(act, text=text, **values)
    db.commit()
    return made


def report_of(world):
    return db.scalars(select(Report).where(Report.content_id == world.text_id)).first()


def state_of(world):
    return db.scalar(select(Content.state).where(Content.id == world.text_id))


def fresh(world):
    return contents_queries.get_content(world.text_id)


def link(**key):
    return redress.appeal_path(**key)
