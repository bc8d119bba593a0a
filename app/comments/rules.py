"""Who may argue, reply and vote. When, the services say: a closed space refuses there, where the text is kept."""

from app.accounts.rules import citizen, team_of
from app.contents.rules import author, reader
from app.core.permissions import rule

writer = citizen & author


def declare() -> None:
    rule("argument.read", reader)
    rule("comment.read", reader)
    rule("content.argue", citizen)  # asked of what the argument is about
    rule("content.comment", citizen)  # asked of what is replied to
    rule("content.answer", team_of)  # in the territory's own voice
    rule("content.vote", citizen)
    rule("argument.edit", writer)
    rule("argument.withdraw", author)
    rule("comment.edit", writer)
    rule("comment.withdraw", author)
