from flask import Blueprint, redirect

from app.contents import kinds, queries
from app.core.permissions import require

contents = Blueprint("contents", __name__, template_folder="templates")


@contents.get("/contributions/<int:content_id>")
def show(content_id):
    """The stable address of anything: leads to the page and the anchor where it is read."""
    content = queries.get_content(content_id)
    require("content.read", content)
    return redirect(kinds.url_of(content))
