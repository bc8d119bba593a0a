"""Messages are read by the person they were written to: queries ask for nobody else's."""

from app.accounts.rules import signed_in
from app.core.permissions import rule

rule("message.own", signed_in)
