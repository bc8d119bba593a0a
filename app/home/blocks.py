"""What the page of a territory shows of each feature, in order."""

from app.contents.queries import latest
from app.contents.rows import content_row
from app.core.db import db
from app.home import queries
from app.home.views import rows_of
from app.projects.labels import MATURITIES
from app.projects.queries import public_projects
from app.territories import blocks


def declare() -> None:
    blocks.register(activities)
    blocks.register(projects)
    blocks.register(sheets)


def activities(territory):
    opened = db.scalars(queries.activities("open", territory.id).limit(10)).all()
    soon = db.scalars(queries.activities("soon", territory.id).limit(5)).all()
    over = db.scalars(queries.activities("closed", territory.id).limit(5)).all()
    return "home/block_activities.html", {"opened": rows_of(list(opened)), "soon": rows_of(list(soon)), "over": rows_of(list(over))}


def projects(territory):
    found = db.scalars(public_projects(territory.id).limit(10))
    return "home/block_projects.html", {"projects": [content_row(each, figure=str(MATURITIES[each.maturity])) for each in found]}


def sheets(territory):
    return "home/block_sheets.html", {
        "sheets": [content_row(each) for each in latest("initiative", "document", "tool", territory_id=territory.id, limit=6)]
    }
