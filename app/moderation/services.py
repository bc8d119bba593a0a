"""What can happen in moderation: report, open, claim, decide."""

import hashlib
import secrets

from sqlalchemy import or_, select, update

from app.accounts.models import Person
from app.audit import services as audit
from app.contents import kinds
from app.contents import services as contents
from app.contents.models import Content, State
from app.core import clock, mail
from app.core.db import db, insert_or_ignore
from app.core.errors import Conflict, DomainError, NotFound
from app.core.i18n import _
from app.core.text import tidy
from app.moderation import queries
from app.moderation.addresses import decision_url
from app.moderation.models import Case, Cause, Decision, Regime, Report, Settings, Verdict
from app.notifications import services as notifications
from app.territories.models import CharterArticle, Territory

CLAIM_MINUTES = 15
AFTER = {
    Verdict.KEEP: {
        State.PENDING: State.PUBLISHED,
        State.HIDDEN: State.PUBLISHED,
        State.PUBLISHED: State.PUBLISHED,
        State.REMOVED: State.PUBLISHED,
        State.REFUSED: State.PUBLISHED,
    },
    Verdict.HIDE: {State.PUBLISHED: State.HIDDEN},
    Verdict.REFUSE: {State.PENDING: State.REFUSED, State.PUBLISHED: State.REMOVED, State.HIDDEN: State.REMOVED},
}


# --- Reports -----------------------------------------------------------------------------------------------------------


def report(content: Content, *, person: Person, article: CharterArticle | None, message: str) -> None:
    """A person's report: once each, and enough to open the case."""
    require_reportable(content)
    fresh = {
        "content_id": content.id,
        "article_id": article.id if article else None,
        "message": tidy(message),
        "person_id": person.id,
        "confirmed_at": clock.now(),
        "created_at": clock.now(),
    }
    if insert_or_ignore(Report, fresh, returning=Report.id) is None:
        raise DomainError(_("Vous avez déjà signalé ce texte. L’équipe du territoire va le lire."))
    open_case(content, Cause.REPORT)


def report_as_visitor(content: Content, *, name: str, email: str, article: CharterArticle | None, message: str) -> None:
    """A report without an account: a letter asks to confirm it. Says the same whether or not this address reported before."""
    require_reportable(content)
    address = mail.one_address(email)
    token = secrets.token_urlsafe(24)
    fresh = {
        "content_id": content.id,
        "article_id": article.id if article else None,
        "message": tidy(message),
        "visitor_name": name.strip(),
        "visitor_email": address,
        "token_hash": hashed(token),
        "created_at": clock.now(),
    }
    known = insert_or_ignore(Report, fresh, returning=Report.id) is None
    if not known and mail.sent_today(address, "confirm_report") < mail.PER_ADDRESS_A_DAY:
        mail.send("confirm_report", address, name=name.strip(), title=content.title, token=token)


def confirm_report(token: str) -> Content:
    """The visitor followed the link: the report counts now. Following it twice is harmless."""
    found = find_report(token)
    if found.confirmed_at is None:
        found.confirmed_at = clock.now()
        open_case(db.scalars(select(Content).where(Content.id == found.content_id)).one(), Cause.REPORT)
    return db.scalars(select(Content).where(Content.id == found.content_id)).one()


def find_report(token: str) -> Report:
    found = db.scalar(select(Report).where(Report.token_hash == hashed(token)))
    if found is None or found.created_at < clock.from_now(days=-7):
        raise NotFound
    return found


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def require_reportable(content: Content) -> None:
    if not content.is_public:
        raise DomainError(_("Ce texte n’est plus en ligne : il n’y a plus rien à signaler."))


# --- Cases ---------------------------------------------------------------------------------------------------------------


def open_case(content: Content, cause: Cause) -> Case:
    """The content's case, open: made, or reopened if it had been decided."""
    fresh = {
        "content_id": content.id,
        "territory_id": content.territory_id,
        "cause": cause,
        "opened_at": clock.now(),
        "is_open": True,
        "version": 1,
    }
    insert_or_ignore(Case, fresh)
    case = db.scalars(select(Case).where(Case.content_id == content.id).with_for_update().execution_options(populate_existing=True)).one()
    if not case.is_open:
        case.is_open, case.cause, case.opened_at, case.version = True, cause, clock.now(), case.version + 1
        case.claimed_by_id = case.claimed_until = None
    db.flush()
    return case


