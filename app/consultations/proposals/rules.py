"""Who may do what with proposals and their sources."""

from app.accounts.rules import citizen
from app.contents.rules import author, reader
from app.core.permissions import rule

writer = citizen & author


def declare() -> None:
    rule("proposal.read", reader)
    rule("proposal.edit", writer)
    rule("proposal.withdraw", author)
    rule("source.read", reader)
    rule("source.add", citizen)  # asked of the proposal
    rule("source.withdraw", author)
