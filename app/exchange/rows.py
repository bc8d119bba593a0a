"""A sheet outside of the site: one description for the API, the files given away and the files taken in.

`as_object` is the shape of `/api/v1/catalogue` and of the JSON file; `as_row` is the same, flat, for spreadsheets, under French
headings that `heading_of` finds again whatever their case, accents and order.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy import Select
from sqlalchemy.orm import joinedload, selectin_polymorphic

from app.contents import queries as contents
from app.contents.kinds import permalink
from app.contents.models import Content, Term
from app.initiatives.labels import CHOSEN
from app.initiatives.models import KINDS, AnySheet, Initiative
from app.search.analysis import fold

SEPARATOR = " | "  # between the terms of one cell
UNSAID = {"steps", "contacts", "contacts_are_public"}  # lists, told apart
FACTS = tuple(dict.fromkeys(name for model in KINDS.values() for name in model.FACTS if name not in UNSAID))
LISTS = tuple(dict.fromkeys(key for keys in CHOSEN.values() for key in keys))

# Heading of a column → what it holds. The order is that of the files.
COLUMNS = {
    "identifiant": "source",
    "nature": "kind",
    "titre": "title",
    "en_une_phrase": "summary",
    "territoire": "territory",
    "langue": "language",
    "themes": "theme",
    "demarche": "approach",
    "niveau": "level",
    "publics": "public",
    "porteur_liste": "promoter_term",
    "nature_document": "document_kind",
    "licence_liste": "licence_term",
    "porteur": "promoter",
    "lieu": "place",
    "latitude": "latitude",
    "longitude": "longitude",
    "debut": "started_on",
    "fin": "ended_on",
    "cout": "cost",
    "cout_euros": "cost_euros",
    "temps_agent": "staff_time",
    "participants": "participants",
    "auteur": "writer",
    "annee": "issued_year",
    "date_document": "issued_on",
    "licence": "licence",
    "adresse": "address",
    "prix": "price",
    "hebergement": "hosting",
    "contexte": "context",
    "objectifs": "aims",
    "methode": "method",
    "outils": "tools",
    "resultats": "results",
    "decisions": "decided",
    "bonnes_pratiques": "practices",
    "ecueils": "pitfalls",
    "resume": "abstract",
    "contenu": "contents",
    "a_quoi_cela_sert": "purpose",
    "mode_d_emploi": "use",
    "qui_s_en_sert": "users",
    "accessibilite": "accessibility",
    "limites": "limits",
    "autres_rubriques": "other",
    "etapes": "steps",
    "sources": "sources",
    "page": "url",
    "publiee_le": "published_at",
    "mise_a_jour_le": "updated_at",
}
TERM_COLUMNS = {"theme": "theme", "approach": "approach", "level": "level", "public": "public", "promoter_term": "promoter"}
TERM_COLUMNS |= {"document_kind": "document_kind", "licence_term": "licence"}
ALSO = {  # how others head the same columns
    "title": "title",
    "title/fr": "title",
    "nom": "title",
    "intitule": "title",
    "summary": "summary",
    "chapo": "summary",
    "short description/fr": "summary",
    "description/fr": "context",
    "description": "context",
    "body/fr": "context",
    "id": "source",
    "identifier": "source",
    "url": "url",
    "lien": "url",
    "theme": "theme",
    "thematique": "theme",
    "commune": "territory",
    "date de debut": "started_on",
    "date de fin": "ended_on",
}


def heading_of(text: str) -> str | None:
    """What a column holds, by its heading; None when we have no place for it."""
    folded = " ".join(re.sub(r"[\s_’']+", " ", fold(text)).split())
    return _headings.get(folded)


_headings = {" ".join(re.sub(r"[\s_’']+", " ", fold(heading)).split()): name for heading, name in {**ALSO, **COLUMNS}.items()}


# --- Giving --------------------------------------------------------------------------------------------------------------


def whole(query: Select[Content]) -> Select[Content]:
    """The query, loading all that `as_object` reads of sheets."""
    return query.options(joinedload(Content.territory), selectin_polymorphic(Content, list(KINDS.values())))


def identifier(sheet: Content) -> str:
    """For ever the same, wherever the sheet is copied."""
    return sheet.source or identifier_of(sheet.id)


def identifier_of(content_id: int) -> str:
    """Of a sheet written here: its permanent address."""
    return f"{current_app.config['BASE_URL']}/contributions/{content_id}"


def as_object(sheet: AnySheet, terms: Mapping[str, Sequence[Term]]) -> dict[str, Any]:
    """The sheet as JSON. Contacts only where the sheet says that anyone may read them."""
    found: dict[str, Any] = {
        "id": sheet.id,
        "identifier": identifier(sheet),
        "kind": sheet.kind,
        "title": sheet.title,
        "summary": sheet.summary,
        "language": sheet.language,
        "territory": sheet.territory.slug if sheet.territory else None,
        "territory_name": sheet.territory.name if sheet.territory else None,
        "url": current_app.config["BASE_URL"] + permalink(sheet),
        "byline": sheet.byline,
        "terms": {key: [{"key": term.key, "label": term.label} for term in found] for key, found in terms.items() if key in LISTS},
        "facts": {name: said(value) for name in sheet.FACTS if name in FACTS and (value := getattr(sheet, name)) not in (None, "")},
        "sections": [{"key": s["key"], "title": s["title"], "source": s["source"], "html": str(s["html"])} for s in sheet.sections],
        "sources": sheet.sources,
        "published_at": sheet.published_at,
        "updated_at": sheet.updated_at,
        "revision": sheet.revision,
    }
    if isinstance(sheet, Initiative):
        found["steps"] = sheet.steps
        if sheet.contacts_are_public:
            found["contacts"] = sheet.contacts
    return found


def said(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def as_row(about: Mapping[str, Any]) -> list[Any]:
    """The cells of a sheet, in the order of COLUMNS, from its JSON object."""
    sections: dict[str, list[str]] = {}
    for section in about["sections"]:
        text = section["source"] if section["key"] != "other" else f"## {section['title']}\n\n{section['source']}"
        sections.setdefault(section["key"], []).append(text)
    values: dict[str, Any] = {
        **{name: about["facts"].get(name) for name in FACTS},
        **{key: "\n\n".join(texts) for key, texts in sections.items()},
        **{column: SEPARATOR.join(term["label"] for term in about["terms"].get(key, [])) for column, key in TERM_COLUMNS.items()},
        **{name: about[name] for name in ("kind", "title", "summary", "language", "url")},
        "source": about["identifier"],
        "territory": about["territory_name"] or "",
        "steps": "\n".join(f"{step.get('when', '')} : {step.get('what', '')}" for step in about.get("steps", [])),
        "sources": "\n".join(" ".join(filter(None, (s.get("title"), f"<{s['url']}>" if s.get("url") else ""))) for s in about["sources"]),
        "published_at": said(about["published_at"]),
        "updated_at": said(about["updated_at"]),
    }
    return [values.get(name) for name in COLUMNS.values()]


def objects_of(sheets: Sequence[Content]) -> list[dict[str, Any]]:
    """Their JSON objects; two queries whatever their number."""
    terms = contents.terms_of([sheet.id for sheet in sheets])
    return [as_object(sheet, terms[sheet.id]) for sheet in sheets]  # type: ignore[arg-type]


# --- Taking --------------------------------------------------------------------------------------------------------------


def steps_in(cell: str) -> list[dict[str, str]]:
    """ "mars 2024 : réunion publique", one a line."""
    found = []
    for line in filter(None, map(str.strip, cell.splitlines())):
        when, colon, what = line.partition(" : ")
        found.append({"when": when.strip(), "what": what.strip()} if colon else {"when": "", "what": line.lstrip(": ")})
    return found


def sources_in(cell: str) -> list[dict[str, str]]:
    """ "Bilan de la concertation <https://…>", one a line; a bare address is its own title."""
    found = []
    for line in filter(None, map(str.strip, cell.splitlines())):
        title, _angle, rest = line.partition("<")
        address = rest.rstrip("> ") if rest else (line if line.startswith(("http://", "https://")) else "")
        found.append({"title": title.strip() if rest or not address else address, "url": address})
    return found
