"""What moderation forgets, when its tables say, and what does not change because of it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts import personal
from app.accounts.models import Person
from app.audit import keys
from app.audit import queries as audit
from app.audit import services as audit_services
from app.audit.models import AuditEntry, AuditSecret
from app.contents import retention as states
from app.contents.queries import get_content
from app.core import clock
from app.core import db as database
from app.core.db import db
from app.core.mail import MailMessage
from app.moderation import queries, reports, retention, services
from app.moderation.appeals import services as appeals
from app.moderation.appeals.models import Appeal, Outcome
from app.moderation.appeals.queries import get_act, get_appeal
from app.moderation.models import Case, Cause, Decision, Message, Report, Statement, Verdict
from app.moderation.redress import Key
from app.moderation.sanctions.models import Sanction, SanctionKind
from app.moderation.sanctions.queries import Stage, get_sanction
from app.moderation.transparency import dsa
from app.moderation.transparency import queries as transparency
from app.moderation.transparency.calendars import this_month
from app.moderation.transparency.models import ReadingDraw, SecondReading
from app.moderation.transparency.services import is_the_same
from app.territories.models import CharterArticle, Territory
from tests.factories import make_person, save
from tests.moderation.appeals.world import against, appeal, decide, make_case, tell_everyone
from tests.moderation.sanctions.people import confirm, propose

YEAR = timedelta(days=365)
LATER = {("sanctions", "person_id"): timedelta(days=366)}  # a warning ends a year after it began


def forget():
    retention.forget_old_moderation()
    states.forget_who_changed_states()
    db.expire_all()


def declared():
    """(table, column that names, years) of all that a table says it keeps for a time."""
    return [(table, table.c[each.of], each.years) for table, each in personal.declarations() if each.years]


def named():
    return {(table.name, column.name): db.scalar(select(func.count()).where(column.is_not(None))) for table, column, _years in declared()}


@pytest.fixture
def old(at):
    """One of everything: reports, a word to the author, a removal, an appeal answered, a second reading, a sanction, all told."""
    world = make_case()
    save(
        Report(content_id=world.text_id, visitor_name="Paul", visitor_email="paul@example.org", message="Injure.", confirmed_at=clock.now())
    )
    case = queries.get_case(db.scalars(select(Case.id)).one())
    services.ask_for_correction(case, by=world.claire, text="Retirez ce mot.", seen=case.version)
    decision_id = decide(world)
    tell_everyone(at)
    act = against(decision_id)
    appeals.dismiss(appeal(act), act, by=world.samir, answer="Le mot est une injure.", seen=1)
    week = clock.today() - timedelta(days=clock.today().weekday())
    draw = ReadingDraw(
        place=f"territory:{world.place.id}", territory_id=world.place.id, week=week, seed="a", percent=5, population=1, drawn=1
    )
    read = {"reader_id": world.samir.id, "verdict": Verdict.REFUSE, "agrees": True, "read_at": clock.now()}
    save(SecondReading(decision_id=decision_id, draw_id=save(draw).id, territory_id=world.place.id, **read))
    world.sanction_id = confirm(world, propose(world)).id
    world.began = clock.now()
    world.ids = {name: getattr(world, name).id for name in ("place", "article", "claire", "samir", "bruno", "odette")}
    return world


def again(model, row_id):
    """As a new request would load it: the task ended the transaction."""
    return db.scalars(select(model).where(model.id == row_id)).one()


def published(world, month):
    """What is public, or sent to Europe, of all this."""
    places = None, again(Territory, world.ids["place"])
    return (
        list(transparency.whole_register(None, transparency.Filters())),
        [transparency.report(place, month) for place in places],
        [list(dsa.exported(place, world.began.year, "http://localhost")) for place in places],
        [is_the_same(draw) for draw in transparency.draws()],
    )


def test_each_name_goes_when_its_table_says_and_not_a_day_before(old, at):
    assert set(named().values()) != {0}
    assert 0 not in named().values(), "a table declares a time that this test does not see pass"
    ends = {
        (table.name, column.name): YEAR * years + LATER.get((table.name, column.name), timedelta()) for table, column, years in declared()
    }
    for name in sorted(ends, key=lambda each: ends[each]):
        at(old.began + ends[name] - timedelta(days=2))
        forget()
        assert named()[name] > 0, name
    at(old.began + 4 * YEAR)
    forget()
    assert {name for name, count in named().items() if count} == set()
    forgotten = db.scalars(select(Report)).all()
    assert len(forgotten) == 2
    assert {(each.visitor_name, each.visitor_email, each.message) for each in forgotten} == {("", None, "")}
    assert {each.article_id for each in forgotten} == {old.ids["article"], None}
    statement = db.scalars(select(Statement).where(Statement.sanction_id == old.sanction_id)).one()
    assert (statement.person_id, statement.facts) == (None, "Effacé un an après la fin de la mesure.")
    assert "injures" not in "".join(db.execute(select(Sanction.facts, Sanction.answer)).one())


def test_what_is_published_says_the_same_and_the_register_verifies(old, at, app):
    month = this_month()
    before = published(old, month)
    assert len(before[0]) == 1
    assert before[1][1].sanctions.total() == before[1][1].appeals_received == before[1][1].read == 1
    assert len(before[2][1]) == 1, "a warning is no restriction: the statement of the removal"
    assert before[3] == [True]
    at(old.began + 4 * YEAR)
    forget()
    assert db.scalar(select(func.count(Decision.forgotten_at))) == 1
    assert published(old, month) == before
    assert {(each.decision_id is None, each.sanction_id is None) for each in db.scalars(select(Statement))} == {
        (True, False),
        (False, True),
    }
    verdicts = list(audit.verify_all(keys=keys.of(app.config)))
    assert verdicts
    assert all(verdicts), [each.sentence for each in verdicts]


def test_what_still_waits_is_not_touched(old, at):
    """An appeal nobody answered, a case that is open again, a measure that nobody read."""
    proposed = propose(old).id
    appeal(get_act(Key(sanction_id=old.sanction_id)))
    case = queries.get_case(db.scalars(select(Case.id)).one())
    services.open_case(case.content, Cause.REPORT)
    db.commit()
    at(old.began + 4 * YEAR)
    forget()
    assert dict(db.execute(select(Sanction.id, Sanction.person_id)).all()) == dict.fromkeys((old.sanction_id, proposed), old.ids["bruno"])
    assert db.scalar(select(Decision.by_id)) == old.ids["claire"]
    assert db.scalar(select(Message.by_id)) == old.ids["claire"]
    assert set(db.scalars(select(Report.person_id))) == {old.ids["odette"], None}
    assert set(db.scalars(select(Report.visitor_email))) == {None, "paul@example.org"}


def test_a_decision_keeps_its_author_while_an_appeal_against_it_waits(at):
    world = make_case()
    claire, samir, decision_id = world.claire.id, world.samir.id, decide(world)
    tell_everyone(at)
    made = appeal(against(decision_id)).id
    at(clock.from_now(days=800))
    forget()
    assert db.scalar(select(Decision.by_id)) == claire
    appeals.dismiss(get_appeal(made), against(decision_id), by=again(Person, samir), answer="Non.", seen=1)
    db.commit()
    forget()
    assert db.scalar(select(Decision.by_id)) is None


@pytest.mark.parametrize("is_late", [False, True])
def test_all_that_an_answer_needs_waits_for_it_and_nothing_waits_for_one_that_is_not_owed(at, is_late):
    """Red before, both ways: reports and messages went while their author's appeal waited; a late appeal held all for ever."""
    world = make_case()
    case = queries.get_case(db.scalars(select(Case.id)).one())
    services.ask_for_correction(case, by=world.claire, text="Retirez ce mot.", seen=case.version)
    decision_id, sanction_id = decide(world), confirm(world, propose(world)).id
    tell_everyone(at)
    began = clock.now()
    if is_late:
        at(began + timedelta(days=200))
    made = [appeal(against(decision_id)), appeal(get_act(Key(sanction_id=sanction_id)))]
    assert [each.is_late for each in made] == [is_late, is_late]
    at(began + 4 * YEAR)
    forget()
    kept = [Report.person_id, Message.by_id, Decision.by_id, Sanction.person_id, Statement.person_id]
    counts = [db.scalar(select(func.count(column))) for column in kept]
    assert counts == ([0, 0, 0, 0, 1] if is_late else [1, 1, 1, 1, 2])
    assert db.scalars(select(Report.message)).all() == ["" if is_late else "Injure."]
    assert db.scalars(select(Appeal.answer)).all() == ["", ""], "nobody answered, and nothing says that somebody did"


