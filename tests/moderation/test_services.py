import json

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditEntry
from app.contents import services as contents
from app.contents.models import State
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.moderation import queries, regimes, reports, services
from app.moderation.models import Case, Cause, Decision, Regime, Report, Verdict
from app.notifications.models import Notification
from app.projects.models import Project
from app.territories.models import CharterArticle
from tests.factories import make_content, make_person, make_territory, save


@pytest.fixture
def place():
    return make_territory()


@pytest.fixture
def article(place):
    return save(CharterArticle(territory_id=place.id, number=2, title="Injures", text="On ne s’insulte pas."))


@pytest.fixture
def text(place):
    return make_content(Project, territory=place, author=make_person(name="Bruno"), body="Ce maire est un incapable.")


@pytest.fixture
def agent(place):
    return make_person(name="Claire", roles=[("moderator", place)])


def reported(text, article, **who):
    reports.report(text, person=who.get("person") or make_person(), article=article, message="Insulte")
    return queries.get_case(db.scalars(select(Case.id).where(Case.content_id == text.id)).one())


def decide(case, agent, verdict, article=None, reasons="Une attaque contre une personne.", seen=None):
    return services.decide(case, by=agent, verdict=verdict, article=article, reasons=reasons, seen=seen or case.version)


def test_many_reports_make_one_case(text, article):
    for _ in range(3):
        reported(text, article)
    assert db.scalar(select(func.count(Case.id))) == 1
    assert len(queries.reports_of(text.id)) == 3


def test_a_person_reports_a_text_once(text, article):
    marie = make_person()
    reported(text, article, person=marie)
    with pytest.raises(DomainError, match="déjà signalé"):
        reported(text, article, person=marie)


def test_a_visitors_report_counts_once_confirmed_and_twice_is_once(text, article, monkeypatch):
    sent = []
    monkeypatch.setattr("app.moderation.reports.mail.send", lambda template, to, **given: sent.append(given["token"]))
    for _ in range(2):
        reports.report_as_visitor(text, name="Odette", email="Odette@Example.org", article=article, message="")
    assert db.scalar(select(func.count(Case.id))) == 0
    assert len(sent) == 1
    reports.confirm_report(sent[0])
    reports.confirm_report(sent[0])
    assert len(queries.reports_of(text.id)) == 1
    assert db.scalar(select(func.count(Case.id))) == 1


@pytest.mark.parametrize(
    ("verdict", "before", "after", "shown"),
    [
        (Verdict.KEEP, State.PUBLISHED, State.PUBLISHED, True),
        (Verdict.HIDE, State.PUBLISHED, State.HIDDEN, False),
        (Verdict.REFUSE, State.PUBLISHED, State.REMOVED, False),
        (Verdict.KEEP, State.PENDING, State.PUBLISHED, True),
        (Verdict.REFUSE, State.PENDING, State.REFUSED, False),
        (Verdict.KEEP, State.HIDDEN, State.PUBLISHED, True),
        (Verdict.REFUSE, State.HIDDEN, State.REMOVED, False),
    ],
)
def test_a_decision_changes_the_state(place, article, agent, verdict, before, after, shown):
    text = make_content(Project, territory=place, author=make_person(), state=before)
    case = queries.get_case(services.open_case(text, Cause.REPORT).id)
    decision = decide(case, agent, verdict, article)
    assert (case.content.state, case.content.is_public, decision.before, decision.after) == (after, shown, before, after)
    assert case.is_open is (verdict == Verdict.HIDE)  # a precaution is not an end


def test_a_decision_that_the_state_does_not_allow_is_refused(place, article, agent):
    text = make_content(Project, territory=place, author=make_person(), state=State.PENDING)
    case = queries.get_case(services.open_case(text, Cause.GATE).id)
    with pytest.raises(DomainError, match="pas possible"):
        decide(case, agent, Verdict.HIDE, article)


def test_a_restriction_needs_its_reasons_and_its_article(text, article, agent):
    case = reported(text, article)
    with pytest.raises(DomainError) as refused:
        decide(case, agent, Verdict.REFUSE, article, reasons="  ")
    assert refused.value.field == "reasons"
    with pytest.raises(DomainError) as refused:
        decide(case, agent, Verdict.REFUSE, None)
    assert refused.value.field == "article"


