from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core import outbox
from app.core.db import db
from app.core.mail import MailMessage
from app.notifications import queries, services
from app.notifications.models import Notification
from tests.factories import make_person

TEMPLATE = """{{ _("Votre proposition est publiée") }}

{{ _("Bonjour %(name)s,", name=name) }}

{{ _("Elle s’appelle « %(title)s ».", title=title) }}

{{ _("La lire :") }}
{{ base_url }}{{ url }}

Beffroi
{{ base_url }}
"""


@pytest.fixture(autouse=True)
def template(app, monkeypatch):
    from jinja2 import ChoiceLoader, DictLoader

    own = DictLoader({"mail/told.txt": TEMPLATE, "mail/told.html": "<p>{{ title }}</p>"})
    monkeypatch.setattr(app.jinja_env, "loader", ChoiceLoader([own, app.jinja_env.loader]))


def tell(person, **more):
    message = services.notify(person, "told", title="Plus d’arbres", url="/propositions/3", **more)
    db.commit()
    return message


def test_a_message_is_on_the_page_and_in_the_post_in_the_same_words(run_worker):
    person = make_person(name="Marie", email="marie@example.org")
    message = tell(person, content_id=3)
    assert (message.title, message.text) == ("Votre proposition est publiée", "Elle s’appelle « Plus d’arbres ».")
    assert (message.url, message.content_id) == ("/propositions/3", 3)
    letter = db.scalars(select(MailMessage)).one()
    assert (letter.to_address, letter.template, letter.person_id) == ("marie@example.org", "told", person.id)
    run_worker("mail")


def test_without_a_confirmed_address_there_is_a_message_and_no_letter():
    assert tell(make_person(confirmed=False)).mail_id is None
    assert tell(make_person(), mail=False).mail_id is None
    assert db.scalars(select(MailMessage)).all() == []


def test_nobody_is_told_once_the_account_is_closed():
    assert tell(make_person(closed_at=datetime.now(UTC))) is None


def test_what_may_still_be_undone_is_not_shown_and_can_be_taken_back(at):
    person = make_person()
    later = datetime.now(UTC) + timedelta(seconds=30)
    message = tell(person, due_at=later)
    assert queries.unread_count(person) == 0
    at(later + timedelta(seconds=1))
    assert queries.unread_count(person) == 1
    services.take_back(message)
    db.commit()
    assert queries.unread_count(person) == 0
    assert outbox.waiting("mail") == 0


def test_hostile_words_stay_words(client):
    person = make_person(name="<b>Marie</b>")
    services.notify(person, "told", title="<script>alert(1)</script>{{ 7*7 }}", url="/x")
    db.commit()
    client.log_in(person)
    page = client.get("/compte/messages").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in page


def test_messages_are_ones_own_read_one_by_one_or_all(client):
    person, other = make_person(), make_person()
    mine, again, theirs = tell(person), tell(person), tell(other)
    client.log_in(person)
    page = client.get("/compte/messages").text
    assert page.count("Votre proposition est publiée") >= 2
    assert "2 messages non lus" in page
    client.post(f"/compte/messages/{theirs.id}/lu")
    client.post(f"/compte/messages/{mine.id}/lu", data={"next": "//evil.example"})
    unread = select(Notification.id).where(Notification.read_at.is_(None)).order_by(Notification.id)
    assert db.scalars(unread).all() == [again.id, theirs.id]
    client.post("/compte/messages/lus")
    assert db.scalars(unread).all() == [theirs.id]
    assert client.get("/compte/").status_code == 200


def test_old_messages_go():
    person = make_person()
    message = tell(person)
    message.shown_at = datetime.now(UTC) - timedelta(days=400)
    db.commit()
    services.forget_old_messages()
    assert db.scalars(select(Notification.id)).all() == []


def test_a_longer_list_costs_no_more_queries(client, count_queries):
    person = make_person()
    tell(person)
    client.log_in(person)

    def cost():
        count_queries.clear()
        client.get("/compte/messages")
        return len(count_queries)

    one = cost()
    for _ in range(5):
        tell(person)
    assert cost() == one
