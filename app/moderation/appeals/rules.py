"""Who may contest, and who answers: somebody of the team who had no hand in it. Where nobody is left, the region's administrator."""

from app.accounts.models import RoleName
from app.accounts.rules import administrator, local, of_the_region, signed_in
from app.core.permissions import Predicate, anyone, rule

reader = local(RoleName.MODERATOR, RoleName.MANAGER) | of_the_region | administrator
restricted = Predicate(lambda person, act: person.id is not None and person.id == act.restricts_id)
had_a_hand = Predicate(lambda person, act: person.id in act.hands)

rule("appeal.by_link", anyone)  # the link is signed: it is the permission
rule("own_appeal.read", signed_in & restricted)  # asked of an act: suspended or not
rule("appeal.read", reader)  # asked of the place, or of an appeal
rule("appeal.answer", reader & ~had_a_hand)  # asked of the act
