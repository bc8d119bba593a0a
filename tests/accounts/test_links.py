"""A04, A05, A06: links of letters."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts import queries, services, team, tokens
from app.accounts.models import Role, RoleName, Token
from app.audit.models import AuditEntry
from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.core.mail import MailMessage, compose
from tests.accounts.people import OTHER, PHRASE, identity_of, is_in, last_token, letters, link, log_in, make_account
from tests.factories import make_person, make_territory


def ask_reset(client, run_worker, email="marie@example.org"):
    client.post("/compte/mot-de-passe-oublie", data={"email": email})
    run_worker("password_reset")


def test_a_forgotten_password_is_chosen_again_once(client, run_worker):
    make_account()
    ask_reset(client, run_worker)
    address = link("reset")
    assert client.get(address).headers["Referrer-Policy"] == "no-referrer"
    assert client.post(address, data={"new_password": OTHER}).location == "/compte/"
    assert letters("marie@example.org") == ["reset", "password_changed"]
    client.post("/compte/deconnexion")
    assert client.post(address, data={"new_password": PHRASE}).status_code == 404
    assert log_in(client).status_code == 422
    assert log_in(client, password=OTHER).status_code == 302


def test_a_reset_link_lives_an_hour(client, run_worker, at):
    make_account()
    ask_reset(client, run_worker)
    at(datetime.now(UTC) + timedelta(minutes=61))
    assert client.get(link("reset")).status_code == 404


def test_of_two_reset_links_only_the_last_works(client, run_worker):
    make_account()
    ask_reset(client, run_worker)
    first = link("reset")
    ask_reset(client, run_worker)
    assert client.get(first).status_code == 404
    assert client.get(link("reset")).status_code == 200


def test_a_reset_link_dies_when_the_address_or_the_password_changes(client, run_worker):
    person = make_account()
    ask_reset(client, run_worker)
    identity_of(person).email = "autre@example.org"
    db.commit()
    assert client.get(link("reset")).status_code == 404
    identity_of(person).email = "marie@example.org"
    services.set_password(queries.get_identity(person.id), "!")
    db.commit()
    assert client.get(link("reset")).status_code == 404


def test_a_reset_ends_the_sessions_of_whoever_was_in(client, app, run_worker):
    make_account()
    thief = app.test_client()
    log_in(thief)
    ask_reset(client, run_worker)
    client.post(link("reset"), data={"new_password": OTHER})
    assert not is_in(thief)


def test_the_link_of_a_letter_is_on_our_own_host_whatever_the_request_said(client, run_worker):
    make_account()
    client.post("/compte/mot-de-passe-oublie", data={"email": "marie@example.org"}, headers={"X-Forwarded-Host": "evil.example"})
    run_worker("password_reset")
    body = compose(db.scalars(select(MailMessage)).first()).body
    assert f"http://localhost{link('reset')}" in body


def test_a_host_that_is_not_ours_is_refused_and_nothing_leaves(client, run_worker):
    make_account()
    answer = client.post("/compte/mot-de-passe-oublie", data={"email": "marie@example.org"}, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    run_worker("password_reset")
    assert letters() == []
    assert client.get("/compte/connexion", headers={"Host": "evil.example"}).status_code == 400


def test_the_database_holds_no_link(client, run_worker):
    make_account()
    ask_reset(client, run_worker)
    token = last_token("reset")
    signed = link("reset").rpartition(".")[2]
    kept = str(db.execute(select(Token.__table__)).all()) + str([each.context for each in db.scalars(select(MailMessage))])
    assert token.nonce in kept
    assert signed not in kept


@pytest.mark.parametrize("forged", ["x", "a.b", "é.é", ".", "a" * 5000, "%00.x"])
def test_forged_links_do_not_exist(client, forged):
    client.log_in(make_account())
    for page in ("confirmer", "nouveau-mot-de-passe", "adresse", "invitation", "premier-compte"):
        assert client.get(f"/compte/{page}/{forged}").status_code == 404


def test_a_link_of_one_purpose_is_not_a_link_of_another(client, run_worker):
    make_account()
    ask_reset(client, run_worker)
    given = link("reset").rpartition("/")[2]
    for page in ("confirmer", "invitation", "premier-compte"):
        assert client.get(f"/compte/{page}/{given}").status_code == 404


# --- E-mail change ---


def ask_change(client, email):
    return client.post("/compte/adresse", data={"email": email, "current_password": PHRASE})


def test_an_address_changes_once_the_new_one_answers_and_both_are_told(client):
    person = make_account()
    log_in(client)
    ask_change(client, "marie@nouveau.example")
    assert letters("marie@example.org") == ["email_changing_old"]
    assert letters("marie@nouveau.example") == ["email_changing_new"]
    assert identity_of(person).email == "marie@example.org"
    assert client.get(link("change_email")).status_code == 200
    assert identity_of(person).email == "marie@example.org"
    client.post(link("change_email"))
    assert identity_of(person).email == "marie@nouveau.example"
    assert letters("marie@example.org")[-1] == "email_changed"
    assert is_in(client)


def test_a_change_asked_for_ones_own_address_never_confirms_the_victims(client):
    """Two changes at once: the link sent to the attacker is for the attacker's address, or for nothing."""
    person = make_account("pirate@example.org")
    log_in(client, "pirate@example.org")
    ask_change(client, "pirate-2@example.org")
    mine = link("change_email")
    ask_change(client, "victime@example.org")
    assert client.post(mine).status_code == 404
    assert identity_of(person).email == "pirate@example.org"
    assert last_token("change_email").email == "victime@example.org"


