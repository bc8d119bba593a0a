"""Cases and decisions. `decide` is the one door by which a text is restricted; reports and regimes have their own modules."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Executable, Select, bindparam, or_, select, update
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts.models import Person
from app.audit import services as audit
from app.contents import redactions
from app.contents import services as contents
from app.contents.models import Content, State
from app.contents.redactions import Span
from app.core import clock, outbox
from app.core.db import db, insert_or_ignore, transaction
from app.core.errors import Conflict, DomainError
from app.core.formats import moment
from app.core.i18n import _
from app.core.text import tidy
from app.moderation import places, queries, telling
from app.moderation.addresses import case_url
from app.moderation.models import PROVISIONAL, RESTRICTIVE, Case, Cause, Decision, Message, Route, Scope, Verdict
from app.moderation.statements import SCOPES, state_reasons
from app.moderation.telling import UNDO_SECONDS
from app.notifications import services as notifications
from app.territories.models import CharterArticle

__all__ = ["UNDO_SECONDS", "answer_correction", "ask_for_correction", "claim", "decide", "open_case", "state_reasons", "undo"]

CLAIM_MINUTES = 15
ERASING = "erase_words"  # outbox topic; the key is a decision
SHOWN = {State.PENDING: State.PUBLISHED, State.PUBLISHED: State.PUBLISHED, State.HIDDEN: State.PUBLISHED}
AFTER = {
    Verdict.KEEP: {**SHOWN, State.REMOVED: State.PUBLISHED, State.REFUSED: State.PUBLISHED},
    Verdict.REDACT: SHOWN,
    Verdict.MOVE: SHOWN,
    Verdict.HIDE: {State.PUBLISHED: State.HIDDEN},
    Verdict.REFUSE: {State.PENDING: State.REFUSED, State.PUBLISHED: State.REMOVED, State.HIDDEN: State.REMOVED},
    Verdict.ERASE: {
        State.PENDING: State.REFUSED,
        State.PUBLISHED: State.REMOVED,
        State.HIDDEN: State.REMOVED,
        State.REMOVED: State.REMOVED,
        State.REFUSED: State.REFUSED,
    },
    Verdict.HOLD: {State.PUBLISHED: State.PENDING},
}
RESTRICTED = {State.HIDDEN, State.REMOVED, State.REFUSED}
warranted: ContextVar[tuple[int, State] | None] = ContextVar("warranted", default=None)  # what a decision is doing just now


@contextmanager
def warrant(content: Content, after: State) -> Iterator[None]:
    """While a decision that is written down is carried out; the listener of states lets nothing else restrict a text."""
    token = warranted.set((content.id, after))
    try:
        yield
    finally:
        warranted.reset(token)


# --- Cases ---------------------------------------------------------------------------------------------------------------


def open_case(content: Content, cause: Cause, *, is_news: bool = True) -> Case:
    """The content's case, open: made, or reopened if it had been decided.

    `is_news`: something is said that who reads the case has not seen, a report or another text: its version moves.
    """
    fresh = {
        "content_id": content.id,
        "territory_id": content.territory_id,
        "cause": cause,
        "opened_at": clock.now(),
        "is_open": True,
        "version": 1,
    }
    is_new = insert_or_ignore(Case, fresh, returning=Case.id) is not None
    case = locked(content.id)
    if not case.is_open:
        case.is_open, case.cause, case.opened_at, case.version = True, cause, clock.now(), case.version + 1
        case.claimed_by_id = case.claimed_until = case.escalated_at = None
    elif is_news and not is_new:
        case.version += 1
    db.flush()
    return case


def locked(content_id: int) -> Case:
    """The case of a content, ours until the end of the transaction."""
    return db.scalars(case_held(), {"content_id": content_id}).one()


@cache
def case_held() -> Select[Case]:
    query = select(Case).where(Case.content_id == bindparam("content_id")).with_for_update()
    return query.execution_options(populate_existing=True)


def close_without_decision(content: Content) -> None:
    """Its author withdrew it: nobody has to read it any more."""
    db.execute(
        update(Case)
        .where(Case.content_id == content.id, Case.is_open)
        .values(is_open=False, decided_at=clock.now(), version=Case.version + 1, claimed_by_id=None, claimed_until=None)
    )


def claim(case: Case, *, by: Person) -> None:
    """Say that one is reading this case, for a quarter of an hour; somebody else's claim is told, never broken."""
    now = clock.now()
    free = or_(Case.claimed_by_id.is_(None), Case.claimed_by_id == by.id, Case.claimed_until < now)
    claimed = (
        update(Case)
        .where(Case.id == case.id, Case.is_open, free)
        .values(claimed_by_id=by.id, claimed_until=clock.from_now(minutes=CLAIM_MINUTES))
    )
    if db.execute(claimed.returning(Case.id)).scalar() is None:
        raise Conflict(_("Une autre personne lit déjà ce cas. Prenez le suivant."))


