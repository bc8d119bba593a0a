from datetime import timedelta

from sqlalchemy import select

from app.accounts.models import Person, RoleName
from app.accounts.retention import forget_idle_accounts
from app.core import clock
from app.core.db import db
from app.core.mail import MailMessage
from tests.factories import make_person


def idle(days: int, **more) -> int:
    person = make_person(**more)
    person.created_at = clock.from_now(days=-days)
    db.flush()
    return person.id


def letters() -> list[str]:
    return list(db.scalars(select(MailMessage.template).order_by(MailMessage.id)))


def test_an_idle_account_is_warned_once_a_month_before_and_erased_after_two_years(app, at):
    today = clock.now()
    person = idle(701)
    recent = idle(600, name="Récente")
    forget_idle_accounts()
    forget_idle_accounts()
    assert letters() == ["account_idle"]
    at(today + timedelta(days=29))
    forget_idle_accounts()
    assert db.get(Person, person, populate_existing=True).closed_at is None
    at(today + timedelta(days=31))
    forget_idle_accounts()
    gone = db.get(Person, person, populate_existing=True)
    assert gone.closed_at is not None
    assert gone.name == "Compte fermé"
    assert db.get(Person, recent, populate_existing=True).closed_at is None


def test_who_logs_in_after_the_warning_keeps_the_account(app, client, at):
    person = idle(740)
    forget_idle_accounts()
    assert db.get(Person, person, populate_existing=True).closed_at is None  # never without a month's notice
    client.log_in(db.get(Person, person))
    at(clock.now() + timedelta(days=40))
    forget_idle_accounts()
    assert db.get(Person, person, populate_existing=True).closed_at is None


def test_people_with_a_role_are_not_erased_by_waiting(app, at):
    idle(2000, roles=[(RoleName.ADMINISTRATOR, None)])
    forget_idle_accounts()
    assert letters() == []
