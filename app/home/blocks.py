"""What the page of a territory shows of each feature, in order."""

from app.contents.queries import latest
from app.contents.rows import content_row
from app.core import pagecache
from app.core.db import db
from app.home import queries
from app.home.views import page_end, rows_by_moment, stamps_of
from app.moderation.transparency.blocks import moderation
from app.projects.labels import MATURITIES
from app.projects.queries import public_projects
from app.territories import blocks, openings


def declare() -> None:
    blocks.register(activities)
    blocks.register(projects)
    blocks.register(sheets)
    blocks.register(moderation)
    openings.register(open_in_each)


def activities(territory):
    found = queries.by_moment(10, 5, 5, territory.id)
    pagecache.public(*(name for spaces in found.values() for name in stamps_of(spaces)), until=page_end())
    return "home/block_activities.html", rows_by_moment(found)


def projects(territory):
    found = db.scalars(public_projects(territory.id).limit(10))
    return "home/block_projects.html", {"projects": [content_row(each, figure=str(MATURITIES[each.maturity])) for each in found]}


def sheets(territory):
    return "home/block_sheets.html", {
        "sheets": [content_row(each) for each in latest("initiative", "document", "tool", territory_id=territory.id, limit=6)]
    }


def open_in_each():
    pagecache.public(until=page_end())
    return queries.open_by_territory()
