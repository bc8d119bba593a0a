"""Who may do what with a debate. Who argues, replies and votes in one is said in comments."""

from app.accounts.rules import manager_of
from app.contents.rules import staff_reader
from app.core.permissions import rule


def declare() -> None:
    rule("debate.read", staff_reader)
    rule("debate.create", manager_of)  # asked of the territory
    rule("debate.edit", manager_of)
