"""Everyone of the demonstration, and how they log in."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from app.accounts import passwords, team
from app.accounts.models import Identity, Person, RoleName
from app.accounts.services import create_person
from app.contents.models import Mandate
from app.core.db import db
from app.core.i18n import _, _l
from app.demo.places import OPENING
from app.demo.story import Story
from app.territories.models import Territory

PASS_PHRASE = "trois cloches sonnent midi"  # noqa: S105 - the same for all, shown at the start with --demo; never in public
WAITING = "!"  # until the hash is there: matches nothing
FIRST = "nadine-caron"  # she opens the region, and gives the others their roles
DOMAIN = "@beffroi.example"

POWERS = {
    RoleName.ADMINISTRATOR: _l("administre la région"),
    RoleName.CURATOR: _l("publie les fiches du catalogue, modère ce qui est régional"),
    RoleName.EVALUATOR: _l("évalue les projets"),
    RoleName.MANAGER: _l("prépare projets, consultations et débats"),
    RoleName.MODERATOR: _l("modère"),
    RoleName.ELECTED: _l("siège au conseil, répond aux habitants"),
}


def plan(story: Story) -> None:
    rows = story.read("people.toml")["people"]
    for row in sorted(rows, key=lambda row: row["key"] != FIRST):
        moment = story.start_of(OPENING) if row["key"] == FIRST else story.moment(OPENING + 1, row["key"])
        story.plan(moment, arrive, row)


def arrive(story: Story, row: dict[str, Any]) -> None:
    person = create_person(name=row["name"], email=row["email"], password_hash=WAITING, bio=row["bio"])
    story.people[row["key"]] = person
    giver = story.people[FIRST]
    for held in row["roles"]:
        place = story.places[held["territory"]].id if "territory" in held else None
        team.give_role(person, RoleName(held["role"]), territory_id=place, by_id=giver.id if giver is not person else None)
    if not row["roles"]:
        story.citizens.append((person.id, row.get("home", "")))


@contextmanager
def passwords_meanwhile() -> Iterator[None]:
    """Argon2 is slow on purpose: one hash for all, made beside the story, given to everyone at its end."""
    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(copy_context().run, passwords.hashed, PASS_PHRASE)
        yield
        db.execute(update(Identity).where(Identity.password_hash == WAITING).values(password_hash=making.result()))


def log_ins() -> list[tuple[str, str, str]]:
    """(name, address, what they can do): those with a role first, then the citizens; all with the same pass-phrase."""
    query = (
        select(Person)
        .join(Identity)
        .where(Identity.email.like(f"%{DOMAIN}"))
        .options(joinedload(Person.identity), joinedload(Person.roles))
        .order_by(Person.id)
    )
    names = dict(db.execute(select(Territory.id, Territory.short_name)).all())
    watched = set(db.scalars(select(Mandate.person_id)))
    found = [(person, powers_of(person, names, person.id in watched)) for person in db.scalars(query).unique()]
    order = [*RoleName][::-1]  # the region's powers first
    found.sort(key=lambda one: (min((order.index(role.name) for role in one[0].roles), default=len(order)), one[0].id not in watched))
    return [(person.name, person.identity.email, powers) for person, powers in found if person.identity]


def powers_of(person: Person, names: dict[int, str], is_garant: bool) -> str:
    """« Tourcoing : modère ; région : … »."""
    by_place: dict[int | None, list[str]] = {}
    for role in sorted(person.roles, key=lambda role: role.id):
        by_place.setdefault(role.territory_id, []).append(str(POWERS[role.name]))
    said = [f"{names[place]}\u00a0: {', '.join(words)}" if place else ", ".join(words) for place, words in by_place.items()]
    if is_garant:
        said.append(_("garante d’un projet, lit tout et ne décide rien"))
    return "\u202f; ".join(said) or _("participe")
