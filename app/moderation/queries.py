"""Reads of the desk: what each loads and in which order."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import joinedload

from app.contents.models import Content, Redaction, State
from app.contents.queries import BODIES
from app.core.db import db, get_one
from app.moderation.models import PROVISIONAL, RESTRICTIVE, Case, Decision, Message, Regime, Report, Settings, Statement, Verdict
from app.territories.models import CharterArticle, Territory

TARGET_HOURS = 24


def settings_of(territory_id: int | None) -> Settings:
    """The territory's settings, or the default ones (not saved)."""
    found = db.scalar(settings_held(), {"territory_id": territory_id}) if territory_id else None
    return found or Settings(territory_id=territory_id, regime=Regime.AFTER, target_hours=TARGET_HOURS)


@cache
def settings_held() -> Select[Settings]:
    return select(Settings).where(Settings.territory_id == bindparam("territory_id"))


def get_case(case_id: int) -> Case:
    """A case with the whole text and where it stands."""
    return get_one(whole_case(), {"case_id": case_id})


@cache
def whole_case() -> Select[Case]:
    whole = joinedload(Case.content)
    around = (
        whole.joinedload(Content.territory),
        whole.joinedload(Content.author),
        whole.joinedload(Content.parent).options(*BODIES),
        whole.joinedload(Content.space).options(*BODIES),
        joinedload(Case.claimed_by),
    )
    return select(Case).where(Case.id == bindparam("case_id")).options(*around)


def reports_of(content_id: int) -> Sequence[Report]:
    """Those that count: a person's, and a visitor's once confirmed. Oldest first."""
    query = select(Report).where(Report.content_id == content_id, Report.confirmed_at.is_not(None))
    return db.scalars(query.options(joinedload(Report.article), joinedload(Report.person)).order_by(Report.created_at, Report.id)).all()


def decisions_of(case_id: int) -> Sequence[Decision]:
    query = select(Decision).where(Decision.case_id == case_id).options(joinedload(Decision.article), joinedload(Decision.by))
    return db.scalars(query.order_by(Decision.id.desc())).all()


def get_decision(decision_id: int) -> Decision:
    loaded = joinedload(Decision.content)
    query = select(Decision).where(Decision.id == decision_id)
    around = (loaded.joinedload(Content.territory), loaded.joinedload(Content.space).options(*BODIES))
    return get_one(query.options(*around, joinedload(Decision.article), joinedload(Decision.by)))


def last_decision(case_id: int) -> Decision | None:
    query = select(Decision).where(Decision.case_id == case_id).options(joinedload(Decision.by))
    return db.scalars(query.order_by(Decision.id.desc()).limit(1)).one_or_none()


def last_settled_at(case_id: int) -> datetime | None:
    """When the last decision that stands closed this case; None if none did."""
    query = select(func.max(Decision.at)).where(Decision.case_id == case_id, Decision.verdict.not_in(PROVISIONAL))
    return db.scalar(query.where(Decision.undone_at.is_(None)))


RESTRICTED = {State.HIDDEN, State.REMOVED, State.REFUSED}


def standing_restriction(content_id: int) -> Decision | None:
    """The last decision that hid, refused, removed or held this text, and was neither undone nor overturned."""
    verdicts = RESTRICTIVE - {Verdict.REDACT}
    query = select(Decision).where(Decision.content_id == content_id, Decision.verdict.in_(verdicts), stands())
    return db.scalars(query.options(joinedload(Decision.article)).order_by(Decision.id.desc()).limit(1)).one_or_none()


def standing_restrictions(found: Iterable[Content]) -> dict[int, int]:
    """{content: decision} for those of these that a decision keeps out of sight now."""
    hidden = [content.id for content in found if content.state in RESTRICTED]
    if not hidden:
        return {}
    query = select(Decision.content_id, func.max(Decision.id)).where(Decision.content_id.in_(hidden), stands())
    query = query.where(Decision.verdict.in_(RESTRICTIVE - {Verdict.REDACT})).group_by(Decision.content_id)
    return dict(db.execute(query).all())