def ask_for_correction(case: Case, *, by: Person, text: str, seen: int) -> Message:
    """Write to the author before deciding: what should change. The case stays open; its version moves.

    `seen`, as in `decide`: nobody asks for what has just been asked, corrected or decided.
    """
    if case.content.author_id is None:
        raise DomainError(_("Ce texte n’a plus d’auteur à qui écrire : décidez."), field="reasons")
    if not tidy(text):
        raise DomainError(_("Écrivez votre message."), field="reasons")
    mine = update(Case).where(Case.id == case.id, Case.version == seen, Case.is_open).values(version=Case.version)
    if db.execute(mine.returning(Case.id)).scalar() is None:
        raise Conflict(overtaken_by(case))
    message = say(case, by=by, text=text, is_from_author=False)
    telling.ask_author(case, case.content, message.text)
    return message


def answer_correction(case: Case, *, by: Person, text: str) -> Message:
    """The author's word back. To change the text itself they edit it, which moves the version of the case too."""
    if not case.is_open:
        raise DomainError(_("L’équipe a déjà décidé. Vous pouvez contester la décision."), field="text")
    message = say(case, by=by, text=text, is_from_author=True)
    asked = queries.last_asked(case.id)
    if asked is not None and asked.by is not None:
        notifications.notify(
            asked.by,
            "correction_answered",
            mail=False,
            title=case.content.title,
            words=message.text,
            url=case_url(case, case.content),
            content_id=case.content_id,
        )
    return message


def say(case: Case, *, by: Person, text: str, is_from_author: bool) -> Message:
    words = tidy(text)
    if not words:
        raise DomainError(_("Écrivez votre message."), field="text")
    message = Message(case_id=case.id, by_id=by.id, text=words, is_from_author=is_from_author)
    db.add(message)
    db.flush()
    moved = update(Case).where(Case.id == case.id).values(version=Case.version + 1)
    db.execute(moved.execution_options(synchronize_session="fetch"))
    return message


# --- Decisions -----------------------------------------------------------------------------------------------------------


def decide(
    case: Case,
    *,
    by: Person,
    verdict: Verdict | str,
    article: CharterArticle | None,
    reasons: str,
    seen: int,
    route: Route = Route.DESK,
    spans: Iterable[Span] = (),
    destination: Content | None = None,
    batch: str | None = None,
    lift: bool = False,
) -> Decision:
    """Decide once: of two agents on the same version of a case, one does, the other is told who and when.

    `seen`: the case's version on the desk when it was read: an edit, a report or another decision moves it, so that what is
    decided on is what was shown. `spans`: for REDACT, the passages cut from the source of the present revision, all of them.
    `destination`: for MOVE, the space. KEEP leaves cuts as they are, unless `lift`: then the whole text is shown.
    Lifting cuts and erasing words are asked of what is already decided too: the case is taken up at that moment.
    An appeal may decide what is already decided; its KEEP undoes what it overturns: the text is whole again, where it was.
    HIDE leaves the case open: a precaution is not an end.
    """
    verdict, reasons = Verdict(verdict), tidy(reasons)
    content = case.content
    if verdict == Verdict.HOLD or (verdict == Verdict.ERASE) is not (route == Route.ERASURE):
        raise DomainError(_("Cette décision ne se prend pas d’ici."), field="verdict")
    if verdict in RESTRICTIVE and article is None:  # first: its sentence may be all that there is to write
        raise DomainError(_("Choisissez l’article de la charte sur lequel vous vous appuyez."), field="article")
    if not reasons:
        raise DomainError(_("Écrivez à l’auteur pourquoi : il lira cette phrase."), field="reasons")
    if lift and not content.is_cut:
        raise DomainError(_("Rien n’est coupé dans ce texte : il est déjà montré en entier."))
    is_taken_up = not case.is_open and (lift or route == Route.ERASURE)
    since = clock.now() if is_taken_up else case.opened_at
    take(case, seen, stays_open=verdict in PROVISIONAL, may_be_closed=is_taken_up or route == Route.APPEAL)
    decision = Decision(
        case_id=case.id,
        content_id=content.id,
        verdict=verdict,
        route=route,
        batch=batch,
        article_id=article.id if article else None,
        reasons=reasons,
        by_id=by.id,
        opened_at=since,
    )
    enact(decision, content, article=article, by=by, spans=spans, destination=destination, lift=lift)
    return decision