def test_where_to_write_is_forgotten_a_year_after_a_late_appeal_that_nobody_answered(at):
    world = make_case()
    decision_id, sanction_id = decide(world), confirm(world, propose(world)).id
    tell_everyone(at)
    appeal(get_act(Key(sanction_id=sanction_id)), reply_to="bruno@example.net")
    at(clock.from_now(days=200))
    appeal(against(decision_id), reply_to="bruno@example.org")
    at(clock.from_now(days=364))
    forget()
    assert set(db.scalars(select(Appeal.reply_to))) == {"bruno@example.net", "bruno@example.org"}
    at(clock.from_now(days=2))
    forget()
    assert dict(db.execute(select(Appeal.is_late, Appeal.reply_to)).all()) == {False: "bruno@example.net", True: None}


@pytest.mark.parametrize("is_suspended_again", [False, True])
def test_the_reason_of_a_suspension_leaves_the_account_with_the_sanction_and_a_later_one_stays(at, client, is_suspended_again):
    """Red before: the account, and what its person takes away, told the facts for ever."""
    world = make_case()
    bruno_id, began = world.bruno.id, clock.now()
    confirm(world, propose(world, SanctionKind.SUSPENSION, region=True))  # for thirty days
    if is_suspended_again:
        at(began + timedelta(days=390))
        confirm(world, propose(world, SanctionKind.SUSPENSION, region=True, facts="Une menace."))
    reasons = []
    for days in (394, 397):
        at(began + timedelta(days=days))
        forget()
        reasons.append(again(Person, bruno_id).suspension_reason)
    assert reasons == (["Une menace."] * 2 if is_suspended_again else ["Trois injures en une semaine.", ""])
    sealed = select(AuditSecret.payload).where(AuditSecret.person_id == bruno_id)
    assert "Trois injures" in "".join(db.scalars(sealed)), "under seal, as « Vos données » says"
    assert "Ils sont effacés après 5 ans" in client.get("/vos-donnees").text
    database.writing.set(True)
    at(began + 7 * YEAR)
    audit_services.forget_expired()
    assert db.scalars(sealed).all() == []


