"""What the page of a territory says of its moderation: where its register and its reports are."""

from app.core import pagecache
from app.moderation.transparency import queries
from app.moderation.transparency.calendars import this_month
from app.moderation.transparency.listeners import STAMP
from app.territories import blocks


def declare() -> None:
    blocks.register(moderation)


def moderation(territory):
    pagecache.public(STAMP, until=this_month().ends)
    return "transparency/block.html", {"territory": territory, "last": queries.decided_in(territory, this_month().plus(-1))}
