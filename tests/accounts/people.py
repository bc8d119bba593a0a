"""What the tests of accounts share."""

import re

from sqlalchemy import select

from app.accounts import passwords, services, tokens
from app.accounts.models import Identity, Person, Token, TokenPurpose
from app.core.db import db
from app.core.mail import MailMessage

PHRASE = "la brique rouge du nord"
OTHER = "quatre moulins sous la pluie"


def make_account(email="marie@example.org", password=PHRASE, name="Marie", **values) -> Person:
    """A confirmed person who can log in with a password."""
    person = services.create_person(name=name, email=email, password_hash=passwords.hashed(password), **values)
    db.commit()
    return person


def log_in(client, email="marie@example.org", password=PHRASE, **more):
    return client.post("/compte/connexion", data={"email": email, "password": password, **more})


def without_keys(response) -> str:
    """The page, without the random keys of its forms."""
    return re.sub(r'name="(_once|csrf_token)"[^>]* value="[^"]+"', "", response.text)


def is_in(client) -> bool:
    return client.get("/compte/").status_code == 200


def cookie_of(client) -> str:
    return client.get_cookie("beffroi").value


def with_cookie(app, value):
    other = app.test_client()
    other.set_cookie("beffroi", value)
    return other


def letters(to=None) -> list[str]:
    query = select(MailMessage.template).order_by(MailMessage.id)
    return list(db.scalars(query.where(MailMessage.to_address == to) if to else query))


def last_token(purpose) -> Token:
    return db.scalars(select(Token).where(Token.purpose == TokenPurpose(purpose)).order_by(Token.id.desc())).first()


def link(purpose) -> str:
    """The address in the last letter of this purpose."""
    token = last_token(purpose)
    return tokens.path(token.purpose, token.nonce)


def identity_of(person) -> Identity:
    return db.scalars(select(Identity).where(Identity.person_id == person.id)).one()