def restrict_automatically(
    content: Content, *, route: Route, verdict: Verdict, cause: Cause, article: CharterArticle | None, reasons: str
) -> Decision:
    """What follows from a rule, not from a person: the text is hidden or held until somebody decides. Never a removal."""
    assert verdict in PROVISIONAL
    case = open_case(content, cause)
    decision = Decision(
        case_id=case.id,
        content_id=content.id,
        verdict=verdict,
        route=route,
        article_id=article.id if article else None,
        reasons=reasons,
        is_automated=True,
        opened_at=case.opened_at,
    )
    enact(decision, content, article=article, by=None)
    return decision


def take(case: Case, seen: int, *, stays_open: bool, may_be_closed: bool) -> None:
    """The turn to decide: whoever moves the version first has it."""
    after: dict[str, Any] = {"version": seen + 1, "claimed_by_id": None, "claimed_until": None, "escalated_at": None}
    if not stays_open:
        after |= {"is_open": False, "decided_at": clock.now()}
    db.flush()
    won = db.execute(case_taken(tuple(after), may_be_closed), {"taken_id": case.id, "seen": seen, **after})
    if won.scalar() is None:
        raise Conflict(overtaken_by(case))
    for name, value in after.items():
        set_committed_value(case, name, value)


@cache
def case_taken(names: tuple[str, ...], may_be_closed: bool) -> Executable:
    table = Case.metadata.tables[Case.__tablename__]
    won = update(table).where(table.c.id == bindparam("taken_id"), table.c.version == bindparam("seen"))
    if not may_be_closed:
        won = won.where(table.c.is_open)
    return won.values({name: bindparam(name) for name in names}).returning(table.c.id)


def enact(
    decision: Decision,
    content: Content,
    *,
    article: CharterArticle | None,
    by: Person | None,
    spans: Iterable[Span] = (),
    destination: Content | None = None,
    lift: bool = False,
) -> None:
    """Write the decision down, do it, state its reasons, record it, and tell who must know: one transaction, or nothing."""
    verdict, before, at = decision.verdict, content.state, clock.now()
    after = AFTER[verdict].get(before)
    if after is None:
        raise DomainError(_("Cette décision n’est pas possible pour un texte dans cet état. Choisissez-en une autre."), field="verdict")
    if verdict == Verdict.ERASE and content.own_fields():
        raise DomainError(_("Les mots de cette sorte de page ne s’effacent pas d’ici. Retirez-la."), field="verdict")
    decision.revision, decision.before, decision.after, decision.at = content.revision, before, after, at
    text = redactions.written(content)[1]
    last = queries.last_decision(decision.case_id) if decision.route == Route.APPEAL else None
    is_whole = verdict == Verdict.KEEP and (lift or last is not None)
    shows_more = is_whole or (verdict in {Verdict.KEEP, Verdict.MOVE} and before != State.PUBLISHED)
    restored = queries.sealings(content, is_whole=is_whole) if shows_more else []  # while cuts stand, older versions say what was cut
    if verdict == Verdict.MOVE:
        decision.moved_from_id = content.parent_id or content.space_id
    db.add(decision)
    db.flush()
    if verdict == Verdict.REDACT and article is not None:
        redactions.redact(content, spans, article_id=article.id, at=at)
    elif is_whole:
        redactions.lift(content, at=at)
        if last is not None and last.verdict == Verdict.MOVE and last.moved_from_id is not None:
            contents.place_under(content, db.scalars(select(Content).where(Content.id == last.moved_from_id)).one())
    elif verdict == Verdict.MOVE:
        places.move(content, destination)
    with warrant(content, after):
        contents.change_state(content, after, by=by, reason=decision.reasons)
    settle_versions(decision, content, restored)
    motive = queries.motive_of(content)
    if motive != content.restriction:
        content.restriction = motive
    if verdict == Verdict.ERASE:
        outbox.enqueue(ERASING, decision.id, due_at=telling.due_after(decision))
    statement = None
    if verdict in RESTRICTIVE:
        statement = state_reasons(
            decision,
            person_id=content.author_id,
            territory_id=content.territory_id,
            scope=Scope.REFUSED if after == State.REFUSED else SCOPES[verdict],
            article=article,
            facts=decision.reasons,
            was_reported=queries.was_reported(content.id),
            is_detection_automated=decision.is_automated,
            is_decision_automated=decision.is_automated,
        )
    record("moderation.decision", decision, content, article=article.number if article else None)
    db.flush()
    telling.tell(decision, content, statement, text=text, place=destination.title if destination else "", is_whole_again=lift)


