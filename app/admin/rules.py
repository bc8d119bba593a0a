"""Who may see the door of the back office: whoever may do something behind it."""

from app.admin.menus import may_enter
from app.core.permissions import Predicate, rule

rule("admin.enter", Predicate(lambda person, thing: may_enter(person)))
