"""Idempotent forms: a form rendered once acts once.

Every form carries a random key. The key is inserted, with the hash of what was sent, in the same transaction as the
act: the same key and body get the same answer; the same key with another body is refused with the text kept.
"""

import hashlib
import json
import secrets
from datetime import datetime, timedelta

from flask import Flask, Response, g, redirect, request
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

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


def earlier_answer() -> Response | None:
    """The answer this very form already received, or None after claiming its key."""
    if request.method != "POST" or not (key := request.form.get(FIELD, ""))[:64]:
        return None
    key = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    sent = digest()
    if insert_or_ignore(FormKey, {"key": key, "digest": sent, "created_at": clock.now()}, returning=FormKey.id) is not None:
        return None
    known = db.scalars(select(FormKey).where(FormKey.key == key)).one()
    if known.digest != sent:
        raise Conflict(_("Ce formulaire a déjà servi. Votre texte est ci-dessous : rechargez la page pour l’envoyer à nouveau."))
    g.permission_checked = True  # nothing is done: the first sending asked
    return redirect(known.location or request.path, 303)


def remember(response: Response) -> None:
    """Keep where the act led, so that a second click leads there too."""
    if request.method == "POST" and (key := request.form.get(FIELD)) and response.status_code < 400:
        key = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        db.execute(update(FormKey).where(FormKey.key == key).values(location=response.location))


def forget_old() -> None:
    db.execute(delete(FormKey).where(FormKey.created_at < clock.now() - KEPT))


def init_app(app: Flask) -> None:
    app.add_template_global(once_key)