def settle_versions(decision: Decision, content: Content, restored: Sequence[datetime]) -> None:
    """Which versions the public may read: not those restricted, nor the older ones, that said the same.

    `restored`: the moments at which those that are shown again were closed.
    """
    if decision.verdict == Verdict.HOLD:
        redactions.seal(content, at=decision.at, up_to=content.revision, since=content.revision)
    elif decision.verdict == Verdict.REDACT:
        redactions.seal(content, at=decision.at, up_to=content.revision - 1)
    elif decision.verdict in RESTRICTIVE:
        redactions.seal(content, at=decision.at, up_to=content.revision)
    else:
        for closed_at in restored:
            redactions.unseal(content, sealed_at=closed_at)


def record(act: str, decision: Decision, content: Content, **more: object) -> None:
    facts = {
        "verdict": decision.verdict.value,
        "route": decision.route.value,
        "revision": decision.revision,
        "before": decision.before.value,
        "after": decision.after.value,
        **more,
    }
    audit.record(act, territory_id=content.territory_id, actor_id=decision.by_id, subject=f"content:{content.id}", detail=facts)


def overtaken_by(case: Case) -> str:
    """Who decided meanwhile, and when; or that something else was said of it. What was decided before it reopened is no news."""
    last = queries.last_decision(case.id)
    if last is None or last.undone_at is not None or (case.is_open and last.at < case.opened_at):
        return _("Ce cas a changé pendant que vous le lisiez. Relisez-le, puis renvoyez : votre message est ci-dessous.")
    return _(
        "Ce cas a été décidé par %(who)s, %(when)s. Votre message est ci-dessous.",
        who=last.by.name if last.by else _("l’équipe"),
        when=moment(last.at),
    )


def undo(decision: Decision, *, by: Person) -> None:
    """Take one's decision back within thirty seconds, before anybody is told. The statement is void with it.

    The case waits again, since when it waited; a decided one that was taken up for this decision alone is decided as it was.
    """
    content = db.scalars(select(Content).where(Content.id == decision.content_id)).one()
    case = locked(content.id)
    last = queries.last_decision(case.id)
    if decision.route == Route.APPEAL:
        raise DomainError(_("La réponse à un recours est partie : elle ne s’annule pas."))
    if clock.now() >= decision.at + timedelta(seconds=UNDO_SECONDS):
        raise DomainError(_("Plus de trente secondes ont passé : la décision est partie. Décidez de nouveau si le cas est rouvert."))
    if decision.undone_at is not None or last is None or last.id != decision.id:
        raise Conflict(_("Cette décision a déjà été annulée ou remplacée."))
    decision.undone_at = clock.now()
    if decision.verdict in {Verdict.REDACT, Verdict.KEEP}:
        redactions.undo(content, at=decision.at)
    if decision.verdict == Verdict.MOVE and decision.moved_from_id is not None:
        contents.place_under(content, db.scalars(select(Content).where(Content.id == decision.moved_from_id)).one())
    db.flush()
    with warrant(content, decision.before):
        contents.change_state(content, decision.before, by=by, reason=_("Décision annulée"), is_undone=True)
    redactions.unseal(content, sealed_at=decision.at)
    sealing = queries.last_sealing(content.id)
    if decision.verdict == Verdict.KEEP and sealing is not None and redactions.active_on(content):
        redactions.seal(content, at=sealing.at, up_to=content.revision - 1)  # cut again: the older ones said the same
    if decision.before != State.PUBLISHED:
        standing = queries.standing_restriction(content.id)
        redactions.seal(content, at=standing.at if standing else clock.now(), up_to=content.revision, since=content.revision)
    if decision.before == State.PENDING and content.published_at is not None and content.published_at >= decision.at:
        content.published_at = None
    content.restriction = queries.motive_of(content)
    was_taken_up = not case.is_open and decision.opened_at != case.opened_at  # `decide` leaves the case its own opening then
    case.decided_at, case.version = queries.last_settled_at(case.id), case.version + 1
    if not was_taken_up:
        case.is_open, case.opened_at = True, decision.opened_at
    outbox.cancel(ERASING, decision.id)
    telling.take_back(decision)
    record("moderation.undone", decision, content)
    db.flush()


@outbox.handles(ERASING)
def erase_words(keys: Sequence[str]) -> None:
    """Once nobody can undo it: the words go from every version. Done twice, it changes nothing."""
    for key in keys:
        with transaction():
            decision = db.scalars(select(Decision).where(Decision.id == int(key))).one_or_none()
            if decision is not None and decision.undone_at is None:
                content = db.scalars(select(Content).where(Content.id == decision.content_id)).one()
                redactions.destroy(content)
                telling.forget_words(content)