def close_without_decision(content: Content) -> None:
    """Its author withdrew it: nobody has to read it any more."""
    db.execute(
        update(Case)
        .where(Case.content_id == content.id, Case.is_open)
        .values(is_open=False, decided_at=clock.now(), version=Case.version + 1)
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


def decide(case: Case, *, by: Person, verdict: Verdict | str, article: CharterArticle | None, reasons: str, seen: int) -> Decision:
    """Decide once: of two agents on the same version of a case, one does, the other is told who and when.

    `seen`: the case's version on the desk when it was read. The text decided on must be the one that was shown:
    an edit reopens the case, and so moves its version.
    """
    verdict, reasons = Verdict(verdict), tidy(reasons)
    content = case.content
    if not reasons:
        raise DomainError(_("Écrivez à l’auteur pourquoi : il lira cette phrase."), field="reasons")
    if verdict != Verdict.KEEP and article is None:
        raise DomainError(_("Choisissez l’article de la charte sur lequel vous vous appuyez."), field="article")
    won = update(Case).where(Case.id == case.id, Case.is_open, Case.version == seen)
    won = won.values(is_open=False, decided_at=clock.now(), version=Case.version + 1, claimed_by_id=None, claimed_until=None)
    if db.execute(won.returning(Case.id).execution_options(synchronize_session="fetch")).scalar() is None:
        raise Conflict(overtaken_by(case))
    after = AFTER[verdict].get(content.state)
    if after is None:
        raise DomainError(_("Cette décision n’est pas possible pour un texte dans cet état. Choisissez-en une autre."), field="verdict")
    decision = Decision(
        case_id=case.id,
        content_id=content.id,
        verdict=verdict,
        article_id=article.id if article else None,
        reasons=reasons,
        revision=content.revision,
        before=content.state,
        after=after,
        by_id=by.id,
        opened_at=case.opened_at,
    )
    db.add(decision)
    db.flush()
    contents.change_state(content, after, by=by, reason=reasons)
    facts = {
        "verdict": verdict.value,
        "article": article.number if article else None,
        "revision": content.revision,
        "before": decision.before.value,
        "after": after.value,
    }
    audit.record("moderation.decision", territory_id=content.territory_id, actor_id=by.id, subject=f"content:{content.id}", detail=facts)
    if verdict != Verdict.KEEP or decision.before != after:
        tell_author(decision, content)
    return decision


def overtaken_by(case: Case) -> str:
    from app.core.formats import moment

    last = queries.last_decision(case.id)
    if last is None:
        return _("Ce cas a changé pendant que vous le lisiez. Rechargez-le : votre message est ci-dessous.")
    return _(
        "Ce cas a été décidé par %(who)s, %(when)s. Votre message est ci-dessous.",
        who=last.by.name if last.by else _("l’équipe"),
        when=moment(last.at),
    )


def tell_author(decision: Decision, content: Content) -> None:
    """A message on their page and a letter, with their text and the reason. An imported pseudonym has no address."""
    if content.author_id is None:
        return
    author = db.get(Person, content.author_id)
    if author is None or author.closed_at:
        return
    notifications.notify(
        author,
        f"decision_{decision.verdict.value}",
        title=content.title,
        kind=kinds.kind_label(content),
        text=content.body_source or content.summary,
        reasons=decision.reasons,
        url=decision_url(decision),
        content_id=content.id,
    )


# --- Settings ------------------------------------------------------------------------------------------------------------


def set_regime(territory: Territory, *, by: Person, regime: str, target_hours: int) -> None:
    insert_or_ignore(Settings, {"territory_id": territory.id, "regime": Regime.AFTER, "target_hours": queries.TARGET_HOURS})
    settings = db.scalars(select(Settings).where(Settings.territory_id == territory.id)).one()
    before = settings.regime
    settings.regime, settings.target_hours = Regime(regime), target_hours
    db.flush()
    audit.record(
        "moderation.regime",
        territory_id=territory.id,
        actor_id=by.id,
        subject=f"territory:{territory.id}",
        detail={"before": before.value, "after": settings.regime.value, "target_hours": target_hours},
    )
