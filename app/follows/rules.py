"""A saved search is its owner's alone. Whoever holds the address of a feed, or the link of a letter, may use it."""

from app.accounts.rules import confirmed, signed_in
from app.core.permissions import Predicate, anyone, member, rule

owner = Predicate(lambda person, thing: not person.is_anonymous and thing.person_id == person.id)

rule("saved_search.create", member & confirmed)
rule("saved_search.list", signed_in)
rule("saved_search.read", owner)
rule("saved_search.stop", anyone)
