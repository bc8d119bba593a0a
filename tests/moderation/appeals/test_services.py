from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from app.accounts import personal
from app.accounts import queries as accounts
from app.accounts.models import Person, Role
from app.audit.models import AuditEntry
from app.contents import services as contents
from app.contents.models import Redaction, State, Tally
from app.core import clock
from app.core.db import db
from app.core.errors import Conflict, DomainError, NotFound
from app.core.mail import MailMessage, compose
from app.moderation import redress
from app.moderation import services as moderation
from app.moderation.appeals import queries, services
from app.moderation.appeals.models import Appeal, Appellant, Outcome
from app.moderation.models import Decision, Route, Statement, Verdict
from app.moderation.redress import Key
from app.moderation.sanctions import queries as sanction_queries
from app.moderation.sanctions.models import SanctionKind, SanctionState
from app.notifications.models import Notification
from tests.factories import make_person
from tests.moderation.appeals.world import against, appeal, decide, fresh, make_case, report_of, state_of, tell_everyone
from tests.moderation.sanctions.people import confirm, make_world, propose

PARIS_MORNING = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def last_letter(template):
    return db.scalars(select(MailMessage).where(MailMessage.template == template).order_by(MailMessage.id.desc())).first()


# --- In time, or late ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "last"),
    [
        (datetime(2026, 3, 2, 9, 30, tzinfo=UTC), (2026, 9, 2)),
        (datetime(2026, 8, 31, 10, 0, tzinfo=UTC), (2027, 2, 28)),  # a shorter month: its last day
        (datetime(2026, 8, 31, 22, 30, tzinfo=UTC), (2027, 3, 1)),  # in Paris it is the first of September already
        (datetime(2027, 8, 31, 10, 0, tzinfo=UTC), (2028, 2, 29)),
    ],
)
def test_six_months_are_those_of_the_calendar_in_paris(told, last):
    assert redress.last_day(told).timetuple()[:3] == last
    midnight = datetime(*last, tzinfo=clock.PARIS) + timedelta(days=1)
    assert not redress.is_late(told, midnight - timedelta(seconds=1))
    assert redress.is_late(told, midnight)


@pytest.mark.parametrize(("days", "late"), [(179, False), (181, False), (184, False), (185, True)])
def test_o06_an_appeal_is_accepted_for_six_months_and_a_late_notice_after(days, late):
    """O06 counts 180 days; six months of the calendar are 181 to 184: nobody loses a day. Red with `is_late` false always."""
    with clock.telling(PARIS_MORNING):
        decision_id = decide(make_case())
    with clock.telling(PARIS_MORNING + timedelta(days=days)):
        made = appeal(against(decision_id))
    assert made.is_late is late
    assert ("pas obligée" in told_text("appeal_received")) is late
    assert (told_text("appeal_waits") == "") is late, "nobody owes it an answer"


def test_who_may_answer_is_told_at_once_and_nobody_else():
    """Nobody was: where the only moderator had decided, the promised month passed with the region none the wiser."""
    world = make_case()
    made = appeal(against(decide(world)))
    told = dict(db.execute(select(Notification.person_id, Notification.url).where(Notification.template == "appeal_waits")).all())
    assert told == {world.samir.id: f"/moderation/{world.place.slug}/recours/{made.id}"}
    assert "au plus tard le" in told_text("appeal_waits")
    assert "administration de la région" not in told_text("appeal_waits")
    assert last_letter("appeal_waits").person_id == world.samir.id


def test_where_the_team_has_nobody_left_the_region_is_told():
    world = make_case()
    decision_id = decide(world)
    samir_id = world.samir.id
    db.execute(delete(Role).where(Role.person_id == samir_id))
    db.commit()
    appeal(against(decision_id))
    told = db.scalars(select(Notification.person_id).where(Notification.template == "appeal_waits").order_by(Notification.person_id)).all()
    assert told == sorted([world.nadine.id, world.agnes.id])
    assert "la réponse revient à l’administration de la région" in told_text("appeal_waits")


def test_who_is_suspended_is_not_asked_to_answer():
    """Red when the question had its own list of roles."""
    world = make_case()
    decision_id = decide(world)
    db.get_one(Person, world.samir.id).suspended_at = clock.now()
    db.commit()
    appeal(against(decision_id))
    told = db.scalars(select(Notification.person_id).where(Notification.template == "appeal_waits")).all()
    assert world.samir.id not in told
    assert world.nadine.id in told


