"""A01, A02, A03, C02: what ends a session ends every copy of its cookie, at the next request."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from app.accounts import queries, services, sessions, team
from app.accounts.models import LoginSession, Person, RoleName
from app.core import clock
from app.core.db import db
from tests.accounts.people import OTHER, PHRASE, cookie_of, is_in, log_in, make_account, with_cookie
from tests.factories import make_person, make_territory


def test_a_cookie_captured_before_logging_out_is_refused_after(client, app):
    make_account()
    log_in(client)
    stolen = cookie_of(client)
    assert is_in(with_cookie(app, stolen))
    client.post("/compte/deconnexion")
    assert not is_in(with_cookie(app, stolen))


def test_a_cookie_captured_is_refused_after_the_password_changes_and_the_owner_stays_in(client, app):
    make_account()
    log_in(client)
    stolen = cookie_of(client)
    client.post("/compte/mot-de-passe", data={"current_password": PHRASE, "new_password": OTHER})
    assert is_in(client)
    assert not is_in(with_cookie(app, stolen))


def test_a_cookie_captured_is_refused_after_logging_out_everywhere(client, app):
    make_account()
    log_in(client)
    other = app.test_client()
    log_in(other)
    client.post("/compte/deconnexion-partout")
    assert not is_in(other)


def test_a_closed_account_has_no_session_even_where_a_row_was_left(client):
    """Closing ends them all; one that another request opened at that very moment opens nothing. Seen red without `closed_at` in `load`."""
    person = make_account()
    log_in(client)
    assert is_in(client)
    db.execute(update(Person).where(Person.id == person.id).values(closed_at=clock.now()))
    db.commit()
    assert not is_in(client)


def test_suspension_ends_every_session(client):
    person = make_account()
    log_in(client)
    team.suspend(queries.get_person(person.id), by=make_person(roles=[("administrator", None)]), reason="Menaces.")
    db.commit()
    assert not is_in(client)
    assert log_in(client).status_code == 302  # and one may come back to read why, and take one's data


def test_a_role_withdrawn_is_gone_from_an_open_session_at_once(client):
    territory = make_territory()
    person = make_person(roles=[("manager", territory)])
    client.log_in(person)
    assert client.get(f"/gestion/{territory.slug}/equipe").status_code == 200
    team.withdraw_role(queries.get_role(person.roles[0].id), by=make_person())
    db.commit()
    assert client.get(f"/gestion/{territory.slug}/equipe").status_code == 302
    client.log_in(queries.get_person(person.id))
    assert client.get(f"/gestion/{territory.slug}/equipe").status_code == 404


def test_a_role_given_ends_the_sessions_from_before(client):
    person = make_account()
    log_in(client)
    team.give_role(queries.get_person(person.id), RoleName.MODERATOR, territory_id=make_territory().id, by_id=None)
    db.commit()
    assert not is_in(client)


def test_a_closed_account_has_no_session(client):
    make_account()
    log_in(client)
    client.post("/compte/fermer", data={"current_password": PHRASE})
    assert not is_in(client)
    assert log_in(client).status_code == 422


def test_a_session_has_an_end(client, at):
    make_account()
    log_in(client)
    at(datetime.now(UTC) + timedelta(hours=13))
    assert not is_in(client)


def test_the_token_is_another_at_each_log_in_and_the_old_row_is_gone(client):
    make_account()
    log_in(client)
    first = cookie_of(client)
    log_in(client, next="/")
    assert cookie_of(client) != first
    assert db.scalar(select(func.count(LoginSession.id))) == 1


def test_an_anonymous_session_is_not_kept_across_log_in(client):
    make_account()
    with client.session_transaction() as cookie:
        cookie["planted"] = "by another"
    log_in(client)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie


@pytest.mark.parametrize("planted", ["1", 1, ["x"], "", "x" * 2000])
def test_what_is_not_a_token_is_nobody(client, planted):
    make_account()
    with client.session_transaction() as cookie:
        cookie[sessions.KEY] = planted
    assert not is_in(client)


def test_an_epoch_that_moved_refuses_a_row_still_there(client):
    """A log-in under way while everything is closed: its row was written under the old epoch."""
    person = make_account()
    client.log_in(person)
    person.epoch += 1
    db.commit()
    assert not is_in(client)


def test_the_table_holds_no_token(client):
    person = make_account()
    token = sessions.open_for(person)[sessions.KEY]
    assert token not in str(db.execute(select(LoginSession.token_hash)).all())


@pytest.fixture
def strict(app, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    return app.test_client()


def csrf_of(client, path):
    return re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get(path).text)[1]


def test_a_form_token_from_before_logging_in_is_refused_after(strict):
    make_account()
    before = csrf_of(strict, "/compte/connexion")
    assert log_in(strict, csrf_token=before).status_code == 302
    assert strict.post("/compte/profil", data={"name": "Pirate", "csrf_token": before}).status_code == 400
    fresh = csrf_of(strict, "/compte/profil")
    assert strict.post("/compte/profil", data={"name": "Marie", "csrf_token": fresh}).status_code == 302


def test_a_form_token_of_one_person_is_refused_after_another_logs_in_on_the_same_browser(strict):
    make_account()
    make_account("paul@example.org", OTHER, "Paul")
    log_in(strict, csrf_token=csrf_of(strict, "/compte/connexion"))
    of_marie = csrf_of(strict, "/compte/profil")
    strict.post("/compte/deconnexion", data={"csrf_token": of_marie})
    log_in(strict, "paul@example.org", OTHER, csrf_token=csrf_of(strict, "/compte/connexion"))
    assert strict.post("/compte/profil", data={"name": "Pirate", "csrf_token": of_marie}).status_code == 400


def test_a_session_row_of_a_race_with_a_password_change_is_not_made(app, client, monkeypatch):
    """The password is changed while the old one is being verified: the log-in is refused."""
    person = make_account()
    real = services.passwords.matches

    def matches_then_changes(known, password):
        good = real(known, password)
        monkeypatch.setattr(services.passwords, "matches", real)
        services.set_password(queries.get_identity(person.id), services.passwords.hashed(OTHER))
        db.commit()
        return good

    monkeypatch.setattr(services.passwords, "matches", matches_then_changes)
    assert log_in(client).status_code == 422
