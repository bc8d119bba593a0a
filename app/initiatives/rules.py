"""Who may do what with the catalogue: territories document, curators publish."""

from app.accounts.models import RoleName
from app.accounts.rules import citizen, curator, manager_of, moderator_of
from app.contents.rules import author, public, staff_reader
from app.core.permissions import Predicate, rule
from app.initiatives.models import Step

works_somewhere = citizen & Predicate(lambda person, thing: bool(person.territories_as(RoleName.MANAGER, RoleName.MODERATOR)))
not_published = Predicate(lambda person, thing: thing.step != Step.PUBLISHED)
territory_team = manager_of | moderator_of
writer = citizen & author  # a suspended person keeps what they wrote, and writes no more


rule("sheet.read", public | staff_reader | curator)
rule("sheet.create", curator | works_somewhere)
rule("sheet.create_here", curator | territory_team)  # asked of the territory it is written for
rule("sheet.edit", curator | ((writer | territory_team) & not_published))
rule("sheet.propose", curator | writer | territory_team)
rule("sheet.publish", curator)
rule("sheet.link", curator | writer | territory_team)
rule("catalogue.curate", curator)
