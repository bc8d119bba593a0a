"""Decisions, as the desk takes them, without its pages."""

from datetime import timedelta

from sqlalchemy import select

from app.comments.models import Argument
from app.contents.models import State
from app.core import clock
from app.core.db import db
from app.moderation import queries, services
from app.moderation.models import Case, Cause, Decision, Verdict
from app.territories.models import CharterArticle
from tests.factories import make_person, make_territory, save
from tests.participation import make_argument, make_debate


def make_article(place, title="Injures et attaques", number=2, **values):
    return save(CharterArticle(territory_id=place.id, number=number, title=title, text="On ne s’insulte pas.", **values))


def make_decision(
    debate, agent, verdict=Verdict.KEEP, *, article=None, pending=True, waited=timedelta(hours=3), author=None, **text
) -> Decision:
    """An argument of the debate, decided by this agent now, having waited so long."""
    text = {"title": "Un titre secret", "body": "Des mots secrets."} | text
    argument = make_argument(debate, state=State.PENDING if pending else State.PUBLISHED, author=author or make_person(), **text)
    case = services.open_case(argument, Cause.GATE if pending else Cause.REPORT)
    case.opened_at = clock.now() - waited
    db.commit()
    case = queries.get_case(db.scalars(select(Case.id).where(Case.content_id == argument.id)).one())
    made = services.decide(case, by=agent, verdict=verdict, article=article, reasons="Vous vous appelez Zoé Secret.", seen=case.version)
    db.commit()
    return made


def make_desk(**values):
    """A place with its debate, its agent and an article."""
    place = make_territory(**values)
    agent = make_person(name="Claire Agente", roles=[("moderator", place)])
    return place, make_debate(territory=place, title="Les berges"), agent, make_article(place)


def crowd(debate, count=5):
    """So many people have each written an argument."""
    for _ in range(count):
        make_argument(debate)


__all__ = ["Argument", "crowd", "make_article", "make_debate", "make_decision", "make_desk"]
