"""An account's life: made, confirmed, entered, changed. Nothing here, nor its duration, tells a stranger whether an address is known."""

from collections.abc import Iterable, Sequence

from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.accounts import letters, passwords, queries, sessions, tokens
from app.accounts.models import Identity, Person, Role, RoleName, Token, TokenPurpose
from app.core import clock, mail, outbox, stamps
from app.core.db import apart, db, transaction
from app.core.errors import DomainError, NotFound
from app.core.i18n import _
from app.core.logs import log
from app.core.text import one_line, tidy
from app.core.worker import every

NAME_LIMIT, BIO_LIMIT = 60, 500  # signs


def checked_name(name: str) -> str:
    name = one_line(name)
    if len(name) < 2:
        raise DomainError(_("Écrivez le nom que les autres verront : 2 signes au moins."), field="name")
    if len(name) > NAME_LIMIT:
        raise DomainError(_("%(n)s signes au plus.", n=NAME_LIMIT), field="name")
    return name


def create_person(
    *,
    name: str,
    email: str,
    password_hash: str,
    bio: str = "",
    confirmed: bool = True,
    roles: Iterable[tuple[RoleName | str, int | None]] = (),
) -> Person:
    """A person with their identity; `roles` are (name, territory id or None) pairs. For imports, the demonstration, and what follows."""
    person = Person(name=name, bio=bio, confirmed_at=clock.now() if confirmed else None)
    person.roles = [Role(name=RoleName(role), territory_id=territory_id) for role, territory_id in roles]
    person.identity = Identity(email=email, password_hash=password_hash)
    db.add(person)
    db.flush()
    return person


def register(*, name: str, email: str, password: str, then: str = "") -> None:
    """Make an account and write to the address. A known address is told so by letter, nobody else is.
    `then`: a path of ours, where the person was going.

    An account nobody confirmed belongs to nobody: the last who registers gives it its name and password.
    """
    name, address = checked_name(name), mail.one_address(email)
    passwords.check_new(password, about=(name, address.split("@")[0]))
    with apart():
        password_hash = passwords.hashed(password)
    known = queries.find_identity(address)
    if known is None:
        try:
            with db.begin_nested():
                person = create_person(name=name, email=address, password_hash=password_hash, confirmed=False)
        except IntegrityError:  # registered by another request since we looked
            known = queries.find_identity(address)
            if known is None:
                raise
    if known is not None:
        person = known.person
        if person.is_confirmed:
            letters.offer("already_registered", address, person_id=person.id, name=person.name)
            return
        person.name, known.password_hash = name, password_hash
        sessions.end_all(person)
    token = tokens.issue(TokenPurpose.CONFIRM, person_id=person.id, email=address)
    letters.offer("confirm", address, person_id=person.id, next=then, **letters.link(token))


@every(minutes=24 * 60)
def forget_unconfirmed() -> None:
    """A registration that nobody confirmed within a week leaves nothing: the address may be someone else's."""
    old = select(Person.id).where(Person.confirmed_at.is_(None), Person.closed_at.is_(None), Person.created_at < clock.from_now(days=-7))
    for person_id in db.scalars(old).all():
        try:
            with db.begin_nested():
                db.execute(delete(Person).where(Person.id == person_id).execution_options(synchronize_session=False))
        except IntegrityError:  # something points to it: it is not one of these registrations
            log.warning("an unconfirmed account is in use", person=person_id)


def confirm(link: str, password: str) -> Person:
    """Confirm the address. The password is asked: a stranger may have registered it, and waits for its owner to click."""
    token = tokens.read(TokenPurpose.CONFIRM, link)
    known = queries.get_identity(token.person_id or 0).password_hash
    with apart():
        good = passwords.matches(known, password)
    token = tokens.read(TokenPurpose.CONFIRM, link)
    identity = queries.get_identity(token.person_id or 0)
    if not good or identity.password_hash != known or identity.email != token.email:
        raise DomainError(_("Ce n’est pas le mot de passe choisi à l’inscription."), field="password")
    tokens.use(token)
    identity.person.confirmed_at = clock.now()
    db.flush()
    return identity.person


def check_credentials(email: str, password: str) -> Person:
    """The person who logs in, with their roles, or one refusal for all reasons, after the same time."""
    try:
        address = mail.one_address(email)
    except DomainError:
        address = ""
    identity = queries.find_identity(address)
    known = identity.password_hash if identity else None
    with apart():
        good = passwords.matches(known, password)
    identity = queries.find_identity(address)
    if not good or identity is None or identity.password_hash != known or not identity.person.is_confirmed or identity.person.closed_at:
        raise DomainError(
            _(
                "L’adresse et le mot de passe ne vont pas ensemble, ou l’adresse n’est pas encore confirmée. "
                "Ouvrez le lien reçu par courriel, ou demandez un nouveau mot de passe."
            )
        )
    return identity.person


def check_password(person_id: int, password: str, *, field: str = "current_password") -> Identity:
    """The identity of someone logged in who gives their password again. Ends the transaction and begins another."""
    known = queries.get_identity(person_id).password_hash
    with apart():
        good = passwords.matches(known, password)
    identity = queries.get_identity(person_id)
    if not good or identity.password_hash != known:
        raise DomainError(_("Ce n’est pas votre mot de passe actuel."), field=field)
    return identity


# --- Forgotten, changed ------------------------------------------------------------------------------------------------


