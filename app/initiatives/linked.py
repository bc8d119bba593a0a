"""The catalogue as a list, for programs. What a sheet says of itself is in `exchange`, with the other ways to cite it."""

from typing import Any

from flask import url_for

from app.contents.kinds import url_of
from app.core.linked_data import describes, list_data
from app.search.asking import address_of
from app.search.queries import Found


@describes("catalogue")
def catalogue_data(name: str, found: Found) -> dict[str, Any]:
    """The page of sheets, at the address in its one spelling."""
    page = found.page
    pairs = "&".join(each for each in (address_of(found.params), f"page={page.number}" if page.number > 1 else "") if each)
    here = url_for("initiatives.index") + (f"?{pairs}" if pairs else "")
    return list_data(name, here, [url_of(each.content) for each in page.items], page.total, (page.number - 1) * page.per_page + 1)
