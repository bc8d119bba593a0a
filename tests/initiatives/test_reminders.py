"""Letters about sheets whose review date is reached: once a date, to who may still edit them and to the curators."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.contents.models import State
from app.core import clock, mail
from app.core.db import db
from app.core.mail import MailMessage
from app.initiatives import reminders, services
from app.initiatives.models import Initiative
from app.initiatives.queries import get_sheet
from app.notifications.models import Notification
from tests.factories import make_person, make_territory, restrict

MORNING = datetime(2031, 5, 6, 7, 30, tzinfo=UTC)  # half past nine in Paris
DUE = MORNING.date()


@pytest.fixture
def place():
    return make_territory(short_name="Lomme")


@pytest.fixture
def agent(place):
    return make_person(roles=[("manager", place)], email="agent@example.org")


@pytest.fixture
def curator():
    return make_person(roles=[("curator", None)], email="curator@example.org")


def published(by, place, review_on=DUE, kind="initiative", title="Marcher la nuit"):
    sheet = services.create_sheet(kind, by=by, territory=place, title=title, summary="Dit.", sections={})
    services.publish(sheet, by=None)
    sheet.review_on = review_on
    db.commit()
    return sheet.id


def letters():
    """(address, template) of each, in order."""
    found = db.scalars(select(MailMessage).order_by(MailMessage.to_address, MailMessage.id)).all()
    return [(each.to_address, each.template) for each in found]


def both(of="agent@example.org"):
    return [(of, "sheets_due"), ("curator@example.org", "sheets_due_desk")]


def test_a_date_is_told_once_on_its_morning(at, agent, curator, place):
    published(agent, place)
    published(agent, place, review_on=DUE + timedelta(days=1), title="Demain")
    at(MORNING - timedelta(days=1))
    assert reminders.remind() == 0
    at(MORNING - timedelta(hours=2))  # half past seven
    assert reminders.remind() == 0
    at(MORNING)
    assert reminders.remind() == 1
    assert letters() == both()
    for later in (timedelta(minutes=30), timedelta(hours=10)):
        at(MORNING + later)
        assert reminders.remind() == 0
    at(MORNING + timedelta(days=1))
    assert reminders.remind() == 1  # the other sheet, alone
    last = db.scalars(select(MailMessage).order_by(MailMessage.id.desc())).first()
    assert [line["title"] for line in last.context["lines"]] == ["Demain"]


def test_many_sheets_are_one_letter_to_each(app, at, agent, curator, place):
    for n in range(reminders.SHOWN + 2):
        published(agent, place, kind=("initiative", "document", "tool")[n % 3], title=f"Fiche {n}", review_on=DUE - timedelta(days=n))
    at(MORNING)
    assert reminders.remind() == reminders.SHOWN + 2
    assert letters() == both()
    with app.test_request_context():
        for each in db.scalars(select(MailMessage)):
            written = mail.compose(each)
            assert written.subject.startswith("12 ")
            assert "et 2 autres" in written.body
            assert written.body.count("/contributions/") >= reminders.SHOWN
            assert f"Fiche {reminders.SHOWN + 1}" in written.body  # the longest due first
    message = db.scalars(select(Notification).where(Notification.person_id == agent.id)).one()
    assert "- Fiche 11 (depuis le 25\u00a0avril 2031)" in message.text
    assert "http" not in message.text
    assert message.url == "/compte/contributions"


def test_what_is_not_published_is_not_told_and_is_told_when_it_is_back(at, agent, curator, place):
    archived, hidden, withdrawn = (published(agent, place, title=each) for each in ("Archivée", "Masquée", "Retirée"))
    services.archive(get_sheet(archived), by=curator, note="Le dispositif n’existe plus.")
    restrict(get_sheet(hidden), State.HIDDEN)
    services.contents.change_state(get_sheet(withdrawn), State.WITHDRAWN, by=agent)
    db.commit()
    at(MORNING)
    assert reminders.remind() == 0
    assert letters() == []
    restrict(get_sheet(hidden), State.PUBLISHED)
    db.commit()
    at(MORNING + timedelta(days=3))
    assert reminders.remind() == 1
    assert letters() == both()


def test_confirmed_for_a_later_day_it_is_told_anew_that_day(at, agent, curator, place):
    sheet_id = published(agent, place)
    at(MORNING)
    assert reminders.remind() == 1
    services.confirm_fresh(get_sheet(sheet_id), by=curator, review_on=DUE + timedelta(days=365))
    db.commit()
    for day, told in ((1, 0), (364, 0), (365, 1), (366, 0)):
        at(MORNING + timedelta(days=day))
        assert reminders.remind() == told, day
    assert len(letters()) == 4


def test_who_may_not_edit_any_more_is_not_written_to(at, curator, place):
    """The last to have written, where the author may not; nobody, where neither may: the curators have it on their desk."""
    gone, suspended = make_person(closed_at=clock.now()), make_person(suspended_at=clock.now())
    citizen, unconfirmed = make_person(), make_person(confirmed=False)
    for author in (gone, suspended, unconfirmed):
        published(author, place)
    told = services.suggest(by=citizen, territory=place, title="Un café", summary="Une table.", sections={"method": "Une table."})
    services.publish(told, by=None)
    told.review_on = DUE
    heir = make_person(roles=[("moderator", place)], email="heir@example.org")
    left = published(suspended, place, title="Reprise")
    sheet = get_sheet(left)
    services.contents.edit(sheet, by=heir, writer=lambda: None)
    published(curator, place, title="De la curatrice")  # her digest has it
    db.commit()
    at(MORNING)
    assert reminders.remind() == 6
    assert letters() == [("curator@example.org", "sheets_due_desk"), ("heir@example.org", "sheets_due")]


def test_without_a_confirmed_address_no_letter_and_without_the_role_no_digest(at, agent, curator, place):
    published(agent, place)
    former, suspended = make_person(), make_person(roles=[("curator", None)], suspended_at=clock.now())
    at(MORNING)
    reminders.remind()
    told = set(db.scalars(select(Notification.person_id)))
    assert told == {agent.id, curator.id}
    assert told.isdisjoint({former.id, suspended.id})


def test_what_fails_half_way_is_told_by_the_next_tick(at, agent, curator, place, monkeypatch):
    """The mark and the letters are one transaction."""
    published(agent, place)
    at(MORNING)
    real = reminders.notifications.notify

    def fails(person, template, **context):
        if template == "sheets_due_desk":
            raise BrokenPipeError
        return real(person, template, **context)

    monkeypatch.setattr(reminders.notifications, "notify", fails)
    with pytest.raises(BrokenPipeError), db.begin_nested():
        reminders.remind()
    assert letters() == []
    monkeypatch.undo()
    at_again = MORNING + timedelta(minutes=30)
    monkeypatch.setattr(clock, "now", lambda: at_again)
    assert reminders.remind() == 1
    assert letters() == both()
    assert db.scalars(select(Initiative.review_told_on)).all() == [DUE]
