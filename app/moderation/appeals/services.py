"""Contesting and answering. One appeal an act and side; one answer, in writing, by somebody who had no hand in the act."""

from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import aliased

from app.accounts.models import Identity, Person
from app.audit import services as audit
from app.contents import kinds
from app.contents.models import State
from app.core import clock, mail
from app.core.db import db, insert_or_ignore
from app.core.errors import Conflict, DomainError
from app.core.formats import day, moment
from app.core.i18n import _
from app.core.text import tidy
from app.core.urls import path_for
from app.moderation import redress
from app.moderation import services as moderation
from app.moderation.addresses import decision_url
from app.moderation.appeals import queries
from app.moderation.appeals.models import Appeal, Outcome
from app.moderation.appeals.queries import Act
from app.moderation.models import Decision, Report, Route, Verdict
from app.moderation.sanctions import services as sanctions
from app.moderation.sanctions.addresses import sanction_url
from app.moderation.sanctions.models import Sanction, SanctionKind
from app.notifications import services as notifications
from app.territories.models import CharterArticle

ON_REPORT = (Verdict.REFUSE, Verdict.HIDE)  # what an upheld report may lead to


# --- Contesting ------------------------------------------------------------------------------------------------------------


def contest(act: Act, *, text: str, reply_to: str = "") -> Appeal:
    """Appeal against an act, once; past six months it is kept as a late notice, which nobody owes an answer.

    Whoever comes second, at the same instant or a year after, is told what became of the first.
    """
    text = tidy(text)
    if act.is_void:
        raise DomainError(_("Cette décision ne vaut plus : il n’y a plus rien à contester."))
    if not text:
        raise DomainError(_("Écrivez pourquoi vous n’êtes pas d’accord."), field="text")
    address = mail.one_address(reply_to, field="reply_to") if reply_to.strip() else None
    fresh = {
        "decision_id": act.key.decision_id,
        "sanction_id": act.key.sanction_id,
        "report_id": act.key.report_id,
        "territory_id": act.territory_id,
        "appellant": act.appellant,
        "person_id": act.person_id,
        "text": text,
        "reply_to": address,
        "is_late": redress.is_late(act.told_at, clock.now()),
        "created_at": clock.now(),
        "answer": "",
        "version": 1,
    }
    made = insert_or_ignore(Appeal, fresh, returning=Appeal.id)
    if made is None:
        raise DomainError(already(act))
    appeal = queries.get_appeal(made)
    write(appeal, act, "appeal_received", day=day(appeal.created_at), due=day(queries.due_on(appeal)), is_late=appeal.is_late, text=text)
    if not appeal.is_late:
        tell_who_answers(appeal, act)
    return appeal


def tell_who_answers(appeal: Appeal, act: Act) -> None:
    """At once, and by name: an answer is promised within the month, and the region sees no appeal of a territory otherwise."""
    people, is_last_resort = queries.who_may_answer(act)
    about_what = act.sanction or (act.decision.content if act.decision else None)
    territory = about_what.territory if about_what else None
    facts: dict[str, Any] = {
        "number": appeal.id,
        "about": about(act),
        "due": day(queries.due_on(appeal)),
        "place": territory.short_name if territory else _("Région"),
        "is_last_resort": is_last_resort,
    }
    url = path_for("appeals.show", territory_slug=territory.slug if territory else "region", appeal_id=appeal.id)
    for person in people:
        notifications.notify(person, "appeal_waits", url=url, **facts)


def already(act: Act) -> str:
    first = queries.find_appeal(act)
    if first is None or first.outcome is None:
        return _("Vous avez déjà fait un recours contre cette décision. Il attend sa réponse.")
    return _("Vous avez déjà fait un recours contre cette décision. Il a reçu sa réponse : elle ne se conteste plus ici.")


# --- Answering -------------------------------------------------------------------------------------------------------------


def uphold(
    appeal: Appeal,
    act: Act,
    *,
    by: Person,
    answer: str,
    seen: int,
    verdict: Verdict | str | None = None,
    article: CharterArticle | None = None,
    reasons: str = "",
) -> None:
    """Give the appellant reason: what was done is undone. For a reporter, `verdict`, `article` and `reasons` decide of the text instead."""
    close(appeal, act, by=by, outcome=Outcome.UPHELD, answer=answer, seen=seen)
    if act.sanction:
        follows = lift(act.sanction, by=by, answer=appeal.answer)
    elif act.report:
        follows = follow_report(act, by=by, verdict=verdict, article=article, reasons=reasons)
    else:
        follows = restore(act, by=by, answer=appeal.answer)
    write(appeal, act, "appeal_upheld", answer=appeal.answer, follows=follows)
    appeal.reply_to = None
    db.flush()


