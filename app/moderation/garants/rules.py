"""Who reads for a mandate: its holder, while it runs. There is nothing else to allow: the garant decides nothing."""

from app.accounts.rules import citizen
from app.contents.queries import holds_mandate
from app.core.permissions import Predicate, rule

rule("mandate.read", citizen & Predicate(lambda person, project: holds_mandate(person, project.id)))
rule("mandates.read", citizen)  # their own list, empty for most
