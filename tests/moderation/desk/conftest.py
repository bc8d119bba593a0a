"""A place that moderates, its charter, its agent, and cases in its queue."""

import pytest

from app.contents.models import State
from app.core import clock
from app.core.db import db
from app.moderation import services as moderation
from app.moderation.models import Case, Cause, Report
from app.projects.models import Project
from app.territories.models import CharterArticle
from tests.factories import make_content, make_person, make_territory, save


@pytest.fixture
def place():
    return make_territory()


@pytest.fixture
def article(place):
    return make_article(place)


@pytest.fixture
def agent(place):
    return make_person(name="Claire", roles=[("moderator", place)])


def make_article(place, **values):
    given = {"number": 2, "title": "Injures", "text": "On ne s’insulte pas.", "notice": "Votre texte attaque une personne."} | values
    return save(CharterArticle(territory_id=place.id, **given))


def make_case(place, *, cause=Cause.GATE, hours=1, article=None, kind=Project, **values):
    """An open case on a new text that has waited so many hours; waiting to be published, or reported under an article."""
    given = {"author": make_person(), "state": State.PENDING if cause == Cause.GATE else State.PUBLISHED} | values
    content = make_content(kind, territory=place, **given)
    case = moderation.open_case(content, cause)
    case.opened_at = clock.from_now(hours=-hours)
    if article:
        db.add(Report(content_id=content.id, article_id=article.id, person_id=make_person().id, confirmed_at=clock.now(), message="Voyez."))
    db.commit()
    return db.get(Case, case.id)
