"""What only real parallel connections show. Each test was seen red once without its guard; its docstring says how."""

from datetime import timedelta
from itertools import count
from time import sleep

from sqlalchemy import select

from app.contents import queries, spaces
from app.contents.models import Content, Phase
from app.core.db import db
from tests.comments.test_races import all_at_once
from tests.factories import make_person, make_territory
from tests.participation import CLOSES, OPENS, make_debate

AGENTS = 8


def test_phases_that_agents_add_and_change_at_once_are_all_there_once(committed, monkeypatch):
    """Red on PostgreSQL without `FOR UPDATE` in `copies_of`: whoever comes second removes what the first one did."""
    told, turns = spaces.dates_of, count()

    def slowly(phases):
        sleep(0.1 * (next(turns) % AGENTS))  # between reading what is there and writing it back, each longer than the one before
        return told(phases)

    monkeypatch.setattr(spaces, "dates_of", slowly)
    territory = make_territory()
    debate = make_debate(territory=territory, opens_at=OPENS, closes_at=CLOSES)
    agents = [make_person(roles=[("manager", territory)]) for _ in range(AGENTS)]
    address, (first,) = f"/gestion/{territory.slug}/debats/{debate.id}/phases", queries.phases_of(debate)
    debate_id, number, version = debate.id, first.id, spaces.version_of(first)
    db.commit()
    clients = [committed.test_client() for _ in agents]
    for client, agent in zip(clients, agents, strict=True):
        client.log_in(agent)

    def act(n, client):
        sent = {"name": f"Phase {n}", "opens_at": "2030-02-01T00:00", "closes_at": "2030-03-01T00:00", "allows": ["vote"]}
        changed = {**sent, "version": str(version)}
        return client.post(f"{address}/{number}" if n == 0 else address, data=changed if n == 0 else sent).status_code

    assert all_at_once(committed, clients, act) == [303] * AGENTS
    names = db.scalars(select(Phase.name).where(Phase.content_id == debate_id).order_by(Phase.name)).all()
    assert names == [f"Phase {n}" for n in range(AGENTS)]
    assert db.scalar(select(Content.closes_at).where(Content.id == debate_id)) == CLOSES + timedelta(days=28) - timedelta(hours=1)
