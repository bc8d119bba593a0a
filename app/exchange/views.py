"""The catalogue for programs and for who cites it: API, files, feed, DCAT, citations."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, render_template, request
from sqlalchemy import Select, select

from app.api import csv_response, describe_page
from app.contents import queries as contents
from app.contents.models import Content, ContentTerm, Term, Vocabulary
from app.contents.queries import published
from app.core import pagecache
from app.core.db import db
from app.core.errors import NotFound
from app.core.linked_data import described as said_of
from app.core.pages import paginate
from app.core.permissions import require
from app.exchange import citing, dcat, rows, tables
from app.exchange.rows import COLUMNS
from app.initiatives import queries as sheets
from app.initiatives.models import KINDS
from app.territories.models import Territory

exchange = Blueprint("exchange", __name__, template_folder="templates")
PER_PAGE = 100
STAMPS = ("catalogue", "region")
BATCH = 200


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
    """Everything published, in one file; the same columns that an import reads."""
    require("catalogue.read")
    if ending == "json":
        return jsonify(items=list(every_object()))
    if ending == "csv":
        return csv_response(map(rows.as_row, every_object()), list(COLUMNS), "catalogue")
    write, mimetype = (tables.write_ods, tables.ODS) if ending == "ods" else (tables.write_xlsx, tables.XLSX)
    body = write(map(rows.as_row, every_object()), list(COLUMNS), "Catalogue")
    return Response(body, mimetype=mimetype, headers={"Content-Disposition": f"attachment; filename=catalogue.{ending}"})


def every_object() -> Iterator[dict[str, Any]]:
    """By batches, each forgotten before the next."""
    last = 0
    while True:
        batch = db.scalars(asked().where(Content.id > last).limit(BATCH)).unique().all()
        if not batch:
            return
        last = batch[-1].id
        yield from rows.objects_of(batch)
        db.expunge_all()


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