def test_the_link_is_for_the_person_who_asked(client, app):
    make_account()
    make_account("paul@example.org", OTHER, "Paul")
    log_in(client)
    ask_change(client, "marie@nouveau.example")
    paul = app.test_client()
    log_in(paul, "paul@example.org", OTHER)
    assert paul.get(link("change_email")).status_code == 404
    assert paul.post(link("change_email")).status_code == 404


def test_a_taken_address_is_told_by_letter_and_the_page_says_the_same(client):
    make_account()
    make_account("paul@example.org", OTHER, "Paul")
    log_in(client)
    free = ask_change(client, "libre@example.org")
    taken = ask_change(client, "paul@example.org")
    assert (free.status_code, free.location) == (taken.status_code, taken.location)
    assert letters("paul@example.org") == ["already_registered"]


def test_an_address_taken_meanwhile_is_refused_without_damage(client):
    person = make_account()
    log_in(client)
    ask_change(client, "libre@example.org")
    make_account("libre@example.org", OTHER, "Paul")
    assert client.post(link("change_email")).status_code == 422
    assert identity_of(person).email == "marie@example.org"


def test_changing_the_address_asks_the_password(client):
    make_account()
    log_in(client)
    assert client.post("/compte/adresse", data={"email": "a@example.org", "current_password": OTHER}).status_code == 422
    assert letters() == []


# --- Invitations ---


def invite(territory, by, email="agent@example.org", role=RoleName.MODERATOR):
    token = team.invite(email=email, role=role, territory=territory, by=by)
    db.commit()
    return token


def roles_of(person_id):
    return [(role.name, role.territory_id) for role in db.scalars(select(Role).where(Role.person_id == person_id))]


def test_an_agent_invited_makes_an_account_and_has_the_role(client):
    territory = make_territory()
    manager = make_person(roles=[("manager", territory)])
    client.log_in(manager)
    client.post(f"/gestion/{territory.slug}/equipe", data={"email": "agent@example.org", "role": "moderator"})
    assert letters("agent@example.org") == ["invite"]
    assert "Personne ne modère ici" in client.get(f"/gestion/{territory.slug}/equipe").text
    client.post("/compte/deconnexion")
    client.post(link("invite"), data={"name": "Samir", "password": PHRASE})
    assert "Samir" in client.get("/compte/").text
    person = queries.find_identity("agent@example.org").person
    assert roles_of(person.id) == [(RoleName.MODERATOR, territory.id)]
    entry = db.scalars(select(AuditEntry).where(AuditEntry.act == "role.given")).one()
    assert (entry.chain, entry.subject, entry.actor_id) == (f"territory:{territory.id}", f"person:{person.id}", manager.id)


def test_an_agent_who_has_an_account_accepts_with_it(client):
    territory = make_territory()
    person = make_account("agent@example.org")
    invite(territory, make_person(roles=[("manager", territory)]))
    log_in(client, "agent@example.org")
    assert client.get(link("invite")).status_code == 200
    assert client.post(link("invite")).location == "/gestion/"  # where the role begins
    assert roles_of(person.id) == [(RoleName.MODERATOR, territory.id)]
    assert client.post(link("invite")).status_code == 404


