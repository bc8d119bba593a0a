"""Reads of appeals: what each loads and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.models import Person, Role
from app.contents import redactions
from app.contents.models import Content
from app.contents.queries import BODIES, get_revision
from app.core.clock import PARIS
from app.core.db import db, get_one
from app.core.errors import NotFound
from app.core.i18n import _
from app.core.permissions import can
from app.moderation import queries as cases
from app.moderation import redress
from app.moderation.appeals.models import Appeal, Appellant
from app.moderation.models import RESTRICTIVE, Case, Decision, Report, Statement
from app.moderation.redress import Key
from app.moderation.sanctions.models import Sanction

PROMISED_MONTHS = 1  # to answer


def due_on(appeal: Appeal) -> date:
    """The last day of the promised delay."""
    return redress.months_later(appeal.created_at.astimezone(PARIS).date(), PROMISED_MONTHS)


@dataclass(frozen=True)
class Act:
    """What may be contested, whichever it is, with what the pages say of it."""

    key: Key
    decision: Decision | None
    sanction: Sanction | None
    statement: Statement | None
    report: Report | None
    told_at: datetime
    territory_id: int | None
    hands: frozenset[int]  # who had a part in it, on any side: none of them may answer

    @property
    def appellant(self) -> Appellant:
        return Appellant.REPORTER if self.report else Appellant.AUTHOR

    @property
    def restricts_id(self) -> int | None:
        """Whom it restricts, and who may contest it from their account."""
        return self.statement.person_id if self.statement and not self.report else None

    @property
    def person_id(self) -> int | None:
        """Who contests, if they have an account."""
        return self.report.person_id if self.report else self.restricts_id

    @property
    def is_void(self) -> bool:
        """Taken back, or overturned already: nothing is left to contest."""
        return self.decision is not None and (self.decision.undone_at is not None or self.decision.overturned_at is not None)


def get_act(key: Key) -> Act:
    """What a link contests, or NotFound where there is nothing to: a decision that restricts nobody, a proposal, another text's report."""
    act = find_act(key)
    if act is None:
        raise NotFound
    return act


def find_act(key: Key) -> Act | None:
    return sanctioned(key) if key.sanction_id else decided(key)


def sanctioned(key: Key) -> Act | None:
    query = select(Sanction).where(Sanction.id == key.sanction_id)
    sanction = get_one(query.options(joinedload(Sanction.territory), joinedload(Sanction.article)))
    statement = db.scalars(select(Statement).where(Statement.sanction_id == sanction.id)).one_or_none()
    if statement is None:
        return None
    hands = {sanction.person_id, sanction.proposed_by_id, sanction.read_by_id}
    return Act(key, None, sanction, statement, None, statement.created_at, sanction.territory_id, people(hands))


def decided(key: Key) -> Act | None:
    whole = joinedload(Decision.content)
    query = select(Decision).where(Decision.id == key.decision_id)
    query = query.options(whole.joinedload(Content.territory), whole.joinedload(Content.space).options(*BODIES))
    decision = get_one(query.options(joinedload(Decision.article), joinedload(Decision.by)))
    report = None
    if key.report_id:
        report = db.get(Report, key.report_id)
        is_about_it = report is not None and report.content_id == decision.content_id and report.confirmed_at is not None
        if not is_about_it or decision.verdict in RESTRICTIVE:
            return None  # a report that was followed has nothing to contest
    statement = db.scalars(select(Statement).where(Statement.decision_id == decision.id)).one_or_none()
    if statement is None and report is None:
        return None
    told_at = statement.created_at if statement and not report else decision.at
    territory_id = decision.content.territory_id
    return Act(key, decision, None, statement, report, told_at, territory_id, people(hands_on(decision)))


def hands_on(decision: Decision) -> set[int | None]:
    """Whoever decided anything of this case, undone or not, wrote the text, or reported it."""
    deciders = db.scalars(select(Decision.by_id).where(Decision.case_id == decision.case_id))
    reporters = db.scalars(select(Report.person_id).where(Report.content_id == decision.content_id))
    return {*deciders, *reporters, decision.content.author_id}


def people(ids: set[int | None]) -> frozenset[int]:
    return frozenset(each for each in ids if each is not None)


@dataclass(frozen=True)
class Original:
    """The text as it was when it was decided on, in pieces, each with whether it was cut; and what was reported of it."""

    title: str
    pieces: list[tuple[str, bool]]
    reports: Sequence[Report]


