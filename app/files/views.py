"""One address for every stored file. Nothing in it is a right: who asks is looked at each time."""

from flask import Blueprint, Response, current_app, send_file

from app.core.errors import NotFound
from app.core.logs import log
from app.core.permissions import can, require
from app.files import queries, storage
from app.files.models import StoredFile
from app.files.naming import disposition

blueprint = Blueprint("files", __name__)

# Whatever the bytes are, they run nothing, load nothing and are nobody's page.
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


@blueprint.get("/fichiers/<ref:file_id>")
def show(file_id: int) -> Response:
    file = queries.get_file(file_id)
    require("file.read", file)
    try:
        response = send_file(storage.path_of(file.stored_as), mimetype=file.media_type, etag=file.sha256, conditional=True)
    except FileNotFoundError:
        log.error("stored file without bytes", file=file.id)
        raise NotFound from None
    response.headers["Content-Disposition"] = disposition("inline" if file.is_image else "attachment", file.name)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "public, no-cache" if is_for_all(file) else "private, no-store"
    return response


def is_for_all(file: StoredFile) -> bool:
    """May a visitor read it? Then caches may keep it, and ask each time whether it still is what it was."""
    return can("file.read", file, current_app.login_manager.anonymous_user())  # type: ignore[attr-defined]