def test_who_opens_an_empty_region_is_not_asked_for_an_account_they_cannot_have(client):
    address = services.first_administrator_link().removeprefix(client.application.config["BASE_URL"])
    db.commit()
    page = client.get(address).text
    assert "Créer le premier compte" in page
    assert "Connectez-vous" not in page
    made = client.post(address, data={"name": "Odile", "email": "odile@example.org", "password": PHRASE})
    assert made.location == "/gestion/"
    assert "Nouveau territoire" in client.get("/gestion/").text


def test_an_invitation_forwarded_to_someone_else_gives_them_nothing(client):
    territory = make_territory()
    other = make_account()
    invite(territory, make_person(roles=[("manager", territory)]))
    log_in(client)
    assert client.post(link("invite")).status_code == 422
    assert roles_of(other.id) == []


def test_an_invitation_expires_and_a_password_reset_does_not_revive_it(client, run_worker, at):
    territory = make_territory()
    invite(territory, make_person(roles=[("manager", territory)]))
    address = link("invite")
    at(datetime.now(UTC) + timedelta(days=7, minutes=1))
    ask_reset(client, run_worker, "agent@example.org")
    assert client.get(address).status_code == 404
    assert client.post(address, data={"name": "Samir", "password": PHRASE}).status_code == 404
    assert queries.find_identity("agent@example.org") is None
    assert letters("agent@example.org") == ["invite"]


def test_an_invitation_falls_with_the_right_of_who_made_it(client):
    territory = make_territory()
    manager = make_person(roles=[("manager", territory)])
    invite(territory, manager)
    team.withdraw_role(queries.get_role(manager.roles[0].id), by=make_person())
    db.commit()
    assert client.get(link("invite")).status_code == 404


def test_a_manager_invites_in_their_territory_only_and_never_for_the_region(client):
    here, there = make_territory(), make_territory()
    client.log_in(make_person(roles=[("manager", here)]))
    given = {"email": "agent@example.org", "role": "moderator"}
    assert client.post(f"/gestion/{there.slug}/equipe", data=given).status_code == 404
    assert client.post("/gestion/region/equipe", data=given | {"role": "curator"}).status_code == 404
    assert client.post(f"/gestion/{here.slug}/equipe", data=given | {"role": "administrator"}).status_code == 422
    assert letters() == []


def test_ids_of_another_territory_in_the_address_are_not_found(client):
    here, there = make_territory(), make_territory()
    victim = make_person(roles=[("moderator", there)])
    token = invite(there, make_person(roles=[("manager", there)]))
    client.log_in(make_person(roles=[("manager", here)]))
    assert client.post(f"/gestion/{here.slug}/equipe/{victim.roles[0].id}/retirer").status_code == 404
    assert client.post(f"/gestion/{here.slug}/equipe/invitations/{token.id}/annuler").status_code == 404
    assert roles_of(victim.id) != []


def test_a_cancelled_invitation_is_gone(client):
    territory = make_territory()
    manager = make_person(roles=[("manager", territory)])
    token = invite(territory, manager)
    client.log_in(manager)
    client.post(f"/gestion/{territory.slug}/equipe/invitations/{token.id}/annuler")
    assert client.get(link("invite")).status_code == 404


# --- The first administrator ---


def test_the_first_administrator_enters_by_a_link_that_serves_once(client):
    address = services.first_administrator_link()
    db.commit()
    path = address.removeprefix("http://localhost")
    assert path == link("first_administrator")
    client.post(path, data={"name": "Nadine", "email": "nadine@example.org", "password": PHRASE})
    person = queries.find_identity("nadine@example.org").person
    assert roles_of(person.id) == [(RoleName.ADMINISTRATOR, None)]
    assert client.get("/gestion/region/equipe").status_code == 200
    client.post("/compte/deconnexion")
    assert client.get(path).status_code == 404
    assert services.first_administrator_link() is None


def test_an_earlier_link_to_the_first_account_stops_working(client):
    first = services.first_administrator_link()
    services.first_administrator_link()
    db.commit()
    assert client.get(first.removeprefix("http://localhost")).status_code == 404


def test_the_only_administrator_stays(client):
    person = make_person(roles=[("administrator", None)])
    with pytest.raises(DomainError):
        team.withdraw_role(queries.get_role(person.roles[0].id), by=person)
    with pytest.raises(NotFound):
        tokens.read("confirm", "x.y")
