"""Reads: proposals of a consultation, with what surrounds one."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, CompoundSelect, Select, String, bindparam, case, cast, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from app.accounts.models import Person
from app.comments.queries import SOURCES, arguments_counted, shown, shown_to
from app.consultations.models import Consultation
from app.consultations.proposals.models import Appendix, Proposal, Section, Source
from app.contents.models import Content, State, Vote
from app.contents.queries import BODIES, count_of
from app.core.db import db, get_one, one_of

SORTS = ("recent", "discussed", "supported", "divided", "random")
SEEDS = 100  # orders at random: few enough for pages to be kept, enough to be fair
PRIME = 1_000_003


def get_proposal(proposal_id: int) -> Proposal:
    """The whole proposal, with its territory, section and consultation (base columns)."""
    return get_one(whole(), {"proposal_id": proposal_id})


@cache
def whole() -> Select[Proposal]:
    around = (joinedload(Proposal.territory), joinedload(Proposal.section), joinedload(Proposal.space).options(*BODIES))
    return select(Proposal).where(Proposal.id == bindparam("proposal_id")).options(*around)


def sections_of(consultation: Consultation | int) -> Sequence[Section]:
    return db.scalars(sections_under(), {"consultation_id": consultation if isinstance(consultation, int) else consultation.id}).all()


@cache
def sections_under() -> Select[Section]:
    query = select(Section).where(Section.consultation_id == bindparam("consultation_id"))
    return query.order_by(Section.position, Section.id)


def counts_by_section(consultation: Consultation, viewer: Person) -> dict[int | None, int]:
    """How many proposals the viewer is shown in each section; None for those in no section."""
    asked = {"space_id": consultation.id, "viewer_id": viewer.id}
    return dict(db.execute(section_counts(not viewer.is_anonymous), asked).all())


@cache
def section_counts(signed_in: bool) -> Select[int | None, int]:
    here = (Content.space_id == bindparam("space_id"), Content.kind == "proposal", shown(signed_in))
    return select(Proposal.section_id, func.count()).where(*here).group_by(Proposal.section_id)


def proposals_of(
    consultation: Consultation, viewer: Person, *, sort: str = "recent", seed: int = 1, section_id: int | None = None
) -> Select[Proposal, int]:
    """Each with how many arguments it has; public ones, and the viewer's own that wait to be read. No bodies."""
    query = listed().where(Content.space_id == consultation.id, shown_to(viewer))
    if section_id is not None:
        query = query.where(Proposal.section_id == section_id)
    return query.order_by(*order(sort, seed))


@cache
def listed() -> Select[Proposal, int]:
    """What never changes of the statement, made once: building it costs as much as running it."""
    return select(Proposal, arguments_counted(Proposal)).where(Content.kind == "proposal").options(*BODIES)


def order(sort: str, seed: int) -> tuple[ColumnElement[Any] | InstrumentedAttribute[Any], ...]:
    newest = (Content.published_at.desc().nulls_first(), Content.id.desc())
    if sort == "random":
        return (shuffled(seed), Content.id)
    if sort == "discussed":
        return (Content.replies_count.desc(), *newest)
    if sort == "supported":
        return (count_of("agree").desc(), *newest)
    if sort == "divided":  # many for and many against: the smaller camp is large
        agree, disagree = count_of("agree"), count_of("disagree")
        return (case((agree < disagree, agree), else_=disagree).desc(), *newest)
    return newest


def shuffled(seed: int) -> ColumnElement[int]:
    """A rank that looks random and is the same for the same seed, on both databases: a square modulo a prime."""
    line = (cast(Content.id, BigInteger) * (7919 * seed + 104_729) + 15_485_863 * seed) % PRIME
    return (line * line) % PRIME


def sources_of(proposal: Proposal, viewer: Person) -> Sequence[Source]:
    """In the order they came. One query."""
    return db.scalars(sources_under(not viewer.is_anonymous), {"proposal_id": proposal.id, "viewer_id": viewer.id}).all()


@cache
def sources_under(signed_in: bool) -> Select[Source]:
    here = (Content.parent_id == bindparam("proposal_id"), Content.kind == "source", shown(signed_in))
    return select(Source).where(*here).options(*SOURCES).order_by(Content.created_at, Content.id)


def appendices_of(proposal: Proposal) -> Sequence[Appendix]:
    return db.scalars(appendices_under(), {"proposal_id": proposal.id}).all()


@cache
def appendices_under() -> Select[Appendix]:
    return select(Appendix).where(Appendix.proposal_id == bindparam("proposal_id")).order_by(Appendix.position)


def draft_of(person: Person, consultation: Consultation) -> Proposal | None:
    """The proposal this person is writing here: one at a time."""
    if person.is_anonymous:
        return None
    return db.scalars(drafts(), {"space_id": consultation.id, "person_id": person.id}).first()


@cache
def drafts() -> Select[Proposal]:
    mine = (Content.space_id == bindparam("space_id"), Content.kind == "proposal", Content.author_id == bindparam("person_id"))
    return select(Proposal).where(*mine, Content.state == State.DRAFT).order_by(Content.id).limit(1)


def deeds_of(person: Person, consultation: Consultation, ids: Sequence[int]) -> tuple[int, set[State]]:
    """How many of these proposals the person voted on; in which states are those of theirs that only they see: drafts, and
    what waits to be read. One query."""
    if person.is_anonymous:
        return 0, set()
    asked = {"person_id": person.id, "space_id": consultation.id, "ids": ids}
    found = dict(db.execute(deeds(), asked).all())
    return found.pop("", 0), {State(state) for state in found}


@cache
def deeds() -> CompoundSelect[str, int]:
    """Made once: every page of a consultation asks it for each reader."""
    voted = select(literal("").label("state"), func.count().label("many")).where(
        Vote.person_id == bindparam("person_id"), Vote.scale == "agreement", one_of(Vote.content_id, "ids")
    )
    mine = (Content.space_id == bindparam("space_id"), Content.kind == "proposal", Content.author_id == bindparam("person_id"))
    wrote = select(Content.state.cast(String), func.count()).where(*mine, Content.state.in_((State.DRAFT, State.PENDING)))
    return union_all(voted, wrote.group_by(Content.state))


def get_source(source_id: int) -> Source:
    around = (joinedload(Source.territory), joinedload(Source.parent).options(*BODIES), joinedload(Source.space).options(*BODIES))
    return get_one(select(Source).where(Source.id == source_id).options(*around))


def votes_by_revision(proposal: Proposal) -> dict[int, int]:
    """How many of the votes cast here saw each version."""
    query = select(Vote.revision, func.count()).where(Vote.content_id == proposal.id).group_by(Vote.revision)
    return dict(db.execute(query).all())
