"""T08, O03: at every address of every kind in every state, who may not read what moderation took back learns why, and nothing of it."""

import pytest
from sqlalchemy import select

from app.contents.models import Content, State
from app.core import clock
from app.core import db as database
from app.core.db import db
from app.moderation.models import Case, Cause, Decision, Verdict
from app.territories.models import CharterArticle
from tests.attacks import matrix
from tests.attacks.routes import routes
from tests.attacks.world import ROLES, STATES

READ_AT = (
    "contents.show",
    "proposals.show",
    "proposals.versions",
    "debates.show",
    "consultations.show",
    "projects.show",
    "initiatives.show",
)
TAKEN_BACK = {State.HIDDEN: Verdict.HIDE, State.REMOVED: Verdict.REFUSE}


@pytest.fixture
def decided(world):
    """The world where everything was decided on, in the words of an article: only what is hidden or removed may say so."""
    article = db.scalars(select(CharterArticle).order_by(CharterArticle.id)).first()
    article.title = "Motif de la charte"
    for content in db.scalars(select(Content)).all():
        case = db.scalar(select(Case).where(Case.content_id == content.id))
        if case is None:
            case = Case(content_id=content.id, territory_id=content.territory_id, cause=Cause.REPORT, is_open=False)
            db.add(case)
            db.flush()
        decision = Decision(
            case_id=case.id,
            content_id=content.id,
            verdict=TAKEN_BACK.get(content.state, Verdict.HIDE),
            article_id=article.id,
            reasons="Non.",
        )
        decision.revision, decision.before, decision.after = content.revision, State.PUBLISHED, content.state
        decision.by_id, decision.opened_at = world.ids["moderator"], clock.now()
        db.add(decision)
    db.commit()
    database.db.remove()
    return world


def test_t08_what_was_taken_back_says_so_and_what_was_never_public_does_not_exist(decided):
    """Red with the state and the publication no longer asked by moderation/gone.py. One by one: tests/moderation/test_taken_back.py."""
    known, wrong, said = matrix.written(), [], set()
    for route in routes(decided):
        row = route.endpoint, route.method, route.thing
        if route.method != "GET" or not route.endpoint.startswith(READ_AT) or ":" not in route.thing or row not in known:
            continue
        kind, state = route.thing.rsplit(":", 1)
        for role in ("visitor", "author", "moderator", "garant"):
            letter = known[row][ROLES.index(role)]
            answer = decided.ask(role, "GET", route.path(decided))
            expected = {410} if letter == "N" and state in set(TAKEN_BACK) else {404} if letter == "N" else {200, 302}
            if answer.status_code not in expected:
                wrong.append(f"{route.endpoint} {route.thing} {role}: {answer.status_code}")
            elif answer.status_code == 410:
                said.add(kind)
                words = (f"secretmot{decided.a.slug}{kind}{state}", "Corps ", f"{kind} {state}", *(["Author"] if role != "author" else []))
                wrong += [f"{route.path(decided)} {role} says {word}" for word in words if word in answer.text]
                if "Motif de la charte" not in answer.text and not route.endpoint.endswith(("json", "csv")):
                    wrong.append(f"{route.path(decided)} {role} does not say why")
    assert wrong == []
    assert said == {"project", "consultation", "debate", "proposal", "argument", "comment", "source", "initiative", "document", "tool"}
    assert set(STATES) > set(TAKEN_BACK)
