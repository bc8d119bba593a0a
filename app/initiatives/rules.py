"""Who may do what with the catalogue: territories document, citizens report, curators publish."""

from app.accounts.models import RoleName
from app.accounts.rules import citizen, curator, manager_of, moderator_of
from app.contents.models import State, Voice
from app.contents.rules import author, public, staff_reader
from app.core.permissions import Predicate, rule
from app.initiatives.models import Step

works_somewhere = citizen & Predicate(lambda person, thing: bool(person.territories_as(RoleName.MANAGER, RoleName.MODERATOR)))
in_the_making = Predicate(lambda person, thing: thing.step in {Step.DRAFT, Step.PROPOSED, Step.REVIEW})
due = Predicate(lambda person, thing: thing.is_due)  # published, and its review date is reached: who wrote it may bring it up to date
# The state first: elsewhere than in the catalogue, a sheet is loaded without the columns of its kind.
archived = Predicate(lambda person, thing: thing.state == State.ARCHIVED and thing.step == Step.ARCHIVED)
reported = Predicate(lambda person, thing: thing.voice == Voice.CITIZEN)  # by a citizen, in the plain form
territory_team = manager_of | moderator_of
writer = citizen & author  # a suspended person keeps what they wrote, and writes no more
agent_writer = writer & ~reported


rule("sheet.read", public | staff_reader | curator | archived)
rule("sheet.suggest", citizen)
rule("sheet.create", curator | works_somewhere)
rule("sheet.create_here", curator | territory_team)  # asked of the territory it is written for
rule("sheet.edit", curator | ((agent_writer | territory_team) & (in_the_making | due)))
rule("sheet.complete", writer & reported & in_the_making)  # a citizen, what they reported, by the plain form
rule("sheet.propose", curator | writer | territory_team)
rule("sheet.discuss", curator | writer | territory_team)  # remarks, answers, versions, what is missing
rule("sheet.contacts", curator | works_somewhere)  # an agent of any territory may call the one who has done it
rule("sheet.publish", curator)
rule("sheet.link", curator | agent_writer | territory_team)
rule("catalogue.curate", curator)
rule("vocabulary.edit", curator)
