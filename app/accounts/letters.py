"""Letters about accounts. Those that anyone can cause are counted: to one address, and all together."""

from typing import Any

from sqlalchemy import func, select

from app.accounts.models import Token
from app.core import clock, mail
from app.core.db import db, is_postgres
from app.core.logs import log

PUBLIC = ("confirm", "already_registered", "reset", "email_changing_new")  # a stranger can make us write these to anyone
BREAKER = 1000  # of those in an hour, to everyone: more is not a region signing up, it is a flood


def offer(template: str, to: str, **context) -> bool:
    """Write a letter that a stranger may have caused, unless the address or the hour has had enough. Says nothing to the caller's page."""
    if is_postgres():  # two at once must not both count the same letters; SQLite has one writer anyway
        db.execute(select(func.pg_advisory_xact_lock(func.hashtext(to))))
    letters = mail.MailMessage
    public = select(func.count(letters.id)).where(letters.template.in_(PUBLIC))
    if (db.scalar(public.where(letters.to_address == to, letters.created_at > clock.from_now(days=-1))) or 0) >= mail.PER_ADDRESS_A_DAY:
        log.info("letter withheld: the address had its share", template=template)
        return False
    if (db.scalar(public.where(letters.created_at > clock.from_now(hours=-1))) or 0) >= BREAKER:
        log.error("letter withheld: too many in an hour", template=template)
        return False
    mail.send(template, to, **context)
    return True


def link(token: Token) -> dict[str, Any]:
    """What a letter must know of a token: the template writes the link with `link_path`."""
    return {"purpose": token.purpose.value, "nonce": token.nonce}
