"""What an agent does at the desk beside deciding: look at a case, keep a view, decide several together. And the worker's part:
which texts look alike."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from app.accounts.models import Person
from app.contents.models import Content
from app.core import clock
from app.core.db import db, insert_or_ignore, transaction
from app.core.errors import Conflict, DomainError
from app.core.i18n import _
from app.core.text import is_beginning, one_line, plain
from app.core.worker import every
from app.moderation import services as moderation
from app.moderation.desk.models import SavedView, Signature, SignatureBand
from app.moderation.models import Case, Decision, Route, Statement, Verdict
from app.territories.models import CharterArticle

LOOK_MINUTES = 2  # said again every minute by the page that shows the case
VIEWS = 20
TOGETHER = 100  # cases decided in one go
SWEPT = 25  # signatures made in one transaction: others wait to write meanwhile


# --- Who reads what ------------------------------------------------------------------------------------------------------


def look_at(case: Case, *, by: Person) -> None:
    """Say that one has the case open: a claim of two minutes, which never shortens one's own nor breaks another's."""
    now, until = clock.now(), clock.from_now(minutes=LOOK_MINUTES)
    free = or_(Case.claimed_by_id.is_(None), Case.claimed_until < now, (Case.claimed_by_id == by.id) & (Case.claimed_until < until))
    looking = update(Case).where(Case.id == case.id, Case.is_open, free).values(claimed_by_id=by.id, claimed_until=until)
    if db.execute(looking.returning(Case.id)).scalar() is not None or not case.is_open or case.claimed_by_id == by.id:
        return
    raise Conflict(_("%(who)s lit ce cas en ce moment.", who=case.claimed_by.name if case.claimed_by else _("Une autre personne")))


# --- Views ---------------------------------------------------------------------------------------------------------------


def save_view(person: Person, *, name: str, place: str, query: str) -> None:
    """Keep these filters under a name; the same name again keeps the new ones."""
    name = one_line(name)
    if not name:
        raise DomainError(_("Donnez un nom à cette vue."), field="name")
    fresh = {"person_id": person.id, "name": name, "place": place, "query": query, "created_at": clock.now()}
    kept = db.scalars(select(SavedView.name).where(SavedView.person_id == person.id)).all()
    if name not in kept and len(kept) >= VIEWS:
        raise DomainError(_("Vous avez déjà %(many)s vues. Retirez-en une d’abord.", many=VIEWS), field="name")
    insert_or_ignore(SavedView, fresh)
    db.execute(update(SavedView).where(SavedView.person_id == person.id, SavedView.name == name).values(place=place, query=query))


def remove_view(view: SavedView) -> None:
    db.delete(view)
    db.flush()


# --- Deciding ------------------------------------------------------------------------------------------------------------


def decide(case: Case, *, is_helped: bool, **given: Any) -> Decision:
    """As `moderation.services.decide`; `is_helped`: the agent acted on what a machine pointed at, and the statement says so."""
    decision = moderation.decide(case, **given)
    if is_helped:
        said = update(Statement).where(Statement.decision_id == decision.id).values(is_detection_automated=True)
        db.execute(said.execution_options(synchronize_session="fetch"))
    return decision


def taken_with(decision: Decision) -> Sequence[Decision]:
    """The decisions of the same batch by the same person that stand, or this one alone."""
    if decision.batch is None:
        return [decision]
    query = select(Decision).where(Decision.batch == decision.batch, Decision.by_id == decision.by_id, Decision.undone_at.is_(None))
    return db.scalars(query.order_by(Decision.id)).all()


# --- Deciding several ----------------------------------------------------------------------------------------------------


@dataclass
class Together:
    """What became of each case of a batch."""

    batch: str
    decided: list[Decision]
    overtaken: list[tuple[Case, str]]  # and why not: who and when, or what the text has become


def check_together(*, verdict: Verdict, article: CharterArticle | None, reasons: str) -> None:
    """What each decision would be refused for, said once, before anybody sees what would be written."""
    if verdict != Verdict.KEEP and article is None:
        raise DomainError(_("Choisissez l’article de la charte sur lequel vous vous appuyez."), field="article")
    if not reasons.strip():
        raise DomainError(_("Écrivez aux auteurs pourquoi : ils liront cette phrase."), field="reasons")


def decide_together(
    cases: Sequence[tuple[Case, int]], *, by: Person, verdict: Verdict, article: CharterArticle | None, reasons: str
) -> Together:
    """The same decision for each of these (case, version that was seen): a decision, a statement and a line of the register
    each. Who was overtaken meanwhile is told and skipped; the others are done."""
    if not cases:
        raise DomainError(_("Choisissez au moins un cas."))
    if len(cases) > TOGETHER:
        raise DomainError(_("%(many)s cas au plus à la fois.", many=TOGETHER))
    done = Together(secrets.token_hex(8), [], [])
    for case, seen in cases:
        try:
            with db.begin_nested():
                decision = moderation.decide(
                    case, by=by, verdict=verdict, article=article, reasons=reasons, seen=seen, route=Route.BATCH, batch=done.batch
                )
                done.decided.append(decision)
        except DomainError as refused:  # a Conflict too
            done.overtaken.append((case, refused.message))
    return done


# --- Texts that look alike -----------------------------------------------------------------------------------------------


@every(minutes=1, own_transactions=True)
def sign_what_came() -> int:
    """Sign the open cases that have no signature for their text as it is now; returns how many."""
    stale = (
        select(Case.id)
        .join(Content, Content.id == Case.content_id)
        .outerjoin(Signature, Signature.case_id == Case.id)
        .where(Case.is_open, or_(Signature.id.is_(None), Signature.revision != Content.revision))
        .order_by(Case.id)
        .limit(SWEPT)
    )
    signed = 0
    while True:
        ids = db.scalars(stale).all()
        db.rollback()  # the reading ends here: when nothing came, the write lock is not taken
        if not ids:
            return signed
        with transaction():
            signed += sign(ids)


def sign(case_ids: Sequence[int]) -> int:
    """Make these cases' signatures, and find the campaign of each."""
    from app.moderation.desk import similar  # with NumPy, which only the worker wants here

    query = select(Case.id, Case.territory_id, Content.revision, Content.language, Content.title, Content.body_html)
    for row in db.execute(query.join(Content, Content.id == Case.content_id).where(Case.id.in_(case_ids)).order_by(Case.id)).all():
        words = plain(row.body_html)
        text = words if is_beginning(row.title, words) else f"{row.title} {words}"
        minhash = similar.signature(text, row.language)
        db.execute(delete(Signature).where(Signature.case_id == row.id))
        db.execute(delete(SignatureBand).where(SignatureBand.case_id == row.id))
        keys = similar.bands(minhash)
        campaign = campaign_of(row.id, row.territory_id, minhash, keys)
        db.execute(insert(Signature), [{"case_id": row.id, "revision": row.revision, "minhash": minhash, "campaign": campaign}])
        if keys:
            db.execute(insert(SignatureBand), [{"case_id": row.id, "key": key} for key in keys])
    return len(case_ids)


