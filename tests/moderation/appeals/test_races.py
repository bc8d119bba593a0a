"""What only real parallel connections show. Each was seen red once without its guard; its docstring says how."""

from sqlalchemy import func, select

from app.core.db import db
from app.moderation.appeals.models import Appeal, Outcome
from app.moderation.models import Decision, Route, Statement
from app.moderation.redress import appeal_path
from app.moderation.sanctions.models import Sanction, SanctionState
from tests.comments.test_races import all_at_once
from tests.factories import make_person
from tests.moderation.appeals.world import against, appeal, decide, make_case
from tests.moderation.sanctions.people import make_world, propose

CROWD = 64


def test_k05_many_identical_appeals_at_once_are_one(committed):
    """Red with `find_appeal` asked before a plain insert, and `uq_appeals_author` dropped: an error for the others on PostgreSQL."""
    world = make_case()
    path = appeal_path(decide(world))
    clients = [committed.test_client() for _ in range(CROWD)]
    answers = all_at_once(committed, clients, lambda n, client: client.post(path, data={"text": "Le mot est vif."}))
    assert sorted(answer.status_code for answer in answers) == [302] + [422] * (CROWD - 1)
    assert all("déjà fait un recours" in answer.text for answer in answers if answer.status_code == 422)
    assert db.scalar(select(func.count(Appeal.id))) == 1


def test_k04_of_people_who_answer_at_once_one_does_and_the_others_are_told_who(committed):
    """Red without `outcome IS NULL` and the version in `close`: several answers, several decisions."""
    world = make_case()
    made = appeal(against(decide(world)))
    address, place = f"/moderation/{world.place.slug}/recours/{made.id}", world.place
    clients = []
    for n in range(8):
        clients.append(committed.test_client())
        clients[-1].log_in(make_person(name=f"Relectrice {n}", roles=[("moderator", place)]))
    sent = {"version": "1", "answer": "Ma réponse."}
    act = lambda n, client: client.post(address, data=sent | {"outcome": "upheld" if n % 2 else "dismissed"})
    answers = all_at_once(committed, clients, act)
    assert sorted(answer.status_code for answer in answers) == [302] + [409] * 7
    assert all("Relectrice" in answer.text and "Ma réponse." in answer.text for answer in answers if answer.status_code == 409)
    db.rollback()
    upheld = db.scalars(select(Appeal.outcome)).one() == Outcome.UPHELD
    assert db.scalar(select(func.count(Decision.id)).where(Decision.route == Route.APPEAL)) == upheld


def test_of_second_readers_who_answer_at_once_one_does_and_one_statement_is_written(committed):
    """Red without the state and the version in `take`: the database's UNIQUE made it an error 500 for the others."""
    world = make_world()
    sanction = propose(world)
    address, place = f"/moderation/{world.place.slug}/sanctions/{sanction.id}", world.place
    clients = []
    for n in range(8):
        clients.append(committed.test_client())
        clients[-1].log_in(make_person(name=f"Relectrice {n}", roles=[("moderator", place)]))
    ways = ("confirmer", "ecarter")
    act = lambda n, client: client.post(f"{address}/{ways[n % 2]}", data={"version": "1", "reasons": "Mes raisons."})
    answers = all_at_once(committed, clients, act)
    assert sorted(answer.status_code for answer in answers) == [302] + [409] * 7
    assert all("Relectrice" in answer.text for answer in answers if answer.status_code == 409)
    db.rollback()
    confirmed = db.scalars(select(Sanction.state)).one() == SanctionState.CONFIRMED
    assert db.scalar(select(func.count(Statement.id))) == confirmed
