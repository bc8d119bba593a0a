"""Powers: invited, given, withdrawn; accounts suspended. Each of these acts is in the register, or does not happen."""

from datetime import datetime

from sqlalchemy import select

from app.accounts import events, letters, passwords, queries, rules, services, sessions, tokens
from app.accounts.models import REGIONAL, TERRITORIAL, Person, Role, RoleName, Token, TokenPurpose
from app.audit import services as audit
from app.core import clock, mail, stamps
from app.core.db import apart, db
from app.core.errors import DomainError, NotFound
from app.core.i18n import _
from app.core.text import tidy
from app.territories.models import Territory


def invite(*, email: str, role: RoleName, territory: Territory | None, by: Person) -> Token:
    """Offer a role by letter, for seven days. What the address already has or not changes nothing here."""
    address = mail.one_address(email)
    if role not in (TERRITORIAL if territory else REGIONAL):
        raise DomainError(_("Ce rôle n’existe pas ici."), field="role")
    if mail.sent_today(address, "invite") >= mail.PER_ADDRESS_A_DAY:
        raise DomainError(_("Cette adresse a déjà reçu trois invitations aujourd’hui. Attendez demain."), field="email")
    for earlier in queries.invitations_to(territory.id if territory else None):
        if earlier.email == address and earlier.role == role:
            tokens.use(earlier)
    token = tokens.issue(TokenPurpose.INVITE, email=address, role=role, territory_id=territory.id if territory else None, by_id=by.id)
    place = territory.name if territory else ""
    mail.send("invite", address, by_name=by.name, role=role.value, place=place, **letters.link(token))
    return token


def cancel_invitation(token: Token) -> None:
    tokens.use(token)


def read_offer(purpose: TokenPurpose, link: str) -> Token:
    """The offer behind the link, if whoever made it could still make it today."""
    token = tokens.read(purpose, link)
    if purpose == TokenPurpose.FIRST_ADMINISTRATOR:
        if queries.administrators():
            raise NotFound
    else:
        by = db.scalars(select(Person).where(Person.id == token.by_id).options(queries.joinedload(Person.roles))).unique().one_or_none()
        if by is None or by.closed_at or not rules.inviter(by, token.territory):
            raise NotFound
    return token


def accept(purpose: TokenPurpose, link: str, person: Person) -> None:
    """Take the role offered, with the account one has. An invitation is for the address it was sent to, and no other."""
    token = read_offer(purpose, link)
    if token.email and queries.get_identity(person.id).email != token.email:
        raise DomainError(_("Cette invitation a été envoyée à une autre adresse que la vôtre. Déconnectez-vous, puis rouvrez le lien."))
    tokens.use(token)
    person.confirmed_at = person.confirmed_at or clock.now()
    assert token.role is not None
    give_role(person, token.role, territory_id=token.territory_id, by_id=token.by_id)


def accept_as_new(purpose: TokenPurpose, link: str, *, name: str, password: str, email: str = "") -> Person:
    """Take the role offered, with an account made for it. The link proves the address; the first administrator types theirs."""
    token = read_offer(purpose, link)
    address = token.email or mail.one_address(email)
    name = services.checked_name(name)
    passwords.check_new(password, about=(name, address.split("@")[0]))
    with apart():
        password_hash = passwords.hashed(password)
    token = read_offer(purpose, link)
    known = queries.find_identity(address)
    if known is not None and known.person.is_confirmed:
        raise DomainError(_("Vous avez déjà un compte : connectez-vous, puis rouvrez ce lien."))
    tokens.use(token)
    if known is not None:  # registered once and never confirmed: it was nobody's
        known.password_hash, known.person.name, known.person.confirmed_at = password_hash, name, clock.now()
        tokens.revoke(known.person_id)
        person = known.person
    else:
        person = services.create_person(name=name, email=address, password_hash=password_hash)
    assert token.role is not None
    give_role(person, token.role, territory_id=token.territory_id, by_id=token.by_id)
    return person


def give_role(person: Person, role: RoleName, *, territory_id: int | None, by_id: int | None) -> None:
    """Give a role; nothing happens to one already held. Open sessions end: what the person may do begins with a new one."""
    if person.has_role(role, territory_id):
        return
    person.roles.append(Role(name=role, territory_id=territory_id, given_by_id=by_id))
    db.flush()
    audit.record(
        "role.given", subject=f"person:{person.id}", actor_id=by_id, territory_id=territory_id, detail={"role": RoleName(role).value}
    )
    roles_moved(person, territory_id)


def withdraw_role(role: Role, *, by: Person) -> None:
    """Take a role back, at once and everywhere."""
    person = role.person
    if role.name == RoleName.ADMINISTRATOR and queries.administrators() < 2:
        raise DomainError(_("C’est le seul compte qui administre la région. Donnez d’abord ce rôle à une autre personne."))
    person.roles.remove(role)
    db.flush()
    audit.record(
        "role.withdrawn",
        subject=f"person:{person.id}",
        actor_id=by.id,
        territory_id=role.territory_id,
        detail={"role": RoleName(role.name).value},
    )
    roles_moved(person, role.territory_id)


def roles_moved(person: Person, territory_id: int | None) -> None:
    sessions.end_all(person)
    stamps.bump("region", *([f"territory:{territory_id}"] if territory_id else []))
    events.roles_changed.send(person)


URGENT_DAYS = 30


def suspend(person: Person, *, by: Person, reason: str, until: datetime | None = None) -> None:
    """Stop someone at once, for 30 days unless told otherwise: a threat at night cannot wait for a second reader.

    Who listens to `person_suspended` writes the statement of reasons and the letter, and asks somebody else to confirm.
    """
    reason = tidy(reason)
    until = until or clock.from_now(days=URGENT_DAYS)
    if not reason:
        raise DomainError(_("Écrivez la raison : la personne la recevra."), field="reason")
    if until <= clock.now():
        raise DomainError(_("Choisissez une date à venir."), field="until")
    if person.has_role(RoleName.ADMINISTRATOR) and queries.administrators() < 2:
        raise DomainError(_("C’est le seul compte qui administre la région."))
    hold(person, by=by, reason=reason, until=until)
    events.person_suspended.send(person, by=by, reason=reason, until=until)


def hold(person: Person, *, by: Person, reason: str, until: datetime | None) -> None:
    """End every session and every power to write. The person may still log in, read, and take their data."""
    person.suspended_at, person.suspended_until, person.suspension_reason = clock.now(), until, reason
    sessions.end_all(person)
    tokens.revoke(person.id)
    audit.record(
        "person.suspended",
        subject=f"person:{person.id}",
        actor_id=by.id,
        detail={"until": until.isoformat() if until else None},
        personal={"reason": reason},
        person_id=person.id,
    )


def lift_suspension(person: Person, *, by: Person) -> None:
    """The person may write again, and is told."""
    if person.suspended_at is None:
        return
    free(person, by=by)
    db.flush()
    if person.is_confirmed:
        mail.send("suspension_lifted", queries.get_identity(person.id).email, person_id=person.id, name=person.name)
    events.suspension_lifted.send(person, by=by)


def free(person: Person, *, by: Person) -> None:
    person.suspended_at, person.suspended_until, person.suspension_reason = None, None, ""
    audit.record("person.suspension_lifted", subject=f"person:{person.id}", actor_id=by.id)