def dismiss(appeal: Appeal, act: Act, *, by: Person, answer: str, seen: int) -> None:
    """Maintain what was decided, with the reasons and who else can be asked."""
    close(appeal, act, by=by, outcome=Outcome.DISMISSED, answer=answer, seen=seen)
    write(appeal, act, "appeal_dismissed", answer=appeal.answer, outside=redress.outside())
    appeal.reply_to = None
    db.flush()


def close(appeal: Appeal, act: Act, *, by: Person, outcome: Outcome, answer: str, seen: int) -> None:
    """The one way to an answer, of the version that was read: of two people at once one answers, the other is told who and when.

    Who had a hand in the act is asked of the tables themselves, in the statement that answers.
    """
    answer = tidy(answer)
    if not answer:
        raise DomainError(_("Écrivez votre réponse : la personne la lira."), field="answer")
    if by.id in act.hands:
        raise DomainError(_("Vous avez pris part à cette décision : une autre personne doit répondre."))
    won = update(Appeal).where(Appeal.id == appeal.id, Appeal.outcome.is_(None), Appeal.version == seen, ~had_a_hand(by))
    won = won.values(outcome=outcome, answer=answer, answered_by_id=by.id, answered_at=clock.now(), version=Appeal.version + 1)
    if db.execute(won.returning(Appeal.id).execution_options(synchronize_session="fetch")).scalar() is None:
        raise Conflict(overtaken_by(appeal))
    facts = {"appeal": appeal.id, "outcome": outcome.value, "against": str(act.key), "late": int(appeal.is_late)}
    audit.record("appeal.answered", territory_id=act.territory_id, actor_id=by.id, subject=subject_of(act), detail=facts)


def subject_of(act: Act) -> str:
    """As the register names it; a purged sanction is about nobody."""
    if act.decision is not None:
        return f"content:{act.decision.content_id}"
    person_id = act.sanction.person_id if act.sanction else None
    return f"sanction:{act.key.sanction_id}" if person_id is None else f"person:{person_id}"


def had_a_hand(by: Person) -> ColumnElement[bool]:
    """Did this person decide anything of the case, or propose, read or receive the sanction?"""
    contested = aliased(Decision)
    decided = exists().where(contested.id == Appeal.decision_id, Decision.case_id == contested.case_id, Decision.by_id == by.id)
    theirs = or_(Sanction.proposed_by_id == by.id, Sanction.read_by_id == by.id, Sanction.person_id == by.id)
    return or_(decided, exists().where(Sanction.id == Appeal.sanction_id, theirs))


def overtaken_by(appeal: Appeal) -> str:
    query = select(Person.name, Appeal.answered_at).join(Appeal, Appeal.answered_by_id == Person.id).where(Appeal.id == appeal.id)
    first = db.execute(query).one_or_none()
    if first is None:
        return _("Ce recours a changé pendant que vous le lisiez. Rechargez la page : votre réponse est ci-dessous.")
    return _("%(who)s a répondu à ce recours, %(when)s. Votre réponse est ci-dessous.", who=first.name, when=moment(first.answered_at))


# --- What an upheld appeal does; each says in one sentence what follows -------------------------------------------------------


def restore(act: Act, *, by: Person, answer: str) -> str:
    """Back where it stood, with its votes and its rank: the text never left its row. Whatever was decided since stays decided."""
    decision = act.decision
    assert decision is not None
    case = queries.get_case_of(decision)
    kept_as_it_is = ""
    if decision.verdict == Verdict.ERASE:
        kept_as_it_is = _(
            "Les mots de ce texte ont été détruits : nous ne pouvons pas les remettre en ligne. Vous pouvez les écrire de nouveau."
        )
    elif case.content.state == State.WITHDRAWN:
        kept_as_it_is = _("Vous avez retiré ce texte vous-même depuis : il reste retiré.")
    elif not queries.is_last_word(decision):
        kept_as_it_is = _("Une autre décision a été prise depuis sur ce texte : elle reste valable.")
    else:
        moderation.decide(case, by=by, verdict=Verdict.KEEP, article=None, reasons=answer, seen=case.version, route=Route.APPEAL)
        tell_reporters(decision, answer)
    decision.overturned_at = clock.now()
    if kept_as_it_is:
        return kept_as_it_is
    if decision.verdict == Verdict.REDACT:
        return _("Les passages coupés sont rétablis.")
    return _("Votre texte est en ligne, à sa place, avec les avis qu’il avait reçus.")


