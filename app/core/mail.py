"""Mail: a row that names an address and a template, sent later by the outbox.

The Message-ID is fixed when the row is written, so that a letter sent twice after a crash is one letter for its reader.
The address is on the row, not looked up: someone whose address changed still gets the warning at the old one.
"""

import re
import secrets
import smtplib
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Flask, current_app, render_template
from flask_mailman import EmailMultiAlternatives, Mail
from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, mapped_column

from app.core import clock, outbox
from app.core.db import Base, db, transaction
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.logs import log
from app.core.privacy import Personal, personal

PER_ADDRESS_A_DAY = 3  # for mail that anyone can cause: confirmation, reset
PURGE_DAYS = 30
mailman = Mail()


class MailMessage(Base):
    __tablename__ = "mail_messages"
    __personal__ = personal(Personal(of="person_id", export=("to_address", "template", "created_at", "sent_at")))

    person_id: Mapped[int | None] = mapped_column(index=True)  # no foreign key: accounts are built on mail
    to_address: Mapped[str] = mapped_column(index=True)
    template: Mapped[str]
    context: Mapped[dict[str, Any]]
    message_id: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    sent_at: Mapped[datetime | None]
    purge_at: Mapped[datetime] = mapped_column(default=lambda: clock.from_now(days=PURGE_DAYS), index=True)


def one_address(text: str, field: str = "email") -> str:
    """The one address in `text`, normalised, or a refusal: a comma would make it two recipients."""
    from email_validator import EmailNotValidError, validate_email  # here: its tables of signs are 2 % of what a start loads

    try:
        checked = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise DomainError(_("Cette adresse n’est pas valable. Vérifiez-la : elle s’écrit nom@exemple.fr."), field=field) from error
    return checked.normalized.lower()


def send(template: str, to: str, *, person_id: int | None = None, due_at: datetime | None = None, **context: Any) -> MailMessage:
    """Queue one letter: `mail/<template>.txt` (first line: subject) and `.html`, with `context` (plain JSON values)."""
    domain = urlsplit(current_app.config["BASE_URL"]).hostname or "localhost"
    message = MailMessage(
        person_id=person_id,
        to_address=one_address(to),
        template=template,
        context=context,
        message_id=f"<{secrets.token_hex(16)}@{domain}>",
    )
    db.add(message)
    db.flush()
    outbox.enqueue("mail", message.id, due_at=due_at)
    return message


def sent_today(address: str, template: str) -> int:
    """How many letters of this kind the address was sent in the last day, to keep anyone from flooding it."""
    query = select(func.count(MailMessage.id)).where(
        MailMessage.to_address == address, MailMessage.template == template, MailMessage.created_at > clock.from_now(days=-1)
    )
    return db.scalar(query) or 0


def compose(message: MailMessage) -> EmailMultiAlternatives:
    base_url = current_app.config["BASE_URL"]
    text = render_template(f"mail/{message.template}.txt", base_url=base_url, **message.context)
    subject, _blank, body = text.partition("\n")
    html = render_template(f"mail/{message.template}.html", base_url=base_url, subject=subject, **message.context)
    headers = {"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"}
    if path := message.context.get("unsubscribe"):  # a path of ours that stops these letters by one POST (RFC 8058)
        headers |= {"List-Unsubscribe": f"<{base_url}{path}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    letter = EmailMultiAlternatives(
        subject=re.sub(r"[\r\n]+", " ", subject).strip(),
        body=body.strip() + "\n",
        from_email=current_app.config["MAIL_FROM"],
        to=[message.to_address],
        headers=headers,
    )
    letter.attach_alternative(html, "text/html")
    return letter


@outbox.handles("mail", apart=True)
def deliver(keys) -> None:
    """Send what waits, one commit a letter: a crash repeats one at most. A failure is raised once the others are sent."""
    failed: Exception | None = None
    with mailman.get_connection() as connection:
        for key in keys:
            message = db.get(MailMessage, int(key))
            db.commit()  # of nothing: ends the reading before a slow server is spoken to, and keeps what was read
            if message is None or message.sent_at:
                continue
            try:
                with current_app.test_request_context(base_url=current_app.config["BASE_URL"]):
                    letter = compose(message)
                letter.connection = connection
                letter.send()
            except OSError as error:  # smtplib's errors are OSErrors: refused, cut, timed out
                log.warning("mail not sent", message=message.message_id, error=type(error).__name__)
                failed = error
                if not isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused):
                    break  # nobody answers: the others would wait as long for nothing
                continue
            with transaction():
                db.merge(message).sent_at = clock.now()
    if failed:
        raise failed


def init_app(app: Flask) -> None:
    url = app.config["MAIL_URL"]
    if url:
        parts = urlsplit(url)
        app.config |= {
            "MAIL_BACKEND": "smtp",
            "MAIL_SERVER": parts.hostname,
            "MAIL_PORT": parts.port or 25,
            "MAIL_USERNAME": unquote(parts.username or "") or None,
            "MAIL_PASSWORD": unquote(parts.password or "") or None,
            "MAIL_USE_SSL": parts.scheme == "smtps",
            "MAIL_USE_TLS": parts.scheme == "smtp+starttls",
            "MAIL_TIMEOUT": 15,
        }
    elif not app.testing:
        app.config |= {"MAIL_BACKEND": "file", "MAIL_FILE_PATH": str(app.config["INSTANCE_DIR"] / "outbox")}
    mailman.init_app(app)