def told_text(template):
    return db.scalars(select(Notification.text).where(Notification.template == template).order_by(Notification.id.desc())).first() or ""


def test_a_second_appeal_against_the_same_act_is_refused_with_a_sentence():
    world = make_case()
    act = against(decide(world))
    made = appeal(act)
    with pytest.raises(DomainError, match=r"déjà fait un recours.*attend"):
        services.contest(act, text="Encore.")
    services.dismiss(made, act, by=world.samir, answer="C’est une injure.", seen=1)
    with pytest.raises(DomainError, match="a reçu sa réponse"):
        services.contest(act, text="Encore.")
    assert db.scalar(select(func.count(Appeal.id))) == 1


def test_an_appeal_says_why():
    world = make_case()
    with pytest.raises(DomainError) as refused:
        services.contest(against(decide(world)), text="  ")
    assert refused.value.field == "text"


# --- Who contests ----------------------------------------------------------------------------------------------------------


def test_the_reporter_whose_report_was_not_followed_contests_and_no_one_elses(at):
    """O06."""
    world = make_case()
    kept = decide(world, Verdict.KEEP)
    made = appeal(against(kept, report=report_of(world)), text="C’est une injure.")
    assert (made.appellant, made.person_id) == (Appellant.REPORTER, world.odette.id)
    with pytest.raises(NotFound):
        against(kept)  # nothing restricts the author: nothing to contest
    other = make_case()
    removed = decide(other)
    with pytest.raises(NotFound):
        against(removed, report=report_of(other))  # this report was followed
    with pytest.raises(NotFound):
        queries.get_act(Key(decision_id=kept, report_id=report_of(other).id))  # another text's report


def test_what_was_taken_back_has_nothing_to_contest():
    world = make_case()
    removed = decide(world)
    moderation.undo(db.get_one(Decision, removed), by=world.claire)
    with pytest.raises(DomainError, match="ne vaut plus"):
        services.contest(against(removed), text="Non.")


def test_who_closed_their_account_still_contests_and_is_answered_where_they_say(app):
    world = make_case()
    removed, samir_id = decide(world), world.samir.id
    personal.erase(accounts.get_person(world.bruno.id))
    db.commit()
    act = against(removed)
    assert services.needs_address(act)
    made = appeal(act, reply_to="Bruno@Example.org")
    services.dismiss(made, act, by=accounts.get_person(samir_id), answer="C’est une injure.", seen=1)
    letter = last_letter("appeal_dismissed")
    assert letter.to_address == "bruno@example.org"
    assert made.reply_to is None, "forgotten once it has served"
    with app.test_request_context(base_url="http://localhost"):
        assert "defenseurdesdroits.fr" in compose(letter).body


# --- Who answers -----------------------------------------------------------------------------------------------------------


def test_o06_another_person_decides(at):
    """Red without the set of hands; and, the set emptied, without `had_a_hand` in the statement that answers."""
    world = make_case()
    removed = decide(world)
    act = against(removed)
    made = appeal(act)
    with pytest.raises(DomainError, match="autre personne"), db.begin_nested():
        services.uphold(made, act, by=world.claire, answer="Oui.", seen=1)
    emptied = queries.Act(act.key, act.decision, None, act.statement, None, act.told_at, act.territory_id, frozenset())
    with pytest.raises(Conflict), db.begin_nested():
        services.uphold(made, emptied, by=world.claire, answer="Oui.", seen=1)
    assert state_of(world) == State.REMOVED
    assert {world.claire.id, world.bruno.id, world.odette.id} == act.hands


def test_who_took_a_first_decision_back_does_not_answer_either():
    world = make_case()
    first = decide(world, by=world.samir)
    moderation.undo(db.get_one(Decision, first), by=world.samir)
    db.commit()
    act = against(decide(world, by=world.claire))
    assert {world.samir.id, world.claire.id} <= act.hands


def test_who_decided_a_batch_does_not_answer():
    world = make_case()
    act = against(decide(world, batch="b1", route=Route.BATCH))
    assert world.claire.id in act.hands


# --- Upheld ----------------------------------------------------------------------------------------------------------------