def test_the_database_refuses_a_restriction_without_reasons(text, article, agent):
    from sqlalchemy.exc import IntegrityError

    case = reported(text, article)
    for values in ({"reasons": " ", "article_id": article.id}, {"reasons": "Injure", "article_id": None}):
        with pytest.raises(IntegrityError), db.begin_nested():  # noqa: PT012
            db.add(
                Decision(
                    case_id=case.id,
                    content_id=text.id,
                    verdict=Verdict.REFUSE,
                    revision=1,
                    before=State.PUBLISHED,
                    after=State.REMOVED,
                    **values,
                )
            )
            db.flush()


def test_the_author_is_told_with_the_text_and_the_reason(text, article, agent):
    decide(reported(text, article), agent, Verdict.REFUSE, article, reasons="« Incapable » est une attaque.")
    told = db.scalars(select(Notification).where(Notification.person_id == text.author_id)).one()
    assert "incapable" in told.text.lower()
    assert "« Incapable » est une attaque." in told.text


def test_an_agent_who_is_second_is_told_who_was_first(text, article, agent, place):
    case = reported(text, article)
    decide(case, agent, Verdict.HIDE, article)
    late = make_person(roles=[("moderator", place)])
    with pytest.raises(Conflict, match="Claire"):
        decide(queries.get_case(case.id), late, Verdict.KEEP, seen=1)
    assert db.scalar(select(func.count(Decision.id))) == 1


def test_a_new_report_reopens_a_decided_case(text, article, agent):
    case = reported(text, article)
    decide(case, agent, Verdict.KEEP, reasons="Une critique, pas une injure.")
    again = reported(text, article)
    assert again.id == case.id
    assert again.is_open
    assert again.version > 1


def test_a_decision_enters_the_register(text, article, agent):
    decide(reported(text, article), agent, Verdict.REFUSE, article)
    entry = db.scalars(select(AuditEntry).where(AuditEntry.act == "moderation.decision")).one()
    assert (entry.actor_id, entry.subject, json.loads(entry.detail)["after"]) == (agent.id, f"content:{text.id}", "removed")


def test_a_register_that_fails_undoes_the_decision(text, article, agent, monkeypatch):
    """F10: what cannot be written down does not happen."""
    case, text_id = reported(text, article), text.id
    monkeypatch.setattr("app.moderation.services.audit.record", lambda *args, **given: 1 / 0)
    with pytest.raises(ZeroDivisionError), db.begin_nested():
        decide(case, agent, Verdict.REFUSE, article)
    db.expire_all()
    assert db.scalar(select(Project.state).where(Project.id == text_id)) == State.PUBLISHED


def test_a_withdrawn_text_leaves_the_queue(text, article):
    reported(text, article)
    contents.change_state(text, State.WITHDRAWN)
    assert db.scalar(select(func.count(Case.id)).where(Case.is_open)) == 0


@pytest.mark.parametrize(
    ("regime", "already", "state"),
    [
        (None, 0, State.PUBLISHED),
        (Regime.AFTER, 0, State.PUBLISHED),
        (Regime.BEFORE, 3, State.PENDING),
        (Regime.FIRST, 0, State.PENDING),
        (Regime.FIRST, 1, State.PUBLISHED),
    ],
)
def test_the_regime_says_what_is_read_first(place, regime, already, state):
    if regime:
        regimes.set_regime(place, by=make_person(roles=[("manager", place)]), regime=regime, target_hours=24)
    marie = make_person()
    for _ in range(already):
        make_content(Project, territory=place, author=marie)
    text = Project(territory_id=place.id)
    contents.write(text, title="Un banc", body="Un banc devant l’école.")
    assert contents.submit(text, author=marie) == state
    assert (db.scalar(select(Case.cause).where(Case.content_id == text.id)) == Cause.GATE) is (state == State.PENDING)


def test_a_claim_is_told_and_runs_out(text, article, agent, place, at):
    from app.core import clock

    case = reported(text, article)
    other = make_person(roles=[("moderator", place)])
    services.claim(case, by=agent)
    services.claim(case, by=agent)
    with pytest.raises(Conflict):
        services.claim(case, by=other)
    at(clock.from_now(minutes=16))
    services.claim(case, by=other)


def test_reports_of_others_are_not_counted(text, article, place):
    other = make_content(Project, territory=place, author=make_person())
    reported(other, article)
    assert queries.reports_of(text.id) == []
    assert db.scalar(select(func.count(Report.id))) == 1
