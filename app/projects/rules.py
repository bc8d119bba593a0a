"""Who may do what with a project."""

from app.accounts.rules import manager_of
from app.contents.rules import staff_reader
from app.core.permissions import rule

rule("project.read", staff_reader)
rule("project.create", manager_of)  # asked of the territory
rule("project.edit", manager_of)
