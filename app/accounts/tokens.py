"""Links sent by e-mail: made, signed, read back, used once.

`Token.nonce` is all that is stored and all that the letter's row holds. The link is `nonce.signature`, the signature
being made with the secret key and the purpose when the letter is written out.
"""

import hmac
from datetime import timedelta
from hashlib import sha256

from flask import Flask, current_app
from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from app.accounts.models import Token, TokenPurpose
from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.core.worker import every

LIVES = {
    TokenPurpose.CONFIRM: timedelta(days=2),
    TokenPurpose.RESET: timedelta(hours=1),
    TokenPurpose.CHANGE_EMAIL: timedelta(hours=1),
    TokenPurpose.INVITE: timedelta(days=7),
    TokenPurpose.FIRST_ADMINISTRATOR: timedelta(days=1),
}
PAGES = {
    TokenPurpose.CONFIRM: "accounts.confirm",
    TokenPurpose.RESET: "accounts.reset",
    TokenPurpose.CHANGE_EMAIL: "accounts.confirm_email",
    TokenPurpose.INVITE: "accounts.accept",
    TokenPurpose.FIRST_ADMINISTRATOR: "accounts.first_administrator",
}


def issue(purpose: TokenPurpose, **about) -> Token:
    """A new link of this purpose. For a person, the earlier ones of the same purpose stop working."""
    if about.get("person_id"):
        revoke(about["person_id"], purpose)
    token = Token(purpose=purpose, expires_at=clock.now() + LIVES[purpose], **about)
    db.add(token)
    db.flush()
    return token


def revoke(person_id: int, *purposes: TokenPurpose) -> None:
    query = update(Token).where(Token.person_id == person_id, Token.used_at.is_(None)).values(used_at=clock.now())
    db.execute((query.where(Token.purpose.in_(purposes)) if purposes else query).execution_options(synchronize_session=False))


def signature(purpose: str, nonce: str) -> str:
    key = f"beffroi token {current_app.config['SECRET_KEY']}".encode()
    return hmac.new(key, f"{purpose}|{nonce}".encode(), sha256).hexdigest()[:40]


def path(purpose: TokenPurpose | str, nonce: str) -> str:
    """The address to open, without the host. Templates of letters call it as `link_path`."""
    purpose = TokenPurpose(purpose)
    addresses = current_app.url_map.bind("localhost")  # no request is needed: letters are written by the worker
    return addresses.build(PAGES[purpose], {"token": f"{nonce}.{signature(purpose, nonce)}"})


def read(purpose: TokenPurpose, given: str) -> Token:
    """The token of this link if it still works, else NotFound: used, expired, forged and never issued look the same."""
    nonce, _, signed = given.rpartition(".")
    if not (given.isascii() and hmac.compare_digest(signature(purpose, nonce), signed)):
        raise NotFound
    query = select(Token).where(Token.nonce == nonce, Token.purpose == purpose, Token.used_at.is_(None), Token.expires_at > clock.now())
    token = db.scalars(query.options(joinedload(Token.territory))).one_or_none()
    if token is None:
        raise NotFound
    return token


def use(token: Token) -> None:
    """Once: of two who come together, the second finds nothing."""
    used = update(Token).where(Token.id == token.id, Token.used_at.is_(None)).values(used_at=clock.now()).returning(Token.id)
    if db.scalar(used.execution_options(synchronize_session=False)) is None:
        raise NotFound


@every(minutes=60)
def forget_old_tokens() -> None:
    """A link that no longer works is kept a month, to answer questions, and goes."""
    db.execute(delete(Token).where(Token.expires_at < clock.from_now(days=-30)).execution_options(synchronize_session=False))


def init_app(app: Flask) -> None:
    app.add_template_global(path, "link_path")
