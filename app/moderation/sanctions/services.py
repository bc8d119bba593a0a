"""An account's sanctions: proposed, confirmed by somebody else, lifted. Texts are decided apart: nothing here touches one."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from app.accounts import events, personal, team
from app.accounts.models import Identity, Person
from app.audit import services as audit
from app.core import clock, mail
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.formats import day, moment
from app.core.i18n import _
from app.core.text import tidy
from app.moderation import redress
from app.moderation.models import Scope, Statement
from app.moderation.sanctions import queries, rules
from app.moderation.sanctions.addresses import sanction_url
from app.moderation.sanctions.models import Sanction, SanctionKind, SanctionState
from app.moderation.statements import state_reasons
from app.notifications import services as notifications
from app.territories.models import CharterArticle, Territory

LOCAL = (SanctionKind.WARNING, SanctionKind.READ_FIRST, SanctionKind.SUSPENSION)
REGIONAL = (SanctionKind.WARNING, SanctionKind.SUSPENSION, SanctionKind.CLOSURE)
DATED = (SanctionKind.READ_FIRST, SanctionKind.SUSPENSION)
LONGEST_DAYS = 366  # a suspension for twenty years would be a closure that nobody had to call so
WARNING_MONTHS = 12  # a warning weighs for a year
PROVISIONAL_DAYS = 15  # how long an urgent suspension holds on one person's word
SCOPES = {
    SanctionKind.WARNING: Scope.WARNED,
    SanctionKind.READ_FIRST: Scope.READ_FIRST,
    SanctionKind.SUSPENSION: Scope.SUSPENDED,
    SanctionKind.CLOSURE: Scope.CLOSED,
}


def kinds_in(territory: Territory | None) -> tuple[SanctionKind, ...]:
    return LOCAL if territory else REGIONAL


def locked(person_id: int | None) -> Person:
    """The person, theirs to sanction until the end of the transaction: two proposals, or two confirmations, take turns."""
    query = select(Person).where(Person.id == person_id).with_for_update().execution_options(populate_existing=True)
    return db.scalars(query).one()


# --- Proposing -------------------------------------------------------------------------------------------------------------


def propose(
    person: Person,
    *,
    territory: Territory | None,
    kind: SanctionKind | str,
    article: CharterArticle | None,
    facts: str,
    ends_at: datetime | None,
    by: Person,
) -> Sanction:
    """Ask a second person to agree. Nothing changes for the person until then."""
    kind, facts = SanctionKind(kind), tidy(facts)
    if by.id == person.id:
        raise DomainError(_("Personne ne se sanctionne soi-même."))
    if kind not in kinds_in(territory):
        raise DomainError(_("Cette mesure n’est pas possible ici."), field="kind")
    if territory and article is None:
        raise DomainError(_("Choisissez l’article de la charte sur lequel vous vous appuyez."), field="article")
    if not facts:
        raise DomainError(_("Écrivez les faits : la personne les lira."), field="facts")
    ends_at = checked_end(kind, ends_at)
    if locked(person.id).closed_at is not None:
        raise DomainError(_("Ce compte est fermé."))
    if territory and not queries.has_written_in(person.id, territory.id):
        raise DomainError(_("Cette personne n’a rien écrit dans ce territoire."))
    territory_id = territory.id if territory else None
    if queries.is_waiting(person.id, territory_id, kind):
        raise DomainError(_("La même mesure est déjà proposée : elle attend son second lecteur."), field="kind")
    return enter(
        Sanction(
            person_id=person.id,
            territory_id=territory_id,
            kind=kind,
            article_id=article.id if article else None,
            facts=facts,
            ends_at=ends_at,
            proposed_by_id=by.id,
        )
    )


def enter(sanction: Sanction) -> Sanction:
    db.add(sanction)
    db.flush()
    record("proposed", sanction, by_id=sanction.proposed_by_id, words=sanction.facts)
    return sanction


def checked_end(kind: SanctionKind, ends_at: datetime | None) -> datetime | None:
    if kind not in DATED:
        return None
    if ends_at is None:
        raise DomainError(_("Choisissez une date de fin."), field="until")
    if ends_at <= clock.now():
        raise DomainError(_("Choisissez une date à venir."), field="until")
    if ends_at > clock.from_now(days=LONGEST_DAYS):
        raise DomainError(_("Choisissez une date dans l’année qui vient."), field="until")
    return ends_at


def start_at_once(person: Person, *, by: Person, reason: str, until: datetime) -> Sanction:
    """The administrator's urgent suspension: it holds now, on one person's word, until a second one reads it; never more than
    fifteen days. Its statement and its letter leave at once: the confirmation adds none."""
    checked_end(SanctionKind.SUSPENSION, until)
    require_no_other_suspension(person.id)
    sanction = Sanction(person_id=person.id, kind=SanctionKind.SUSPENSION, facts=reason, ends_at=until, proposed_by_id=by.id)
    sanction.starts_at = clock.now()
    enter(sanction)
    person.suspended_until = min(until, clock.from_now(days=PROVISIONAL_DAYS))
    tell(sanction, person, explain(sanction, None), provisional_until=day(person.suspended_until))
    return sanction


# --- The second reader -----------------------------------------------------------------------------------------------------


def confirm(sanction: Sanction, *, by: Person, seen: int) -> None:
    """Agree: from now on it holds. The statement of reasons, the letter, the register: all here, or it does not happen.

    Two people must have the power at this moment: the one who proposed may have lost theirs since. So the region's last
    administrator is safe: whoever proposed a regional sanction is another one.
    """
    person = locked(sanction.person_id)
    if person.closed_at is not None:
        raise DomainError(_("Ce compte est fermé depuis : il n’y a plus rien à confirmer."))
    if sanction.ends_at is not None and sanction.ends_at <= clock.now():
        raise DomainError(_("La date de fin proposée est passée. Proposez la mesure de nouveau."))
    if not rules.proposer(sanction.proposed_by, sanction):
        raise DomainError(_("La personne qui l’a proposée n’est plus dans l’équipe. Écartez cette mesure et proposez-la vous-même."))
    was_urgent = sanction.is_provisional
    if sanction.kind == SanctionKind.SUSPENSION and sanction.territory_id is None and not was_urgent:
        require_no_other_suspension(person.id)
    take(sanction, SanctionState.CONFIRMED, by=by, seen=seen)
    if sanction.starts_at is None:
        sanction.starts_at = clock.now()
    if sanction.kind == SanctionKind.WARNING:
        sanction.ends_at = redress.in_months(sanction.starts_at, WARNING_MONTHS)
    db.flush()
    record("confirmed", sanction, by_id=by.id)
    if was_urgent:
        person.suspended_until = sanction.ends_at
        notifications.notify(person, "sanction_confirmed", url=sanction_url(sanction), until=day(sanction.ends_at))
        return
    statement = explain(sanction, sanction.article)
    if sanction.kind == SanctionKind.CLOSURE:
        close(sanction, person, statement)
        return
    if sanction.kind == SanctionKind.SUSPENSION and sanction.territory_id is None:
        team.hold(person, by=by, reason=sanction.facts, until=sanction.ends_at)
    tell(sanction, person, statement)


def decline(sanction: Sanction, *, by: Person, reasons: str, seen: int) -> None:
    """Disagree, in writing, to whoever proposed. An urgent suspension ends with it, and its person is told."""
    reasons = needed(reasons, _("Écrivez pourquoi : la personne qui l’a proposée le lira."))
    was_urgent = sanction.is_provisional
    take(sanction, SanctionState.DECLINED, by=by, seen=seen, answer=reasons)
    record("declined", sanction, by_id=by.id)
    if was_urgent:
        sanction.ends_at = clock.now()
        release(sanction, by=by, reasons=reasons)


def lift(sanction: Sanction, *, by: Person, reasons: str, seen: int) -> None:
    """End it before its date, in writing."""
    reasons = needed(reasons, _("Écrivez pourquoi : la personne le lira."))
    if not sanction.holds(clock.now()):
        raise DomainError(_("Cette mesure n’est plus en cours."))
    take(sanction, SanctionState.LIFTED, by=by, seen=seen, answer=reasons, ends_at=clock.now())
    record("lifted", sanction, by_id=by.id)
    release(sanction, by=by, reasons=reasons)


def overturn(sanction: Sanction, *, by: Person, reasons: str) -> bool:
    """An appeal was upheld: it ends, whatever its stage. The appeal's answer tells the person. False if it had ended already,
    or is purged: nobody is left to give anything back to."""
    if sanction.person_id is None:
        return False
    waits = sanction.is_provisional and sanction.ends_at is not None and sanction.ends_at > clock.now()
    if not waits and not sanction.holds(clock.now()):
        return False
    after = SanctionState.DECLINED if waits else SanctionState.LIFTED
    take(sanction, after, by=by, seen=sanction.version, answer=reasons, ends_at=clock.now())
    record("overturned", sanction, by_id=by.id)
    free_account(sanction, by=by)
    return True


def needed(text: str, sentence: str) -> str:
    text = tidy(text)
    if not text:
        raise DomainError(sentence, field="reasons")
    return text


def take(sanction: Sanction, after: SanctionState, *, by: Person, seen: int, **values: object) -> None:
    """The one way to another state, of the version that was read: of two people at once one does, the other is told who and when.

    The first question is asked of the row itself: whoever proposed, and whoever it is about, never answer.
    """
    before = {SanctionState.LIFTED: SanctionState.CONFIRMED}.get(after, SanctionState.PROPOSED)
    reader = {} if after == SanctionState.LIFTED else {"read_by_id": by.id, "read_at": clock.now()}
    won = update(Sanction).where(
        Sanction.id == sanction.id, Sanction.state == before, Sanction.version == seen, Sanction.person_id != by.id
    )
    if reader:
        won = won.where(Sanction.proposed_by_id != by.id)
    won = won.values(state=after, version=Sanction.version + 1, **reader, **values).returning(Sanction.id)
    if db.execute(won.execution_options(synchronize_session="fetch")).scalar() is None:
        if by.id == sanction.person_id or (reader and by.id == sanction.proposed_by_id):
            raise DomainError(_("Une autre personne doit lire cette mesure."))
        raise Conflict(overtaken_by(sanction))


def overtaken_by(sanction: Sanction) -> str:
    query = select(Person.name, Sanction.read_at).join(Sanction, Sanction.read_by_id == Person.id).where(Sanction.id == sanction.id)
    first = db.execute(query).one_or_none()
    if first is None:
        return _("Cette mesure a changé pendant que vous la lisiez. Rechargez la page.")
    return _("Cette mesure a été lue par %(who)s, %(when)s.", who=first.name, when=moment(first.read_at))


def require_no_other_suspension(person_id: int) -> None:
    """An account has one end of suspension, not two: the region's are one at a time."""
    if queries.suspension_of(person_id) is not None:
        raise DomainError(_("La région suspend déjà ce compte. Levez d’abord cette suspension."))


