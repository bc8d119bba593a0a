"""Reads of the back office of exchanges."""

from collections.abc import Sequence

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import defer, joinedload

from app.contents.models import Content
from app.core.db import db, get_one
from app.exchange.models import HarvestedSheet, HarvestSource, SheetImport
from app.territories.models import Territory


def imports() -> Sequence[SheetImport]:
    """The latest files, without their rows."""
    light = select(SheetImport).options(defer(SheetImport.rows), defer(SheetImport.report))
    return db.scalars(light.order_by(SheetImport.id.desc()).limit(20)).all()


def get_import(import_id: int) -> SheetImport:
    return get_one(select(SheetImport).where(SheetImport.id == import_id))


def sources() -> Sequence[HarvestSource]:
    """By name, with their territory."""
    return db.scalars(select(HarvestSource).options(joinedload(HarvestSource.territory)).order_by(HarvestSource.name)).all()


def get_source(source_id: int) -> HarvestSource:
    return get_one(select(HarvestSource).where(HarvestSource.id == source_id).options(joinedload(HarvestSource.territory)))


def counts_by_source() -> dict[int, int]:
    return dict(db.execute(select(HarvestedSheet.source_id, func.count()).group_by(HarvestedSheet.source_id)).all())


def to_look_at(source_id: int) -> Select[HarvestedSheet]:
    """What the source changed or withdrew after local work: a person decides."""
    touched = HarvestedSheet.revision != Content.revision
    marked = or_(HarvestedSheet.changed_at.is_not(None), and_(HarvestedSheet.withdrawn_at.is_not(None), touched))
    query = select(HarvestedSheet).join(HarvestedSheet.content).where(HarvestedSheet.source_id == source_id, marked)
    return query.options(joinedload(HarvestedSheet.content)).order_by(HarvestedSheet.id)


def get_harvested(source_id: int, harvested_id: int) -> HarvestedSheet:
    return get_one(select(HarvestedSheet).where(HarvestedSheet.id == harvested_id, HarvestedSheet.source_id == source_id))


def places() -> Sequence[Territory]:
    return db.scalars(select(Territory).where(Territory.is_pilot).order_by(Territory.name)).all()
