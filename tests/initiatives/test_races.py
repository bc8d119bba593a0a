"""What only real parallel connections show. Each test was seen red once without its guard; its docstring says how."""

from itertools import pairwise

from sqlalchemy import select

from app.contents.models import Content, State
from app.core.db import db
from app.initiatives import services
from app.initiatives.models import Move, Step
from tests.comments.test_races import all_at_once
from tests.factories import make_person, make_territory

CURATORS = 8


def test_curators_who_answer_at_once_answer_one_after_the_other(committed):
    """Red on PostgreSQL without `FOR UPDATE` in `get_sheet`: published and sent back both, from the same step, and two letters."""
    place = make_territory()
    agent, curators = make_person(roles=[("manager", place)]), [make_person(roles=[("curator", None)]) for _ in range(CURATORS)]
    sheet = services.create_sheet("initiative", by=agent, territory=place, title="Un café", summary="Une table.", sections={})
    services.propose(sheet, by=agent)
    db.commit()
    sheet_id, address = sheet.id, f"/gestion/region/catalogue/{sheet.id}/"
    clients = [committed.test_client() for _ in curators]
    for client, curator in zip(clients, curators, strict=True):
        client.log_in(curator)

    def act(n, client):
        if n % 2:
            return client.post(f"{address}renvoyer", data={"note": "Le coût ?"}).status_code
        return client.post(f"{address}publier", data={"version": "1"}).status_code

    assert set(all_at_once(committed, clients, act)) <= {302, 422}
    moves = db.execute(select(Move.before, Move.after).where(Move.sheet_id == sheet_id).order_by(Move.id)).all()
    assert [each for each in pairwise(moves) if each[0].after != each[1].before] == [], "each begins where the one before ended"
    assert (moves[-1].after, db.scalar(select(Content.state).where(Content.id == sheet_id))) == (Step.PUBLISHED, State.PUBLISHED)
