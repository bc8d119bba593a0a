"""Who may propose, read, confirm and lift. Never the person concerned; never one person alone.

A territory's sanctions are its moderators' and managers'. The region's are proposed by an administrator. Where a team is too
small for two people, an administrator of the region is the second reader.
"""

from app.accounts.models import RoleName
from app.accounts.rules import administrator, local, of_the_region, regional_thing, signed_in
from app.core.permissions import Predicate, rule

team = local(RoleName.MODERATOR, RoleName.MANAGER)
proposer = team | (regional_thing & administrator)
second = team | of_the_region | administrator

concerned = Predicate(lambda person, thing: not person.is_anonymous and person.id == getattr(thing, "person_id", None))
proposed_it = Predicate(lambda person, sanction: person.id == sanction.proposed_by_id)

rule("sanction.propose", proposer)  # asked of the place
rule("sanction.read", second & ~concerned)  # asked of the place, or of a sanction
rule("sanction.answer", second & ~concerned & ~proposed_it)
rule("sanction.lift", second & ~concerned)
rule("own_sanction.read", signed_in & concerned)
