"""A place with its charter, its people, and texts to decide on."""

from dataclasses import dataclass

from sqlalchemy import select

from app.accounts.models import Person
from app.contents.models import Content
from app.core.db import db
from app.moderation import queries, reports, services
from app.moderation.models import Case, Cause, Verdict
from app.territories.models import CharterArticle, Territory
from tests.factories import make_person, make_territory, save
from tests.participation import make_argument, make_debate

WHY = "Une attaque contre une personne."


@dataclass
class World:
    place: Territory
    article: CharterArticle
    agent: Person
    manager: Person

    def text(self, about=None, **values) -> Content:
        """An argument in a debate of this place."""
        return make_argument(about or make_debate(territory=self.place), **values)

    def reported(self, content, *people) -> Case:
        for person in people or (make_person(),):
            reports.report(content, person=person, article=self.article, message="Insulte")
        return case_of(content)

    def waiting(self, content, cause=Cause.GATE) -> Case:
        services.open_case(content, cause)
        return case_of(content)

    def decide(self, case, verdict, **given):
        given = {"by": self.agent, "article": self.article, "reasons": WHY, "seen": case.version} | given
        return services.decide(case, verdict=verdict, **given)


def make_world() -> World:
    place = make_territory()
    article = save(
        CharterArticle(territory_id=place.id, number=2, title="Injures", text="On ne s’insulte pas.", notice="Retirez l’attaque.")
    )
    agent = make_person(name="Claire", roles=[("moderator", place)])
    return World(place, article, agent, make_person(name="Agnès", roles=[("manager", place), ("moderator", place)]))


def case_of(content) -> Case:
    return queries.get_case(db.scalars(select(Case.id).where(Case.content_id == content.id)).one())


def span(content, words, field="body_source"):
    source = getattr(content, field)
    return (field, source.index(words), source.index(words) + len(words))


RESTRICTING = [Verdict.REDACT, Verdict.HIDE, Verdict.REFUSE]
