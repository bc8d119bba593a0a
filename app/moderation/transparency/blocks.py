"""What the page of a territory says of its moderation; the home of pages says where it stands among the others."""

from app.core import pagecache
from app.moderation.transparency import queries
from app.moderation.transparency.calendars import this_month
from app.moderation.transparency.listeners import STAMP


def moderation(territory):
    pagecache.public(STAMP, until=this_month().ends)
    return "transparency/block.html", {"territory": territory, "last": queries.decided_in(territory, this_month().plus(-1))}