def follow_report(act: Act, *, by: Person, verdict: Verdict | str | None, article: CharterArticle | None, reasons: str) -> str:
    """The text that was kept is restricted after all; its author is told why, and may contest in turn."""
    decision = act.decision
    assert decision is not None
    if verdict not in ON_REPORT:
        raise DomainError(_("Choisissez ce que devient le texte."), field="verdict")
    case = queries.get_case_of(decision)
    decision.overturned_at = clock.now()
    if not queries.is_last_word(decision) or case.content.state != State.PUBLISHED:
        return _("Une autre décision a été prise depuis sur ce texte : elle reste valable.")
    moderation.decide(case, by=by, verdict=verdict, article=article, reasons=reasons, seen=case.version, route=Route.APPEAL)
    return _("Le texte n’est plus en ligne.")


def lift(sanction: Sanction, *, by: Person, answer: str) -> str:
    if not sanctions.overturn(sanction, by=by, reasons=answer):
        return _("La mesure était déjà terminée. Elle ne sera plus comptée contre vous.")
    if sanction.kind == SanctionKind.CLOSURE:
        return _("Les données effacées ne peuvent pas revenir. Vous pouvez ouvrir un nouveau compte.")
    return _("La mesure est levée.")


# --- Telling -----------------------------------------------------------------------------------------------------------------


def about(act: Act) -> str:
    if act.decision is None:
        return _("une mesure sur votre compte")
    content = act.decision.content
    return f"{kinds.kind_label(content)}, « {content.title} »"


def write(appeal: Appeal, act: Act, template: str, **more: Any) -> None:
    """To the account that contests, while it is open; else to the address they left, now or when they reported."""
    context: dict[str, Any] = {
        "number": appeal.id,
        "about": about(act),
        "decision_id": act.key.decision_id,
        "sanction_id": act.key.sanction_id,
        "report_id": act.key.report_id,
        **more,
    }
    person = db.get(Person, appeal.person_id) if appeal.person_id is not None else None
    if person is not None and person.closed_at is None:
        notifications.notify(person, template, url=own_url(act), content_id=act.decision.content_id if act.decision else None, **context)
        return
    address = appeal.reply_to or (act.report.visitor_email if act.report else None)
    if address:
        mail.send(template, address, name=act.report.visitor_name if act.report else _("à vous"), **context)


def own_url(act: Act) -> str:
    """Where a person who is logged in reads it. A reporter has no page of their own: the link in the letter is it."""
    if act.sanction:
        return sanction_url(act.sanction)
    return "" if act.report or act.decision is None else decision_url(act.decision)


def tell_reporters(decision: Decision, answer: str) -> None:
    """Those who were told that their report was followed learn that it no longer is; others are told as of any decision."""
    query = select(Report).where(Report.content_id == decision.content_id, Report.told_at.is_not(None), Report.told_at >= decision.at)
    made = db.scalars(select(Decision.id).where(Decision.case_id == decision.case_id).order_by(Decision.id.desc()).limit(1)).one()
    for report in db.scalars(query).all():
        context: dict[str, Any] = {"about": decision.content.title, "answer": answer, "decision_id": made, "report_id": report.id}
        person = db.get(Person, report.person_id) if report.person_id is not None else None
        if person is not None:
            notifications.notify(
                person, "appeal_told_reporter", url=kinds.permalink(decision.content), content_id=decision.content_id, **context
            )
        elif report.visitor_email:
            mail.send("appeal_told_reporter", report.visitor_email, name=report.visitor_name, **context)


def needs_address(act: Act) -> bool:
    """Would the answer reach nobody: no open account, no address left when reporting?"""
    if act.person_id is None:
        return act.report is None or not act.report.visitor_email
    return db.scalar(select(Identity.id).where(Identity.person_id == act.person_id)) is None
