"""The JSON and CSV frame: lists answer `.json` (and `.csv`) beside HTML, with the same `total / page / pages / items`.

    @listing(projects, "/projets/", csv=True)
    def index():
        page = paginate(queries.public_projects())
        return negotiated(page, describe=describe, template="projects/index.html", table=lambda: (COLUMNS, rows()), filename="projets")

Errors of `/api/…` and `….json` are JSON too: `{"error": title, "message": sentence}` (core.errors).
"""

from app.api.lists import describe_page, listing, negotiated
from app.api.tables import csv_response, exact, harmless

__all__ = ["csv_response", "describe_page", "exact", "harmless", "init_app", "listing", "negotiated"]


def init_app(app):
    from app.api.text import Json

    app.json = Json(app)
