"""Who may do what with a consultation."""

from app.accounts.rules import citizen, manager_of
from app.contents.rules import staff_reader
from app.core.permissions import rule


def declare() -> None:
    rule("consultation.read", staff_reader)
    rule("consultation.propose", citizen)
    rule("consultation.create", manager_of)  # asked of the territory
    rule("consultation.edit", manager_of)
