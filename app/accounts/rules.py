"""Who may do what with an account, and the predicates about people that every other feature composes.

A power is asked of a thing: the territory it concerns is the thing's own if it is a territory, else its `territory_id`;
none of either is the region. Roles do not flow down the tree of territories.
"""

from typing import Any

from app.accounts.models import TERRITORIAL, Person, RoleName
from app.core.permissions import Predicate, anyone, member, rule
from app.territories.models import Territory


def place(thing: Any) -> int | None:
    """The territory a thing concerns; None is the region."""
    return thing.id if isinstance(thing, Territory) else getattr(thing, "territory_id", None)


confirmed = Predicate(lambda person, thing: person.is_confirmed)
citizen = member & confirmed  # who may post


def region(*names: RoleName) -> Predicate:
    """Holds one of these regional roles, whatever the thing."""
    return citizen & Predicate(lambda person, thing: any(person.has_role(name) for name in names))


def local(*names: RoleName) -> Predicate:
    """Holds one of these roles in the very territory of the thing."""

    def ask(person: Any, thing: Any) -> bool:
        here = place(thing)
        return here is not None and any(person.has_role(name, here) for name in names)

    return citizen & Predicate(ask)


regional_thing = Predicate(lambda person, thing: place(thing) is None)

curator = region(RoleName.CURATOR)
evaluator = region(RoleName.EVALUATOR)
administrator = region(RoleName.ADMINISTRATOR)
of_the_region = regional_thing & (curator | administrator)  # what belongs to no territory is the regional team's work

moderator_of = local(RoleName.MODERATOR) | of_the_region
manager_of = local(RoleName.MANAGER) | of_the_region
elected_of = local(RoleName.ELECTED)
team_of = local(*TERRITORIAL) | of_the_region

oneself = Predicate(lambda person, thing: isinstance(thing, Person) and not person.is_anonymous and person.id == thing.id)
signed_in = Predicate(lambda person, thing: not person.is_anonymous)  # suspended or not: their data and their door out stay theirs
open_account = Predicate(lambda person, thing: thing.closed_at is None)

# A territory's manager invites its team; the region's roles, and any territory without a manager, are the administrator's.
inviter = local(RoleName.MANAGER) | administrator

rule("account.log_in", anyone)
rule("account.log_out", anyone)
rule("account.register", anyone)
rule("account.own", signed_in)
rule("account.edit_profile", member)
rule("person.read", open_account)
rule("person.find", administrator)
rule("person.suspend", administrator & ~oneself)
rule("team.edit", inviter)  # asked of the territory, or of None for the region
rule("territory.edit", local(RoleName.MANAGER) | administrator)
rule("territory.create", administrator)
