"""The catalogue for programs and for who cites it: API, files, feed, DCAT, citations."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, render_template, request, send_file
from sqlalchemy import Select, select

from app.api import describe_page
from app.contents import queries as contents
from app.contents.models import Content, ContentTerm, Term, Vocabulary
from app.contents.queries import published
from app.core import pagecache
from app.core.db import db
from app.core.errors import NotFound, answer
from app.core.i18n import _
from app.core.linked_data import described as said_of
from app.core.logs import log
from app.core.pages import paginate
from app.core.permissions import require
from app.exchange import citing, dcat, rows, whole
from app.files import storage
from app.files.models import StoredFile
from app.initiatives import queries as sheets
from app.initiatives.models import KINDS
from app.territories.models import Territory

exchange = Blueprint("exchange", __name__, template_folder="templates")
PER_PAGE = 100
STAMPS = ("catalogue", "region")
AGAIN = 10  # seconds after which a file that was not ready is worth asking for again


def asked() -> Select[Content]:
    """Published sheets, as the address filters them, in the order of their ids: pages stay what they were while sheets are added."""
    query = select(Content).where(published(), Content.kind.in_(KINDS)).order_by(Content.id)
    if kinds := [kind for kind in request.args.getlist("kind") if kind in KINDS]:
        query = query.where(Content.kind.in_(kinds))
    if slug := request.args.get("territory", ""):
        query = query.where(Content.territory_id.in_(select(Territory.id).where(Territory.slug == slug)))
    if theme := request.args.get("theme", ""):
        tagged = select(ContentTerm.content_id).join(Term, Term.id == ContentTerm.term_id).join(Vocabulary)
        query = query.where(Content.id.in_(tagged.where(Vocabulary.key == "theme", Term.key == theme)))
    if since := request.args.get("since", ""):
        query = query.where(Content.updated_at >= moment_of(since))
    return rows.whole(query)


def moment_of(text: str) -> datetime:
    """ISO 8601; without a zone, UTC."""
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))  # a bare + in an address is a space
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        abort(400)


@exchange.get("/api/v1/catalogue")
def catalogue():
    """`{"total", "page", "pages", "items"}`, a hundred sheets a page, whole; filters `kind territory theme since`."""
    require("catalogue.read")
    pagecache.public(*STAMPS)
    page = paginate(asked(), per_page=PER_PAGE)
    found = {about["id"]: about for about in rows.objects_of(page.items)}
    return jsonify(describe_page(page, lambda sheet: found[sheet.id]))


@exchange.get("/api/v1/catalogue/<int:sheet_id>")
def sheet(sheet_id):
    found = sheets.get_sheet(sheet_id)
    require("sheet.read", found)
    if not found.is_public:
        raise NotFound  # a draft has no place in the API, whoever asks
    pagecache.public(f"content:{sheet_id}", *STAMPS)
    return jsonify(rows.as_object(found, contents.terms_of([sheet_id])[sheet_id]))


@exchange.get("/donnees/catalogue.<any(csv, ods, xlsx, json):ending>")
def whole_catalogue(ending):
    """Everything published, in one file, as the worker last made it; the same columns that an import reads."""
    require("catalogue.read")
    for _again in range(2):
        file = whole.find_file(ending, packed=request.accept_encodings.quality("gzip") > 0)
        if file is None:
            break
        with suppress(FileNotFoundError):
            return given(file, ending)
        db.rollback()  # newer files took its place since it was found: they are there now
    return made_now(ending)


def given(file: StoredFile, ending: str) -> Response:
    path = storage.path_of(file.stored_as)
    response = send_file(path, mimetype=file.media_type, etag=file.sha256, last_modified=file.created_at, conditional=True)
    response.headers["Cache-Control"] = "public, no-cache"
    if whole.FORMS[ending].is_packed:
        response.vary.add("Accept-Encoding")
    if file.name.endswith(whole.PACKED):
        response.headers["Content-Encoding"] = "gzip"
    return named(response, ending)


def made_now(ending: str) -> Response:
    """The files in place show what is no longer so, or there are none yet: this reader gets one of their own."""
    try:
        file = whole.make_for_one(ending)
    except (whole.Busy, OSError) as error:
        if isinstance(error, OSError):
            log.error("catalogue not written for a reader", error=type(error).__name__, number=error.errno)
        sentence = _("Le fichier du catalogue est en train d’être refait. Demandez-le de nouveau dans quelques secondes.")
        refused = current_app.make_response(answer(503, _("Ce fichier n’est pas prêt"), sentence))
        refused.headers["Retry-After"] = str(AGAIN)
        return refused
    response = send_file(file, mimetype=whole.FORMS[ending].media_type)
    response.content_length = os.fstat(file.fileno()).st_size
    response.headers["Cache-Control"] = "no-store"
    return named(response, ending)


def named(response: Response, ending: str) -> Response:
    """Tables are for saving; JSON is shown too."""
    if ending != "json":
        response.headers["Content-Disposition"] = f"attachment; filename={whole.name_of(ending)}"
    return response


@exchange.get("/donnees/catalogue.jsonld")
def described():
    """DCAT-AP, for data.gouv.fr and its like."""
    require("catalogue.read")
    pagecache.public(*STAMPS)
    return linked_data(dcat.catalogue())


@exchange.get("/catalogue/flux.atom")
def feed():
    """The latest sheets, under the filters of the address."""
    require("catalogue.read")
    pagecache.public(*STAMPS)
    query = asked().order_by(None).order_by(Content.published_at.desc(), Content.id.desc()).limit(30)
    found = db.scalars(query).unique().all()
    return Response(render_template("exchange/feed.xml", sheets=found), mimetype="application/atom+xml")


@exchange.get("/catalogue/<ref:sheet_id>/citation.<any(txt, bib):ending>")
def citation(sheet_id, ending):
    found = sheets.get_sheet(sheet_id)
    require("sheet.read", found)
    text = citing.in_words(found) if ending == "txt" else citing.bibtex(found)
    return Response(text + "\n", mimetype="text/plain" if ending == "txt" else "application/x-bibtex")


@exchange.get("/catalogue/<ref:sheet_id>/fiche.jsonld")
def sheet_linked_data(sheet_id):
    found = sheets.get_sheet(sheet_id)
    require("sheet.read", found)
    about = said_of(found.kind, found, contents.terms_of([found.id])[found.id])
    if about is None:
        raise NotFound  # what is not on show, a draft or an archived sheet, has no place among linked data, whoever asks
    return linked_data(about)


def linked_data(about: dict[str, Any]) -> Response:
    return Response(current_app.json.dumps(about), mimetype="application/ld+json")
