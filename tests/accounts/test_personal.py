"""One's data: taken away, erased. P05: for the owner only, kept nowhere."""

import io
import json
import zipfile

from sqlalchemy import select

from app.accounts import events, personal, queries
from app.accounts.models import Identity, LoginSession, Person, Role
from app.core import clock
from app.core.db import Base, db
from app.core.formats import day
from app.core.mail import MailMessage
from app.notifications import services as notifications
from app.notifications.models import Notification
from tests.accounts.people import PHRASE, letters, log_in, make_account
from tests.factories import make_person, make_territory


def test_the_archive_holds_what_is_the_persons_and_nothing_of_others(client):
    make_account("autre@example.org", name="Paul")
    person = make_account(bio="Lit tout.")
    notifications.notify(person, "suspension_lifted")
    db.commit()
    log_in(client)
    answer = client.post("/compte/mes-donnees.zip")
    assert answer.mimetype == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        given = json.loads(archive.read("donnees.json"))
        read_me = archive.read("lisez-moi.txt").decode()
    assert "universel" in read_me
    assert f"à votre sujet, le {day(clock.today())}." in read_me
    assert given["identities"] == [{"email": "marie@example.org"}]
    assert given["people"][0]["bio"] == "Lit tout."
    assert given["notifications"][0]["title"]
    assert "Paul" not in str(given)
    assert "password" not in str(given).replace("password_changed", "")


def test_the_archive_is_for_whoever_is_logged_in(client):
    assert client.post("/compte/mes-donnees.zip").status_code == 401


def test_every_declaration_names_columns_that_exist():
    for table, declared in personal.declarations():
        assert all(name in table.c for name in declared.export), (table.name, declared)
        assert all(name in table.c for name in declared.blanks), (table.name, declared)
        personal.rows_about(table, declared, 1)


def test_closing_erases_the_person_and_keeps_what_they_said_standing(client):
    territory = make_territory()
    person = make_account(name="Marie Dupont", roles=[("moderator", territory.id)], bio="Lit tout.")
    notifications.notify(person, "suspension_lifted")
    db.commit()
    heard = []
    with events.account_closed.connected_to(lambda sender: heard.append(sender.name)):
        log_in(client)
        assert client.post("/compte/fermer", data={"current_password": PHRASE}).location == "/compte/ferme"
    assert heard == ["Marie Dupont"]
    row = db.execute(select(Person.name, Person.bio, Person.closed_at).where(Person.id == person.id)).one()
    assert (row.name, row.bio) == ("Compte fermé", "")
    assert row.closed_at
    for model in (Identity, LoginSession, Role, Notification):
        assert db.scalars(select(model).where(model.person_id == person.id)).all() == []
    assert letters() == ["account_closed"]
    assert db.scalars(select(MailMessage)).one().person_id is None
    assert client.get(f"/personnes/{person.public_id}").status_code == 404


def test_nothing_of_the_person_is_left_anywhere(client):
    person = make_account("zoe.unique@example.org", name="Zoé Unique", bio="Bio unique.")
    log_in(client, "zoe.unique@example.org")
    client.post("/compte/fermer", data={"current_password": PHRASE})
    db.execute(MailMessage.__table__.delete())  # the last letter, which leaves and goes
    for table in Base.metadata.sorted_tables:
        kept = str(db.execute(select(table)).all())
        assert "Unique" not in kept, table.name
        assert "zoe.unique" not in kept, table.name
    assert person.id


def test_closing_asks_the_password(client):
    make_account()
    log_in(client)
    assert client.post("/compte/fermer", data={"current_password": "pas la bonne phrase"}).status_code == 422
    assert client.get("/compte/").status_code == 200


def test_the_only_administrator_does_not_leave(client):
    make_account(roles=[("administrator", None)])
    log_in(client)
    assert client.post("/compte/fermer", data={"current_password": PHRASE}).status_code == 422


def test_the_address_is_free_again(client):
    make_account()
    log_in(client)
    client.post("/compte/fermer", data={"current_password": PHRASE})
    make_account()
    assert log_in(client).status_code == 302


def test_others_keep_everything(client):
    other = make_person(roles=[("curator", None)], email="paul@example.org")
    make_account()
    log_in(client)
    client.post("/compte/fermer", data={"current_password": PHRASE})
    assert queries.get_person(other.id).roles[0].name == "curator"
    assert queries.find_identity("paul@example.org")
