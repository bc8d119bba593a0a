"""Everyone of the demonstration, and how they log in."""

from typing import Any

from sqlalchemy import select
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

PASS_PHRASE = "trois cloches sonnent midi"  # the same for all, shown at the start with --demo; never in public
FIRST = "nadine-caron"  # she opens the region, and gives the others their roles
DOMAIN = "@beffroi.example"

POWERS = {
    RoleName.ADMINISTRATOR: _l("ouvre les territoires, nomme leurs responsables, lit le registre"),
    RoleName.CURATOR: _l("relit et publie les fiches du catalogue, modère ce qui est régional"),
    RoleName.EVALUATOR: _l("évalue les projets"),
    RoleName.MANAGER: _l("prépare projets, consultations et débats à %(place)s, nomme l’équipe"),
    RoleName.MODERATOR: _l("modère à %(place)s"),
    RoleName.ELECTED: _l("répond au nom de %(place)s"),
}


def plan(story: Story) -> None:
    password_hash = passwords.hashed(PASS_PHRASE)  # once: argon2 is slow on purpose
    rows = story.read("people.toml")["people"]
    for row in sorted(rows, key=lambda row: row["key"] != FIRST):
        moment = story.start_of(OPENING) if row["key"] == FIRST else story.moment(OPENING + 1, row["key"])
        story.plan(moment, lambda row=row: arrive(story, row, password_hash))


def arrive(story: Story, row: dict[str, Any], password_hash: str) -> None:
    person = create_person(name=row["name"], email=row["email"], password_hash=password_hash, bio=row["bio"])
    story.people[row["key"]] = person
    giver = story.people[FIRST]
    for held in row["roles"]:
        place = story.places[held["territory"]].id if "territory" in held else None
        team.give_role(person, RoleName(held["role"]), territory_id=place, by_id=giver.id if giver is not person else None)
    if not row["roles"]:
        story.citizens.append(person)


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
    found.sort(key=lambda one: (not one[0].roles, one[0].id not in watched))
    return [(person.name, person.identity.email, powers) for person, powers in found if person.identity]


def powers_of(person: Person, names: dict[int, str], is_garant: bool) -> str:
    words = [str(POWERS[role.name]) % {"place": names.get(role.territory_id, "")} for role in sorted(person.roles, key=lambda role: role.id)]
    if is_garant:
        words.append(_("garante d’un projet : lit tout, ne décide rien"))
    return _(", ").join(words) or _("participe")