# --- What follows ----------------------------------------------------------------------------------------------------------


def explain(sanction: Sanction, article: CharterArticle | None) -> Statement:
    """The one statement of reasons of this sanction; the database refuses a second."""
    return state_reasons(
        sanction,
        person_id=sanction.person_id,
        territory_id=sanction.territory_id,
        scope=SCOPES[sanction.kind],
        article=article,
        facts=sanction.facts,
        ends_at=sanction.ends_at,
        rule="" if article else _("Règles communes de la plateforme : respecter les personnes, et les chartes des territoires."),
    )


def words(sanction: Sanction, statement: Statement, **more: str) -> dict[str, Any]:
    """What the letter knows: plain values. The link to contest is signed when the letter is written out."""
    place = db.get(Territory, sanction.territory_id).name if sanction.territory_id else ""  # type: ignore[union-attr]
    return {
        "kind": sanction.kind.value,
        "place": place,
        "rule": statement.rule,
        "facts": statement.facts,
        "until": day(sanction.ends_at) if sanction.kind in DATED else "",
        "sanction_id": sanction.id,
        "provisional_until": "",
        **more,
    }


def tell(sanction: Sanction, person: Person, statement: Statement, **more: str) -> None:
    notifications.notify(person, "sanction", url=sanction_url(sanction), **words(sanction, statement, **more))