def test_upheld_the_text_is_back_where_it_was_with_its_votes_and_its_rank(at, app):
    world = make_case()
    for _n in range(3):
        contents.cast_vote(world.text, person=make_person(), value="agree")
    db.commit()
    published_at, bruno_id, odette_id, samir_id = world.text.published_at, world.bruno.id, world.odette.id, world.samir.id
    removed = decide(world)
    tell_everyone(at)
    assert state_of(world) == State.REMOVED
    at(clock.now() + timedelta(days=3))
    act = against(removed)
    made = appeal(act)
    samir = accounts.get_person(samir_id)
    services.uphold(made, act, by=samir, answer="« Andouille » vise une décision, pas une personne.", seen=1)
    db.commit()
    text = fresh(world)
    assert (text.state, text.is_public, text.published_at) == (State.PUBLISHED, True, published_at)
    assert db.scalars(select(Tally.cast).where(Tally.content_id == text.id)).all() == [3]
    answer = db.scalars(select(Decision).order_by(Decision.id.desc())).first()
    answer_id = answer.id
    assert (answer.route, answer.verdict, answer.by_id) == (Route.APPEAL, Verdict.KEEP, samir_id)
    assert db.get_one(Decision, removed).overturned_at is not None
    assert (made.outcome, made.answered_by_id) == (Outcome.UPHELD, samir_id)
    assert db.scalar(select(func.count(Statement.id))) == 1, "giving back restricts nobody"
    tell_everyone(at)
    told = db.execute(select(Notification.person_id, Notification.template).order_by(Notification.id)).all()
    assert [row.template for row in told if row.person_id == bruno_id] == ["decision_refuse", "appeal_received", "appeal_upheld"]
    assert [row.template for row in told if row.person_id == odette_id] == ["report_outcome", "appeal_told_reporter"]
    acts = db.scalars(select(AuditEntry.act).order_by(AuditEntry.id)).all()
    assert acts[-2:] == ["appeal.answered", "moderation.decision"]
    with pytest.raises(DomainError, match="recours"):
        moderation.undo(db.get_one(Decision, answer_id), by=accounts.get_person(samir_id))


def test_upheld_cut_passages_are_shown_again(at):
    world = make_case()
    cut = decide(world, Verdict.REDACT, spans=[("body_source", 7, 16)])
    assert "andouille" not in fresh(world).body_source
    act = against(cut)
    services.uphold(appeal(act), act, by=world.samir, answer="Ce mot peut rester.", seen=1)
    db.commit()
    assert "andouille" in fresh(world).body_source
    assert db.scalars(select(Redaction.lifted_at)).one() is not None


def test_a_later_decision_stays_decided(at):
    world = make_case()
    first = decide(world, Verdict.HIDE)
    decide(world, Verdict.REFUSE, by=world.samir)
    act = against(first)
    assert world.samir.id in act.hands
    services.uphold(appeal(act), act, by=world.nadine, answer="Il ne fallait pas le masquer.", seen=1)
    assert state_of(world) == State.REMOVED
    assert "autre décision" in told_text("appeal_upheld")


def test_words_destroyed_do_not_come_back_and_the_letter_says_so(at):
    world = make_case()
    samir_id, decision_id = world.samir.id, decide(world, Verdict.ERASE, route=Route.ERASURE)
    tell_everyone(at)
    act = against(decision_id)
    services.uphold(appeal(act), act, by=accounts.get_person(samir_id), answer="Nous nous sommes trompés.", seen=1)
    assert state_of(world) == State.REMOVED
    assert "détruits" in told_text("appeal_upheld")


def test_a_text_its_author_withdrew_since_stays_withdrawn(at):
    world = make_case()
    act = against(decide(world, Verdict.HIDE))
    contents.change_state(fresh(world), State.WITHDRAWN, by=world.bruno)
    services.uphold(appeal(act), act, by=world.samir, answer="Oui.", seen=1)
    assert state_of(world) == State.WITHDRAWN


def test_a_reporter_given_reason_restricts_the_text_and_its_author_may_contest_in_turn(at):
    world = make_case()
    act = against(decide(world, Verdict.KEEP), report=report_of(world))
    made_id = (made := appeal(act, text="C’est une injure.")).id
    given = {"by": world.samir, "answer": "Vous avez raison.", "seen": 1}
    with pytest.raises(DomainError) as refused, db.begin_nested():
        services.uphold(made, act, **given)
    assert refused.value.field == "verdict"
    made, act = queries.get_appeal(made_id), queries.get_act(act.key)
    services.uphold(made, act, **given, verdict="refuse", article=world.article, reasons="« Andouille » est une injure.")
    db.commit()
    assert state_of(world) == State.REMOVED
    statement = db.scalars(select(Statement)).one()
    decision = db.get_one(Decision, statement.decision_id)
    assert (decision.route, statement.person_id) == (Route.APPEAL, world.bruno.id)
    again = against(decision.id)
    assert {world.claire.id, world.samir.id} <= again.hands


