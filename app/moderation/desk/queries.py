"""What the desk reads of one case, of those like it, and of what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import joinedload

from app.contents.models import Content, Revision, State
from app.contents.queries import BODIES
from app.core.db import db
from app.core.errors import NotFound
from app.moderation.desk.models import Signature
from app.moderation.desk.places import Place, here
from app.moderation.models import Case, Decision

SHOWN = 5  # other texts of an author, replies, decisions


@dataclass
class Read:
    """A case with all there is to read: its text in the version shown, as it was written, and where it stands."""

    case: Case
    fields: dict[str, Any]  # of the revision
    campaign: int | None


def get_case(case_id: int) -> Read:
    """One query: the content with its body, its place, author, parent, what that answers, and space; the revision; the signature."""
    whole = joinedload(Case.content)
    query = (
        select(Case, Revision.fields, Signature.campaign)
        .join(Content, Content.id == Case.content_id)
        .outerjoin(Revision, and_(Revision.content_id == Content.id, Revision.n == Content.revision))
        .outerjoin(Signature, Signature.case_id == Case.id)
        .where(Case.id == case_id)
        .options(
            whole.joinedload(Content.territory),
            whole.joinedload(Content.author),
            whole.joinedload(Content.parent).options(*BODIES, joinedload(Content.parent).options(*BODIES)),
            whole.joinedload(Content.space).options(*BODIES),
            joinedload(Case.claimed_by),
        )
    )
    found = db.execute(query).one_or_none()
    if found is None:
        raise NotFound
    each, fields, campaign = found
    return Read(each, fields or {"title": each.content.title, "body_source": each.content.body_source}, campaign)


@dataclass(frozen=True)
class History:
    """What an author wrote here besides, the latest first, and in figures."""

    latest: Sequence[Content]
    total: int = 0
    public: int = 0
    restricted: int = 0


def history_of(content: Content) -> History:
    """In the same territory only: what happened elsewhere is others' business. One query, none for who has no account."""
    if content.author_id is None:
        return History([])
    restricted = Content.state.in_((State.HIDDEN, State.REMOVED, State.REFUSED))
    place = Content.territory_id == content.territory_id if content.territory_id is not None else Content.territory_id.is_(None)
    query = (
        select(
            Content,
            func.count().over(),
            func.sum(case((Content.is_public, 1), else_=0)).over(),
            func.sum(case((restricted, 1), else_=0)).over(),
        )
        .where(Content.author_id == content.author_id, place, Content.id != content.id, Content.state != State.DRAFT)
        .options(*BODIES, joinedload(Content.parent).options(*BODIES, joinedload(Content.parent).options(*BODIES)))  # for addresses
        .order_by(Content.created_at.desc(), Content.id.desc())
        .limit(SHOWN)
    )
    found = db.execute(query).all()
    return History([each[0] for each in found], *map(int, found[0][1:])) if found else History([])


def decisions_about(content: Content) -> tuple[list[Decision], list[Decision]]:
    """The latest on this text, and the latest on other texts of the same author in the same territory. One query."""
    whose = Decision.content_id == content.id
    if content.author_id is not None:
        place = Content.territory_id == content.territory_id if content.territory_id is not None else Content.territory_id.is_(None)
        whose = or_(whose, and_(Content.author_id == content.author_id, place))
    group = case((Decision.content_id == content.id, 0), else_=1)
    nth = func.row_number().over(partition_by=group, order_by=Decision.id.desc()).label("nth")
    ranked = select(Decision.id, nth).join(Decision.content).where(whose, Decision.undone_at.is_(None)).subquery()
    query = (
        select(Decision)
        .join(ranked, ranked.c.id == Decision.id)
        .where(ranked.c.nth <= SHOWN)
        .options(joinedload(Decision.article), joinedload(Decision.by), joinedload(Decision.content).options(*BODIES))
        .order_by(group, Decision.id.desc())
    )
    found = db.scalars(query).all()
    return [each for each in found if each.content_id == content.id], [each for each in found if each.content_id != content.id]


def replies_to(content: Content) -> Sequence[Content]:
    """The first public answers, oldest first."""
    query = select(Content).where(Content.parent_id == content.id, Content.is_public).options(*BODIES)
    return db.scalars(query.order_by(Content.created_at, Content.id).limit(SHOWN)).all()


# --- Several -------------------------------------------------------------------------------------------------------------


def alike(place: Place, found: Case, campaign: int) -> tuple[Sequence[Case], int, int]:
    """Open cases of the same campaign but this one, the oldest first; how many in all, this one among them; how many authors."""
    who = func.coalesce(Content.author_id, -Content.id)  # without an account, each counts for one
    query = (
        select(Case)
        .join(Signature, Signature.case_id == Case.id)
        .where(Signature.campaign == campaign, here([place]), Case.is_open, Case.id != found.id)
        .options(joinedload(Case.content).options(*BODIES))
        .order_by(Case.opened_at, Case.id)
        .limit(SHOWN)
    )
    totals = (
        select(func.count(Case.id), func.count(who.distinct()))
        .join(Signature, Signature.case_id == Case.id)
        .join(Content, Content.id == Case.content_id)
        .where(Signature.campaign == campaign, here([place]), Case.is_open)
    )
    count, authors = db.execute(totals).one()
    return db.scalars(query).all(), count, authors


def cases_among(places: Sequence[Place], ids: Sequence[int], *, only_open: bool) -> list[Case]:
    """The cases of these places among these ids, in the order given, with their contents."""
    query = select(Case).where(Case.id.in_(ids), here(places), *([Case.is_open] if only_open else []))
    query = query.options(joinedload(Case.content).options(joinedload(Content.territory), joinedload(Content.author)))
    found = {each.id: each for each in (db.scalars(query) if places else ())}
    return [found[each] for each in dict.fromkeys(ids) if each in found]


def campaign_ids(places: Sequence[Place], campaign: int, limit: int) -> Sequence[int]:
    """Open cases of a campaign, the oldest first."""
    query = select(Case.id).join(Signature, Signature.case_id == Case.id)
    query = query.where(Signature.campaign == campaign, here(places), Case.is_open).order_by(Case.opened_at, Case.id)
    return db.scalars(query.limit(limit)).all() if places else []


def decisions_in(places: Sequence[Place]) -> Select[Decision]:
    """What was decided in these places, latest first."""
    ids = [each.id for each in places if each.id is not None]
    place = Content.territory_id.in_(ids)
    query = select(Decision).join(Decision.content).where(or_(place, Content.territory_id.is_(None)) if len(ids) < len(places) else place)
    return query.options(joinedload(Decision.article), joinedload(Decision.by), joinedload(Decision.content).options(*BODIES)).order_by(
        Decision.id.desc()
    )
