"""Every letter of accounts is written out, in text and in HTML, with hostile names in it."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from app.accounts import personal, queries, services, team
from app.accounts.models import Person, RoleName
from app.core.db import db
from app.core.mail import compose
from tests.accounts.people import OTHER, PHRASE, make_account
from tests.factories import make_person, make_territory

NAME = '<b>{{6789*2}}</b> %(name)s {0.__class__} "&'


def cause_them_all(run_worker):
    services.register(name=NAME, email="nouvelle@example.org", password=PHRASE, then="/debats/3?page=2")
    db.commit()
    person_id = make_account(name=NAME).id
    services.register(name=NAME, email="marie@example.org", password=PHRASE)
    db.commit()
    services.request_reset("marie@example.org")
    db.commit()
    run_worker("password_reset")
    services.change_password(person_id, current=PHRASE, new=OTHER)
    db.commit()  # what hashes a password ends the transaction
    services.request_email_change(person_id, email="marie@nouveau.example", current_password=OTHER)
    token = db.scalars(select(team.Token).where(team.Token.purpose == "change_email")).one()
    services.change_email(person_id, team.tokens.path(token.purpose, token.nonce).rpartition("/")[2])
    by = make_person(name=NAME, roles=[("administrator", None)])
    team.invite(email="agent@example.org", role=RoleName.MODERATOR, territory=make_territory(name=NAME), by=by)
    team.invite(email="agent@example.org", role=RoleName.CURATOR, territory=None, by=by)
    team.suspend(queries.get_person(person_id), by=by, reason=NAME, until=datetime.now(UTC) + timedelta(days=3))
    team.lift_suspension(queries.get_person(person_id), by=by)
    team.suspend(queries.get_person(person_id), by=by, reason=NAME)
    db.commit()
    personal.close_account(person_id, OTHER)
    db.commit()


def test_every_letter_reads_well_and_runs_nothing(app, run_worker, monkeypatch):
    sent = []
    real = services.mail.send

    def send(template, to, **more):
        message = real(template, to, **more)
        with app.test_request_context(base_url="http://localhost"):
            sent.append((template, to, compose(message)))
        return message

    monkeypatch.setattr(services.mail, "send", send)
    cause_them_all(run_worker)
    assert {template for template, _to, _letter in sent} == {
        "account_closed", "already_registered", "confirm", "email_changed", "email_changing_new", "email_changing_old",
        "invite", "password_changed", "reset", "sanction", "suspension_lifted",
    }  # fmt: skip
    for _template, to, letter in sent:
        html = letter.alternatives[0][0]
        assert letter.subject.strip()
        assert "\n" not in letter.subject
        assert letter.to == [to]
        assert "13578" not in letter.body + html
        assert "<b>" not in html
        assert "{{" not in letter.body.replace("{{6789*2}}", "")
        assert "http://localhost" in letter.body
        assert "Undefined" not in letter.body + html
    confirm = next(letter for template, _to, letter in sent if template == "confirm")
    assert "?next=/debats/3%3Fpage%3D2" in confirm.body


def test_a_registration_nobody_confirms_leaves_nothing(at):
    services.register(name="Marie", email="m@example.org", password=PHRASE)
    kept = make_person()
    db.commit()
    services.forget_unconfirmed()
    assert len(db.scalars(select(Person.id)).all()) == 2
    at(datetime.now(UTC) + timedelta(days=8))
    services.forget_unconfirmed()
    assert db.scalars(select(Person.id)).all() == [kept.id]
    assert queries.find_identity("m@example.org") is None
