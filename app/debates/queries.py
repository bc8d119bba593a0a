"""Reads: what each loads and in which order."""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Select, bindparam, case, select
from sqlalchemy.orm import joinedload

from app.contents.queries import BODIES, published
from app.core import clock
from app.core.db import db, get_one
from app.debates.models import Debate

LISTED = (*BODIES, joinedload(Debate.territory))


def get_debate(debate_id: int) -> Debate:
    """The whole debate, with its territory and its project."""
    return get_one(whole(), {"debate_id": debate_id})


@cache
def whole() -> Select[Debate]:
    around = (joinedload(Debate.territory), joinedload(Debate.project).options(*BODIES))
    return select(Debate).where(Debate.id == bindparam("debate_id")).options(*around)


def public_debates(moment: str | None = None) -> Select[Debate]:
    """Published debates with their territory: those that close first, then those to come, then the latest closed."""
    now = clock.now()
    closed, soon = Debate.closes_at <= now, Debate.opens_at > now
    rank = case((closed, 2), (soon, 1), else_=0)
    wanted = {"open": rank == 0, "soon": rank == 1, "closed": rank == 2}
    query = select(Debate).where(published()).options(*LISTED)
    if moment in wanted:
        query = query.where(wanted[moment])
    return query.order_by(rank, case((closed, None), else_=Debate.closes_at).asc().nulls_last(), Debate.closes_at.desc(), Debate.id.desc())


def all_debates(territory_id: int) -> Sequence[Debate]:
    """For the back office: every state, the latest first."""
    query = select(Debate).where(Debate.territory_id == territory_id).options(*LISTED)
    return db.scalars(query.order_by(Debate.created_at.desc(), Debate.id.desc())).all()