def last_sealing(content_id: int) -> Decision | None:
    """The last decision that closed versions to the public, overturned or not."""
    query = select(Decision).where(Decision.content_id == content_id, Decision.verdict.in_(RESTRICTIVE), Decision.undone_at.is_(None))
    return db.scalars(query.order_by(Decision.id.desc()).limit(1)).one_or_none()


def sealings(content: Content, *, is_whole: bool) -> list[datetime]:
    """When what is shown again was closed: by the last restriction; and, whole again, by each time that it was cut as it is now."""
    last = last_sealing(content.id)
    cuts = select(Decision.at).where(Decision.content_id == content.id, Decision.verdict == Verdict.REDACT, Decision.undone_at.is_(None))
    older = db.scalars(cuts.where(Decision.revision == content.revision)) if is_whole else ()
    return [*([last.at] if last else []), *older]


def stands() -> ColumnElement[bool]:
    return Decision.undone_at.is_(None) & Decision.overturned_at.is_(None)


def was_restricted(content_id: int) -> bool:
    """Did a person ever restrict this text, rightly as far as is known? Cuts that were put back count for nothing."""
    of_it = Redaction.content_id == content_id, Redaction.revision == Decision.revision
    is_cut = exists().where(*of_it, Redaction.lifted_at.is_(None))
    query = select(Decision.id).where(Decision.content_id == content_id, Decision.verdict.in_(RESTRICTIVE), stands())
    query = query.where(~Decision.is_automated, or_(Decision.verdict != Verdict.REDACT, is_cut))
    return db.scalar(query.limit(1)) is not None


def was_reported(content_id: int) -> bool:
    return db.scalar(select(Report.id).where(Report.content_id == content_id, Report.confirmed_at.is_not(None)).limit(1)) is not None


def motive_of(content: Content) -> str:
    """Why a part of it, or all, is not shown now: the title of an article. Empty for what is shown whole, and for what waits."""
    if content.state == State.PUBLISHED:
        return db.scalar(motives_of_cuts(), {"content_id": content.id, "revision": content.revision}) or ""
    if content.state in RESTRICTED:
        standing = standing_restriction(content.id)
        return standing.article.title if standing and standing.article else ""
    return ""


@cache
def motives_of_cuts() -> Select[str]:
    """Of those that stand in one revision: the last one's."""
    here = (Redaction.content_id == bindparam("content_id"), Redaction.revision == bindparam("revision"))
    cut = select(CharterArticle.title).join(Redaction, Redaction.article_id == CharterArticle.id)
    return cut.where(*here, Redaction.lifted_at.is_(None)).order_by(Redaction.created_at.desc()).limit(1)


def statement_of(decision_id: int) -> Statement | None:
    return db.scalars(select(Statement).where(Statement.decision_id == decision_id)).one_or_none()


def messages_of(case_id: int) -> Sequence[Message]:
    """What the team and the author said to each other about a case, in order."""
    return db.scalars(
        select(Message).where(Message.case_id == case_id).options(joinedload(Message.by)).order_by(Message.at, Message.id)
    ).all()


def last_asked(case_id: int) -> Message | None:
    """The last word of the team to the author."""
    query = select(Message).where(Message.case_id == case_id, ~Message.is_from_author).options(joinedload(Message.by))
    return db.scalars(query.order_by(Message.id.desc()).limit(1)).one_or_none()


def has_been_published(person_id: int, territory_id: int | None) -> bool:
    """Has anything of theirs been accepted in this territory?"""
    query = select(Content.id).where(Content.author_id == person_id, Content.territory_id == territory_id, Content.state == State.PUBLISHED)
    return db.scalar(query.limit(1)) is not None


def articles_for(content: Content) -> Sequence[CharterArticle]:
    """The charter a content is held to: its territory's articles in force."""
    query = select(CharterArticle).where(CharterArticle.territory_id == content.territory_id, CharterArticle.replaced_at.is_(None))
    return db.scalars(query.order_by(CharterArticle.number)).all()


def get_territory_or_region(slug: str) -> Territory | None:
    """None stands for the region."""
    return None if slug == "region" else get_one(select(Territory).where(Territory.slug == slug))


class Region:
    """Stands for the region where a rule asks for a place."""

    id = territory_id = None


REGION = Region()
