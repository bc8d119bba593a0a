"""Letters reach a real SMTP server, once, and one that is refused does not hold the others."""

import socket
from email import message_from_bytes
from email.policy import default

import pytest
from aiosmtpd.controller import Controller

from app.core import mail, outbox
from app.core.db import db
from app.core.errors import DomainError
from tests.conftest import make_app


class Sink:
    """Keeps what it receives; refuses addresses that begin with `refuse`."""

    def __init__(self):
        self.letters = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refuse"):
            return "550 no such box"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.letters.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 OK"


@pytest.fixture
def sink():
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=0)
    # The controller asks for a port of its own choosing only when it is told one.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        controller.port = free.getsockname()[1]
    controller.start()
    sink.url = f"smtp://127.0.0.1:{controller.port}"
    yield sink
    controller.stop()


@pytest.fixture
def posting(sink, tmp_path):
    app = make_app(tmp_path, "posting", MAIL_URL=sink.url)
    app.config["MAIL_BACKEND"] = "smtp"
    mail.mailman.init_app(app)
    from app.core import db as database

    database.db.remove()
    database.Session.configure(bind=app.extensions["engine"], join_transaction_mode="conditional_savepoint")
    token = database.writing.set(True)
    with app.app_context():
        yield app
        database.db.remove()
    database.writing.reset(token)
    app.extensions["engine"].dispose()


pytestmark = pytest.mark.no_database


def write(to, **values):
    message = mail.send("sanction_lifted", to, **({"name": "Nadia", "kind": "suspension", "reasons": "Injures", "url": "/"} | values))
    return posted(message)


def posted(message):
    """Committed, and nothing kept in the session: the worker begins with nothing loaded."""
    db.commit()
    db.expunge_all()
    return message


def test_a_letter_arrives_in_text_and_html_with_a_fixed_identity(posting, sink):
    message = write("Nadia@Example.org")
    outbox.drain("mail")
    [(recipients, letter)] = sink.letters
    assert recipients == ["nadia@example.org"]
    assert letter["Message-ID"] == message.message_id
    assert letter["Subject"] == "Votre compte est rétabli"
    assert {part.get_content_type() for part in letter.walk() if not part.is_multipart()} == {"text/plain", "text/html"}
    outbox.enqueue("mail", message.id)
    db.commit()
    db.expunge_all()
    outbox.drain("mail")
    assert len(sink.letters) == 1


def test_a_refused_address_does_not_hold_the_others(posting, sink):
    write("refuse@example.org")
    write("nadia@example.org")
    outbox.drain("mail")
    assert [recipients for recipients, _ in sink.letters] == [["nadia@example.org"]]
    assert outbox.waiting("mail") == 2  # tried again later; what was sent is not sent twice


def test_values_are_escaped_in_html_and_plain_in_text(posting, sink):
    write("nadia@example.org", reasons="<script>alert(1)</script>")
    outbox.drain("mail")
    parts = {part.get_content_type(): part.get_content() for part in sink.letters[0][1].walk() if not part.is_multipart()}
    assert "<script>" not in parts["text/html"]
    assert "<script>alert(1)</script>" in parts["text/plain"]


def test_a_line_break_in_a_title_makes_no_header(posting, sink):
    """I04."""
    message = mail.send("sheet_published", "nadia@example.org", name="N", title="Titre\r\nBcc: all@example.org", url="/", note="")
    posted(message)
    outbox.drain("mail")
    letter = sink.letters[0][1]
    assert letter["Bcc"] is None
    assert message.to_address == "nadia@example.org"


@pytest.mark.parametrize(
    "typed", ["a@example.org, b@example.org", "a@example.org\nBcc: b@example.org", "pas une adresse", "a@@example.org", ""]
)
def test_an_address_is_one_address(typed):
    """I04: a comma would make it two recipients."""
    with pytest.raises(DomainError) as refused:
        mail.one_address(typed)
    assert refused.value.field == "email"


def test_a_server_that_does_not_answer_stops_the_batch(posting, sink, monkeypatch):
    tried = []

    def down(self, *args, **given):
        tried.append(self.to)
        raise ConnectionRefusedError

    monkeypatch.setattr("flask_mailman.EmailMultiAlternatives.send", down)
    for _ in range(3):
        write("nadia@example.org")
    outbox.drain("mail")
    assert len(tried) == 1
    assert outbox.waiting("mail") == 3