def close(sanction: Sanction, person: Person, statement: Statement) -> None:
    """The letter is written while there is still an address, and belongs to nobody: erasing must not take it away."""
    address = db.scalar(select(Identity.email).where(Identity.person_id == person.id))
    context: dict[str, Any] = {"name": person.name, **words(sanction, statement)}
    events.account_closed.send(person)
    personal.erase(person)
    if address:
        mail.send("sanction", address, **context)


def release(sanction: Sanction, *, by: Person, reasons: str) -> None:
    """The account is as before; its person is told."""
    person = free_account(sanction, by=by)
    notifications.notify(person, "sanction_lifted", url=sanction_url(sanction), kind=sanction.kind.value, reasons=reasons)


def free_account(sanction: Sanction, *, by: Person) -> Person:
    person = db.get_one(Person, sanction.person_id)
    if sanction.kind == SanctionKind.SUSPENSION and sanction.territory_id is None:
        team.free(person, by=by)
    return person


def end_with_the_account(person: Person, *, by: Person) -> None:
    """The administrator lifted the suspension on the person's page: the sanction ends now."""
    sanction = queries.suspension_of(person.id)
    if sanction is None:
        return
    if sanction.state == SanctionState.CONFIRMED:
        sanction.state = SanctionState.LIFTED
    sanction.ends_at = clock.now()
    db.flush()
    record("lifted", sanction, by_id=by.id)


def record(act: str, sanction: Sanction, *, by_id: int | None, words: str | None = None) -> None:
    facts = {"sanction": sanction.id, "kind": sanction.kind.value, "until": sanction.ends_at.isoformat() if sanction.ends_at else None}
    said: dict[str, str] | None = {"facts": words} if words else None
    audit.record(
        f"sanction.{act}",
        territory_id=sanction.territory_id,
        actor_id=by_id,
        subject=f"person:{sanction.person_id}",
        detail=facts,
        personal=said,
        person_id=sanction.person_id if said else None,
    )
