"""Who may take a decision back: who took it, where they still moderate."""

from app.accounts.rules import moderator_of
from app.core.permissions import Predicate, rule

taken_by = Predicate(lambda person, decision: not person.is_anonymous and decision.by_id == person.id)

rule("decision.undo", taken_by & Predicate(lambda person, decision: moderator_of(person, decision.content)))
rule("desk.own", Predicate(lambda person, places: bool(places)))  # asked of the places where the person moderates