def campaign_of(case_id: int, territory_id: int | None, minhash: str, keys: Sequence[str]) -> int | None:
    """The campaign that a text joins: that of the open cases of the same place which look like it, begun with the oldest of them."""
    from app.moderation.desk import similar

    if not keys:
        return None
    place = Case.territory_id == territory_id if territory_id is not None else Case.territory_id.is_(None)
    shares_a_band = select(SignatureBand.case_id).where(SignatureBand.key.in_(keys))
    query = (
        select(Signature.case_id, Signature.minhash, Signature.campaign)
        .join(Case, Case.id == Signature.case_id)
        .where(Signature.case_id.in_(shares_a_band), Case.id != case_id, Case.is_open, place)
        .order_by(Signature.case_id)
        .limit(500)
    )
    near = db.execute(query).all()
    shares = similar.likeness(minhash, [row.minhash for row in near])
    same = [row for row, share in zip(near, shares, strict=True) if share >= similar.ALIKE]
    if not same:
        return None
    joined = {row.campaign for row in same if row.campaign is not None}
    campaign = min(joined | {same[0].case_id})
    moved = Signature.campaign.in_(joined) | Signature.case_id.in_([row.case_id for row in same])
    db.execute(update(Signature).where(moved).values(campaign=campaign).execution_options(synchronize_session=False))
    return campaign
