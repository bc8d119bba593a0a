"""Reads: what each loads and in which order."""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Select, bindparam, case, select
from sqlalchemy.orm import joinedload

from app.consultations.models import Consultation
from app.contents.queries import BODIES, published
from app.core import clock
from app.core.db import db, get_one

LISTED = (*BODIES, joinedload(Consultation.territory))


def get_consultation(consultation_id: int) -> Consultation:
    """The whole consultation, with its territory and its project."""
    return get_one(whole(), {"consultation_id": consultation_id})


@cache
def whole() -> Select[Consultation]:
    around = (joinedload(Consultation.territory), joinedload(Consultation.project).options(*BODIES))
    return select(Consultation).where(Consultation.id == bindparam("consultation_id")).options(*around)


def public_consultations(moment: str | None = None) -> Select[Consultation]:
    """Published ones with their territory: those that close first, then those to come, then the latest closed."""
    now = clock.now()
    closed, soon = Consultation.closes_at <= now, Consultation.opens_at > now
    rank = case((closed, 2), (soon, 1), else_=0)
    wanted = {"open": rank == 0, "soon": rank == 1, "closed": rank == 2}
    query = select(Consultation).where(published()).options(*LISTED)
    if moment in wanted:
        query = query.where(wanted[moment])
    ends = case((closed, None), else_=Consultation.closes_at)
    return query.order_by(rank, ends.asc().nulls_last(), Consultation.closes_at.desc(), Consultation.id.desc())


def all_consultations(territory_id: int) -> Sequence[Consultation]:
    """For the back office: every state, the latest first."""
    query = select(Consultation).where(Consultation.territory_id == territory_id).options(*LISTED)
    return db.scalars(query.order_by(Consultation.created_at.desc(), Consultation.id.desc())).all()
