"""Idempotent forms: a form rendered once acts once.

Every form carries a random key. The key is inserted, with the hash of what was sent, in the same transaction as the
act: the same key and body get the same answer; the same key with another body is refused with the text kept.
"""

import hashlib
import json
import secrets
from datetime import datetime, timedelta
from functools import cache

from flask import Flask, g, redirect, request
from sqlalchemy import Executable, bindparam, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.wrappers import Response

from app.core import clock
from app.core.db import Base, db, insert_or_ignore
from app.core.errors import Conflict
from app.core.i18n import _
from app.core.permissions import me
from app.core.privacy import NOTHING_PERSONAL

FIELD = "_once"
KEPT = timedelta(days=2)


class FormKey(Base):
    """Carries no person and no text: a hash and an address, for two days."""

    __tablename__ = "form_keys"
    __personal__ = NOTHING_PERSONAL

    key: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str]
    sending: Mapped[str]  # random: which of several sendings of the form holds the key
    location: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now, index=True)


def once_key() -> str:
    return secrets.token_urlsafe(16)


def digest() -> str:
    """What was sent, by whom, to where; the tokens of the page apart."""
    fields = sorted((name, text) for name, text in request.form.items(multi=True) if name not in {FIELD, "csrf_token"})
    files = sorted((name, file.filename or "") for name, file in request.files.items(multi=True))
    whole = json.dumps([request.path, getattr(me(), "id", None), fields, files])
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def form_key() -> str | None:
    """The key of the form that was sent, as it is kept: a hash."""
    key = request.form.get(FIELD) if request.method == "POST" else None
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest() if key else None


def claim(key: str, location: str | None = None) -> bool:
    """Take the key; False when this form has acted already. On PostgreSQL this waits for whoever is acting now."""
    g.sending = secrets.token_hex(8)
    fresh = {"key": key, "digest": digest(), "sending": g.sending, "location": location, "created_at": clock.now()}
    return insert_or_ignore(FormKey, fresh, returning=FormKey.id) is not None


def earlier_answer() -> Response | None:
    """The answer this very form already received, or None after claiming its key."""
    key = form_key()
    return None if key is None or claim(key) else answer_again(key)


def answer_again(key: str) -> Response:
    known = db.scalars(select(FormKey).where(FormKey.key == key)).one()
    if known.digest != digest():
        raise Conflict(_("Ce formulaire a déjà servi. Votre texte est ci-dessous : rechargez la page pour l’envoyer à nouveau."))
    g.permission_checked = True  # nothing is done: the first sending asked
    return redirect(known.location or request.path, 303)


def remember(response: Response) -> Response:
    """Keep where the act led, so that a second click leads there too.

    A view that worked with no transaction open (`apart`) undid the claim: it is made again here, in the transaction
    of the act. If the same form was sent meanwhile and acted, this act is undone and its answer given.
    """
    key = form_key()
    if key is None or response.status_code >= 400:
        return response
    where = {"claimed": key, "by": g.sending, "led_to": response.location}
    if db.scalar(keep_location(), where) is None and not claim(key, response.location):
        db.rollback()
        return answer_again(key)
    return response


@cache
def keep_location() -> Executable:
    table = FormKey.metadata.tables[FormKey.__tablename__]
    held = update(table).where(table.c.key == bindparam("claimed"), table.c.sending == bindparam("by"))
    return held.values(location=bindparam("led_to")).returning(table.c.id)


def forget_old() -> None:
    db.execute(delete(FormKey).where(FormKey.created_at < clock.now() - KEPT))


def init_app(app: Flask) -> None:
    app.add_template_global(once_key)
