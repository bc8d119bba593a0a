"""Who may do what with links. Each kind says who may link one; its territory's team, or the region's curators, answer for it."""

from app.accounts.rules import citizen, curator, manager_of, moderator_of
from app.core.permissions import Predicate, can, rule
from app.related import registry

may_link = Predicate(lambda person, thing: (name := registry.permission_of(thing.kind)) is not None and can(name, thing, person))
regional_kind = Predicate(lambda person, thing: thing.kind in registry.regional())
team = manager_of | moderator_of

rule("link.write", may_link)  # asked of one end: propose, or make where both are one's own
rule("link.answer", may_link & (team | (curator & regional_kind)))  # asked of the end that was asked
rule("link.desk", team)  # asked of the territory, or of None for the region
rule("elsewhere.ask", citizen)
