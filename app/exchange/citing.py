"""How a sheet is cited: in words, in BibTeX, and as linked data (schema.org) for who indexes pages."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app

from app.contents.kinds import permalink
from app.contents.linked import author_of, identity
from app.contents.models import Content, Term
from app.core.clock import PARIS
from app.core.formats import day
from app.core.i18n import _
from app.core.linked_data import absolute, describes
from app.initiatives import feet
from app.initiatives.models import AnySheet, Document, Initiative

LICENCE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
TYPES = {"initiative": "Article", "document": "DigitalDocument", "tool": "SoftwareApplication"}


def address_of(sheet: Content) -> str:
    """The permanent address: it holds whatever becomes of the title."""
    return current_app.config["BASE_URL"] + permalink(sheet)


def writer_of(sheet: Content) -> str:
    return sheet.byline or (sheet.territory.name if sheet.territory else str(_("Équipe régionale")))


def in_words(sheet: Content) -> str:
    """« Tourcoing, « Budget participatif », catalogue régional Beffroi, version 3, mise à jour le 2 mars 2026, https://… »"""
    return _(
        "%(who)s, « %(title)s », catalogue régional de la participation (Beffroi), version %(n)s, mise à jour le %(day)s, %(url)s",
        who=writer_of(sheet),
        title=sheet.title,
        n=sheet.revision,
        day=day(sheet.updated_at),
        url=address_of(sheet),
    )


def bibtex(sheet: Content) -> str:
    """One entry; what BibTeX would read as a command is written out."""
    updated = sheet.updated_at.astimezone(PARIS)
    fields = {
        "author": f"{{{escaped(writer_of(sheet))}}}",
        "title": f"{{{escaped(sheet.title)}}}",
        "howpublished": escaped(str(_("Catalogue régional de la participation (Beffroi)"))),
        "year": str(updated.year),
        "month": str(updated.month),
        "note": escaped(str(_("version %(n)s", n=sheet.revision))),
        "url": re.sub(r"[{}\\\s]", "", address_of(sheet)),
        "language": sheet.language,
    }
    inside = ",\n".join(f"  {name} = {{{text}}}" for name, text in fields.items())
    return f"@misc{{beffroi-{sheet.id},\n{inside}\n}}"


_commands = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {sign: f"\\{sign}" for sign in "{}$&#%_"}


def escaped(text: str) -> str:
    return "".join(_commands.get(sign, sign) for sign in text)


@describes("initiative", "document", "tool")
def sheet_data(sheet: AnySheet, terms: Mapping[str, Sequence[Term]]) -> dict[str, Any] | None:
    """schema.org, for the page of a published sheet."""
    if not sheet.is_public:
        return None
    found: dict[str, Any] = {
        "@type": TYPES[sheet.kind],
        **identity(sheet),
        "headline": sheet.title[:110],
        "datePublished": sheet.published_at,
        "dateModified": sheet.updated_at,
        "version": sheet.revision,
        "license": LICENCE,
        "author": author_of(sheet),
        "isPartOf": {"@type": "DataCatalog", "name": _("Catalogue régional de la participation"), "url": absolute("/catalogue/")},
    }
    if words := [term.label for each in terms.values() for term in each]:
        found["keywords"] = words
    if sheet.sources:
        found["citation"] = [{"@type": "CreativeWork", "name": each.get("title", ""), "url": each.get("url", "")} for each in sheet.sources]
    if isinstance(sheet, Initiative) and (sheet.place or sheet.latitude is not None):
        place: dict[str, Any] = {"@type": "Place", "name": sheet.place or sheet.title}
        if sheet.latitude is not None:
            place["geo"] = {"@type": "GeoCoordinates", "latitude": sheet.latitude, "longitude": sheet.longitude}
        found["contentLocation"] = place
    if isinstance(sheet, Document) and sheet.writer:
        found["author"] = {"@type": "Organization", "name": sheet.writer}
    return found


@feet.at(10)
def foot(sheet: AnySheet, terms: Mapping[str, Sequence[Term]]) -> tuple[str, dict[str, Any]]:
    """Below the sheet: how to cite it."""
    return "exchange/cite.html", {"sheet": sheet, "words": in_words(sheet), "entry": bibtex(sheet)}