def original_of(decision: Decision) -> Original:
    """For who answers: they may be no moderator, and have no other page to read it on."""
    fields = get_revision(decision.content_id, decision.revision).fields
    cuts = redactions.active_on(decision.content, decision.revision)
    spans = [(cut.start, cut.end) for cut in cuts if cut.field == "body_source"]
    return Original(fields["title"], redactions.pieces(fields["body_source"], spans), cases.reports_of(decision.content_id))


def who_may_answer(act: Act) -> tuple[Sequence[Person], bool]:
    """The team of the place, less who had a hand in it; where nobody of it is left, the region's administrators, and True."""
    here = Role.territory_id == act.territory_id if act.territory_id is not None else Role.territory_id.is_(None)
    holders = select(Role.person_id).where(here | Role.territory_id.is_(None))
    people = db.scalars(select(Person).where(Person.id.in_(holders)).options(selectinload(Person.roles)).order_by(Person.id)).all()
    able = [each for each in people if can("appeal.answer", act, each)]
    team = [each for each in able if any(mine.territory_id == act.territory_id for mine in each.roles)]
    return (team, False) if team else (able, True)


# --- Appeals ---------------------------------------------------------------------------------------------------------------


def key_of(appeal: Appeal) -> Key:
    return Key(appeal.decision_id, appeal.sanction_id, appeal.report_id)


def find_appeal(act: Act) -> Appeal | None:
    """The one made against this act by this side, answered or not."""
    query = select(Appeal).where(Appeal.appellant == act.appellant, Appeal.decision_id == act.key.decision_id)
    query = query.where(Appeal.sanction_id == act.key.sanction_id, Appeal.report_id == act.key.report_id)
    return db.scalars(query.options(joinedload(Appeal.answered_by))).one_or_none()


def get_appeal(appeal_id: int) -> Appeal:
    query = select(Appeal).where(Appeal.id == appeal_id)
    return get_one(query.options(joinedload(Appeal.answered_by), joinedload(Appeal.person)))


def here(territory_id: int | None) -> ColumnElement[bool]:
    return Appeal.territory_id == territory_id if territory_id is not None else Appeal.territory_id.is_(None)


def appeals_in(territory_id: int | None, *, answered: bool) -> Select[Appeal]:
    """A territory's (None: the region's): those that wait, in time first and the oldest first; or the answered, latest first."""
    query = select(Appeal).where(here(territory_id), Appeal.outcome.is_not(None) if answered else Appeal.outcome.is_(None))
    content = joinedload(Appeal.decision).joinedload(Decision.content).options(*BODIES)
    query = query.options(content, joinedload(Appeal.sanction).joinedload(Sanction.person), joinedload(Appeal.answered_by))
    return (
        query.order_by(Appeal.answered_at.desc(), Appeal.id) if answered else query.order_by(Appeal.is_late, Appeal.created_at, Appeal.id)
    )


def waiting_count(territory_id: int | None) -> int:
    return db.scalar(select(func.count(Appeal.id)).where(here(territory_id), Appeal.outcome.is_(None))) or 0


def in_words(ids: Sequence[int | None], _person: Person) -> dict[int | None, str]:
    """What the back office says of each of these places where an appeal waits. One query."""
    query = select(Appeal.territory_id, func.count(Appeal.id)).where(or_(*map(here, ids)), Appeal.outcome.is_(None))
    return {territory_id: _("%(n)s à lire", n=count) for territory_id, count in db.execute(query.group_by(Appeal.territory_id))}


def get_case_of(decision: Decision) -> Case:
    """For update: what is decided about the text waits for the answer."""
    query = select(Case).where(Case.id == decision.case_id).options(joinedload(Case.content))
    return get_one(query.with_for_update(of=Case).execution_options(populate_existing=True))


def is_last_word(decision: Decision) -> bool:
    """Was nothing decided of this text since?"""
    later = select(Decision.id).where(Decision.case_id == decision.case_id, Decision.id > decision.id, Decision.undone_at.is_(None))
    return db.scalar(later.limit(1)) is None


def appeals_about(content_ids: Sequence[int] | Select[int]) -> Sequence[Appeal]:
    """Against decisions about these texts, oldest first."""
    query = select(Appeal).join(Appeal.decision).where(Decision.content_id.in_(content_ids))
    return db.scalars(query.options(joinedload(Appeal.answered_by), joinedload(Appeal.decision)).order_by(Appeal.id)).all()