# --- Dismissed -------------------------------------------------------------------------------------------------------------


def test_dismissed_the_reasons_and_who_else_to_ask_are_told(app):
    world = make_case()
    act = against(decide(world))
    services.dismiss(appeal(act), act, by=world.samir, answer="Le mot vise le maire.", seen=1)
    db.commit()
    assert state_of(world) == State.REMOVED
    with app.test_request_context(base_url="http://localhost"):
        letter = compose(last_letter("appeal_dismissed"))
    for text in (letter.body, letter.alternatives[0][0]):
        for said in ("Le mot vise le maire.", "citoyens.telerecours.fr", "defenseurdesdroits.fr", "cnil.fr", "deux mois"):
            assert said in text
    assert db.get_one(Decision, act.key.decision_id).overturned_at is None


def test_k04_the_second_to_answer_is_told_who_was_first():
    world = make_case()
    act = against(decide(world))
    made = appeal(act)
    services.dismiss(made, act, by=world.samir, answer="Non.", seen=1)
    with pytest.raises(Conflict, match="Samir"):
        services.uphold(made, act, by=world.nadine, answer="Oui.", seen=1)


# --- Sanctions -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("region", [False, True])
def test_an_upheld_appeal_lifts_the_sanction(region):
    world = make_world()
    sanction = confirm(world, propose(world, SanctionKind.SUSPENSION, region=region))
    act = queries.get_act(Key(sanction_id=sanction.id))
    assert {world.bruno.id, sanction.proposed_by_id, sanction.read_by_id} == act.hands
    answerer = make_person(name="Autre", roles=[("administrator", None)])
    services.uphold(appeal(act), act, by=answerer, answer="Trop lourd.", seen=1)
    db.commit()
    assert sanction_queries.get_sanction(sanction.id).state == SanctionState.LIFTED
    assert not accounts.get_person(world.bruno.id).is_suspended
    assert "levée" in told_text("appeal_upheld")
    told = select(Notification.template).where(Notification.person_id == world.bruno.id).order_by(Notification.id)
    assert db.scalars(told).all() == ["sanction", "appeal_received", "appeal_upheld"]


def test_who_was_closed_contests_by_the_link(app):
    world = make_world()
    sanction_id = propose(world, SanctionKind.CLOSURE, region=True).id
    confirm(world, sanction_queries.get_sanction(sanction_id))
    act = queries.get_act(Key(sanction_id=sanction_id))
    made = appeal(act, reply_to="bruno@example.org")
    services.uphold(made, act, by=make_person(roles=[("curator", None)]), answer="Nous nous sommes trompés.", seen=1)
    letter = last_letter("appeal_upheld")
    with app.test_request_context(base_url="http://localhost"):
        assert "ouvrir un nouveau compte" in compose(letter).body


def test_a_proposal_is_not_told_and_so_not_contested():
    world = make_world()
    with pytest.raises(NotFound):
        queries.get_act(Key(sanction_id=propose(world).id))


@pytest.mark.parametrize(("verdict", "offered"), [(Verdict.KEEP, True), (Verdict.REFUSE, False)])
def test_a_reporter_is_led_to_contest_only_what_did_not_follow_them(app, at, verdict, offered):
    """A link that leads nowhere would be worse than none."""
    world = make_case()
    decision_id, report_id = decide(world, verdict), report_of(world).id
    tell_everyone(at)
    with app.test_request_context(base_url="http://localhost"):
        letter = compose(last_letter("report_outcome"))
    link = redress.appeal_path(decision_id, None, report_id)
    assert ((link in letter.body), (link in letter.alternatives[0][0])) == (offered, offered)
    if offered:
        assert queries.get_act(Key(decision_id=decision_id, report_id=report_id))
    else:
        with pytest.raises(NotFound):
            queries.get_act(Key(decision_id=decision_id, report_id=report_id))