def test_o06_a_late_appeal_against_a_purged_closure_is_read_and_answered(at, client):
    """Red before: its page led to a page that is not there, and whoever upheld it was told 409, each time."""
    world = make_case()
    sanction_id, reader_id = propose(world, SanctionKind.CLOSURE, region=True).id, make_person(roles=[("administrator", None)]).id
    confirm(world, get_sanction(sanction_id))
    at(clock.from_now(days=800))
    forget()
    assert again(Sanction, sanction_id).person_id is None
    made_id = appeal(get_act(Key(sanction_id=sanction_id)), reply_to="bruno@example.org").id
    client.log_in(again(Person, reader_id))
    path = f"/moderation/region/recours/{made_id}"
    page = client.get(path)
    assert page.status_code == 200
    assert f"/sanctions/{sanction_id}" not in page.text
    database.writing.set(True)
    answered = client.post(path, data={"version": "1", "outcome": "upheld", "answer": "Nous nous sommes trompés."})
    assert answered.status_code == 302
    assert again(Appeal, made_id).outcome == Outcome.UPHELD
    act = db.scalars(select(AuditEntry).where(AuditEntry.act == "appeal.answered")).one()
    assert act.subject == f"sanction:{sanction_id}", "it is about nobody any more"
    assert db.scalars(select(MailMessage.to_address).where(MailMessage.template == "appeal_upheld")).one() == "bruno@example.org"


def test_a_visitor_who_never_confirmed_is_forgotten_after_a_week_and_may_report_again(at):
    """Before, the address was kept for ever, and refused without a word once its link was over."""
    world = make_case(reported=False)
    text_id, article_id = world.text_id, world.article.id

    def try_to_report():
        given = {"name": "Paul", "email": "paul@example.org", "article": again(CharterArticle, article_id), "message": "Injure."}
        reports.report_as_visitor(get_content(text_id), **given)
        db.commit()
        return db.scalar(select(func.count(MailMessage.id)).where(MailMessage.template == "confirm_report"))

    assert try_to_report() == 1
    at(clock.from_now(days=6))
    forget()
    assert db.scalar(select(func.count(Report.id))) == 1
    at(clock.from_now(days=2))
    forget()
    assert db.scalar(select(func.count(Report.id))) == 0
    assert try_to_report() == 2


def test_it_goes_by_small_batches(at, monkeypatch):
    world = make_case()
    for _ in range(4):
        reports.report(world.text, person=make_person(), article=world.article, message="Injure.")
    decide(world, Verdict.KEEP)
    monkeypatch.setattr(retention, "BATCH", 2)
    at(clock.from_now(days=400))
    assert retention.forget(retention.reports) == 2
    forget()
    assert db.scalar(select(func.count(Report.person_id))) == 0


def test_a_purged_sanction_has_no_page_and_is_in_no_list(old, client, at):
    slug = old.place.slug
    pages = [f"/moderation/{slug}/sanctions/{old.sanction_id}", f"/moderation/{slug}/sanctions?etape=in_force"]
    client.log_in(old.samir)
    assert [client.get(page).status_code for page in pages] == [200, 200]
    assert "Bruno" in client.get(pages[1]).text
    database.writing.set(True)
    at(old.began + 4 * YEAR)
    forget()
    client.log_in(again(Person, old.ids["samir"]))
    assert [client.get(page).status_code for page in pages] == [404, 200]
    assert "Bruno" not in "".join(client.get(f"/moderation/{slug}/sanctions?etape={stage}").text for stage in Stage)
