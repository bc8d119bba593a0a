"""Who may take sheets in: the curators. What is given away is public."""

from app.accounts.rules import curator
from app.core.permissions import anyone, rule

rule("catalogue.read", anyone)
rule("catalogue.import", curator)
rule("catalogue.harvest", curator)