def request_reset(email: str) -> None:
    """Ask for a link to choose a new password. The request does the same work for every address: the worker looks it up."""
    token = tokens.issue(TokenPurpose.RESET, email=mail.one_address(email))
    outbox.enqueue("password_reset", token.id)


@outbox.handles("password_reset")
def send_resets(keys: Sequence[str]) -> None:
    for key in keys:
        with transaction():
            token = db.get(Token, int(key))
            if token is None or token.person_id or token.used_at:
                continue
            identity = queries.find_identity(token.email)
            if identity is None or identity.person.closed_at:
                db.delete(token)
                continue
            tokens.revoke(identity.person_id, TokenPurpose.RESET)
            token.person_id, token.expires_at = identity.person_id, clock.now() + tokens.LIVES[TokenPurpose.RESET]
            if not letters.offer("reset", token.email, person_id=identity.person_id, name=identity.person.name, **letters.link(token)):
                token.used_at = clock.now()


def read_reset(link: str) -> Token:
    """The token, if the address it was sent to is still the person's."""
    token = tokens.read(TokenPurpose.RESET, link)
    if token.person_id is None or queries.get_identity(token.person_id).email != token.email:
        raise NotFound
    return token


def reset_password(link: str, password: str) -> Person:
    """Choose a new password with a link: whoever reads the mailbox has confirmed it too. Every session ends."""
    token = read_reset(link)
    identity = queries.get_identity(token.person_id or 0)
    passwords.check_new(password, about=(identity.person.name, identity.email.split("@")[0]), field="new_password")
    with apart():
        password_hash = passwords.hashed(password)
    token = read_reset(link)
    identity = queries.get_identity(token.person_id or 0)
    tokens.use(token)
    identity.person.confirmed_at = identity.person.confirmed_at or clock.now()
    set_password(identity, password_hash)
    return identity.person


def change_password(person_id: int, *, current: str, new: str) -> Person:
    """Every session ends, this one too: the view opens another."""
    identity = queries.get_identity(person_id)
    passwords.check_new(new, about=(identity.person.name, identity.email.split("@")[0]), field="new_password")
    check_password(person_id, current)
    with apart():
        password_hash = passwords.hashed(new)
    identity = queries.get_identity(person_id)
    set_password(identity, password_hash)
    return identity.person


def set_password(identity: Identity, password_hash: str) -> None:
    identity.password_hash = password_hash
    sessions.end_all(identity.person)
    tokens.revoke(identity.person_id, TokenPurpose.RESET, TokenPurpose.CHANGE_EMAIL, TokenPurpose.CONFIRM)
    mail.send("password_changed", identity.email, person_id=identity.person_id, name=identity.person.name)


def request_email_change(person_id: int, *, email: str, current_password: str) -> None:
    """Both addresses are told. The new one receives the link, unless it has an account already: then it is told that."""
    address = mail.one_address(email)
    identity = check_password(person_id, current_password)
    if address == identity.email:
        raise DomainError(_("C’est déjà votre adresse."), field="email")
    token = tokens.issue(TokenPurpose.CHANGE_EMAIL, person_id=person_id, email=address)
    mail.send("email_changing_old", identity.email, person_id=person_id, name=identity.person.name, new_address=address)
    taken = queries.find_identity(address)
    if taken is None:
        letters.offer("email_changing_new", address, person_id=person_id, **letters.link(token))
    else:
        letters.offer("already_registered", address, person_id=taken.person_id, name=taken.person.name)


def read_email_change(person_id: int, link: str) -> Token:
    token = tokens.read(TokenPurpose.CHANGE_EMAIL, link)
    if token.person_id != person_id:
        raise NotFound
    return token


def change_email(person_id: int, link: str) -> Person:
    """The address the link was sent to becomes the person's: the one in the token, whatever was asked since. Every session ends."""
    token = read_email_change(person_id, link)
    tokens.use(token)
    identity = queries.get_identity(person_id)
    old = identity.email
    try:
        with db.begin_nested():
            identity.email = token.email
            db.flush()
    except IntegrityError as error:
        raise DomainError(_("Cette adresse ne peut pas être utilisée.")) from error
    tokens.revoke(person_id)
    sessions.end_all(identity.person)
    mail.send("email_changed", old, person_id=person_id, name=identity.person.name, new_address=token.email)
    return identity.person


def edit_profile(person: Person, *, name: str, bio: str) -> None:
    """What others see from now on; what was signed before keeps its signature."""
    bio = tidy(bio)
    if len(bio) > BIO_LIMIT:
        raise DomainError(_("%(n)s signes au plus.", n=BIO_LIMIT), field="bio")
    before, person.name, person.bio = person.name, checked_name(name), bio
    if person.name != before:
        stamps.bump("region")  # the pages of territories name their team
    db.flush()


# --- The first administrator -------------------------------------------------------------------------------------------


def first_administrator_link() -> str | None:
    """A one-time address to create the first administrator, or None when there is one. Earlier links stop working."""
    if queries.administrators():
        return None
    db.execute(delete(Token).where(Token.purpose == TokenPurpose.FIRST_ADMINISTRATOR))
    token = tokens.issue(TokenPurpose.FIRST_ADMINISTRATOR, role=RoleName.ADMINISTRATOR)
    return current_app.config["BASE_URL"] + tokens.path(token.purpose, token.nonce)
