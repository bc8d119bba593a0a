"""Telling people: a message on their page, and a letter to their confirmed address, in the transaction of what it is about."""

import re
from datetime import datetime
from functools import cache
from typing import Any

from flask import current_app, has_request_context, render_template
from sqlalchemy import Select, bindparam, delete, select, update

from app.accounts.models import Identity, Person
from app.core import clock, outbox
from app.core import mail as letters
from app.core.db import db
from app.core.worker import every
from app.notifications.models import Notification

KEPT_DAYS = 365
_greeting = re.compile(r"bonjour\b.{0,90}\Z", re.IGNORECASE)
_address = re.compile(r"https?://\S+\Z")


def notify(
    person: Person,
    template: str,
    *,
    mail: bool = True,
    due_at: datetime | None = None,
    url: str = "",
    content_id: int | None = None,
    **context: Any,
) -> Notification | None:
    """Tell someone, in the words of `mail/<template>.txt` (first line: the title). Templates find `name`, `url` and `context`.

    `url` is a path of ours, `context` plain JSON values. Until `due_at`, `take_back` undoes it. Returns None when the account is closed.
    """
    if person.closed_at is not None:
        return None
    context = {"name": person.name, "url": url, **context}
    title, text = words(template, context)
    message = Notification(person_id=person.id, template=template, title=title, text=text, url=url, content_id=content_id)
    message.shown_at = due_at or clock.now()
    if mail and person.confirmed_at is not None:
        address = db.scalar(address_held(), {"person_id": person.id})
        if address:
            message.mail_id = letters.send(template, address, person_id=person.id, due_at=due_at, **context).id
    db.add(message)
    db.flush()
    return message


@cache
def address_held() -> Select[str]:
    return select(Identity.email).where(Identity.person_id == bindparam("person_id"))


def take_back(message: Notification) -> None:
    """Undo what has not been shown nor sent yet."""
    if message.mail_id is not None:
        outbox.cancel("mail", message.mail_id)
    db.delete(message)
    db.flush()


def words(template: str, context: dict[str, Any]) -> tuple[str, str]:
    """Title and text for the page: the letter without its greeting, its signature and its bare addresses."""
    title, _, body = written(template, context).partition("\n")
    base_url = current_app.config["BASE_URL"]
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", body.strip()):
        lines = [line.strip() for line in paragraph.split("\n") if line.strip()]
        signs = any(line.rstrip("/") == base_url for line in lines)
        if lines and lines[0].startswith("- "):  # a list: the page shows its words
            lines = [line for line in lines if not _address.match(line)]
        leads = lines and _address.match(lines[-1])  # "Lire la décision :" and the address under it: the page has its own link
        if lines and not signs and not leads and not _greeting.match(" ".join(lines)):
            paragraphs.append("\n".join(lines))
    return " ".join(title.split()), "\n\n".join(paragraphs)


def written(template: str, context: dict[str, Any]) -> str:
    values = {"base_url": current_app.config["BASE_URL"], **context}
    if has_request_context():
        return render_template(f"mail/{template}.txt", **values)
    with current_app.test_request_context(base_url=current_app.config["BASE_URL"]):
        return render_template(f"mail/{template}.txt", **values)


def mark_read(person: Person, message_id: int | None = None) -> None:
    """One message, or all those shown by now."""
    query = update(Notification).where(
        Notification.person_id == person.id, Notification.read_at.is_(None), Notification.shown_at <= clock.now()
    )
    if message_id is not None:
        query = query.where(Notification.id == message_id)
    db.execute(query.values(read_at=clock.now()).execution_options(synchronize_session=False))


@every(minutes=24 * 60)
def forget_old_messages() -> None:
    old = Notification.shown_at < clock.from_now(days=-KEPT_DAYS)
    db.execute(delete(Notification).where(old).execution_options(synchronize_session=False))
