"""Sheets from elsewhere: one JSON object a line, its page cut at its headings into the fields of a sheet.

Headings that say what one of our sections says go there, in whatever language; the others are kept with their own
title. Read line by line, committed by batches: it can be interrupted, and started again imports only what is missing.
"""

import gzip
import html as html_module
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.contents import services as contents
from app.contents.models import Content, Origin, Voice
from app.core import clock
from app.core.db import db, transaction
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.text import IMPORT_LIMIT, Cleaned, clean, html, one_line, plain, shorten
from app.initiatives import quality, services
from app.initiatives.labels import SECTIONS
from app.initiatives.models import Initiative
from app.initiatives.services import fill, is_web
from app.territories.models import Territory

BATCH = 50
HEADING = re.compile(r"<h([234])>(.*?)</h\1>", re.DOTALL)
MEANS = {
    "context": "problems? and purposes?|purpose and problems?|problem|context|contexte|background( history and context)?"
    "|broader context|introduction|definition|overview|history|historique|geschichte|historia|storia"
    "|probleme und beweggrunde|proposito y problema",
    "aims": "aims?|objectives?|objectifs?|mission( and purpose)?|purpose( and mission)?|problem and objective|ziele|goals?",
    "method": "(creation and )?participants? selection|participation selection|method(s|ology)?|methode|process|how|what"
    "|structure and process|deliberations?,? ?(and )?decisions?,?( and public interaction)?|deliberation|methods and tools used"
    "|auswahl der teilnehmer|teilnehmerauswahl|creacion y seleccion de participantes|project description"
    "|originating entities( and funding)?|organi[sz]ation",
    "tools": "tools?|outils?|resources used.*|type of contribution by participants",
    "results": "influence,? outcomes?,? and effects?|outcomes?( and effects?)?|outcomes/products|impact|resultats?|results?"
    "|einfluss, ergebnisse und effekte|resultados y efectos|evaluation|adoption by others|major projects( and events)?",
    "decided": "decisions?|ce qui a ete decide",
    "practices": "strengths|bonnes pratiques|lessons learned|analysis and lessons learned",
    "pitfalls": "analysis (and|&) criticisms?|criticism|challenges and limitations|evaluation and critique|analyse und kritik"
    "|analisis y criticas|ecueils|limits?|weaknesses",
}
MEANING = [(key, re.compile(pattern)) for key, pattern in MEANS.items()]
SOURCES = re.compile(
    r"(secondary )?(sources|literature)|references|external links?|links|notes|publications|sekundarquellen|externe links"
    r"|fuentes secundarias|links externos|liens.*"
)


@dataclass
class ImportReport:
    """What an import did: counts, and each line it could not take with its number and the reason."""

    imported: int = 0
    already: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def key_of(heading: str) -> str:
    """The section a heading belongs to; "sources", or "other" when it is none of ours."""
    from app.search.analysis import fold

    words = " ".join(fold(heading).replace("&amp;", "&").strip(" :.").split())
    if SOURCES.fullmatch(words):
        return "sources"
    return next((key for key, pattern in MEANING if pattern.fullmatch(words)), "other")


def sections_of(page: str) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """(sections, sources) of a page of HTML. Each piece is cleaned again: a cut may leave an element open."""
    cut = HEADING.split(clean(page))
    pieces = [("", cut[0])] + [(plain(cut[i + 1]), cut[i + 2]) for i in range(1, len(cut), 3)]
    gathered: dict[tuple[str, str], list[str]] = {}
    sources: list[dict[str, str]] = []
    for title, raw in pieces:
        piece = html(raw, IMPORT_LIMIT)
        if not plain(piece):
            continue
        key = key_of(title) if title else "context"
        if key == "sources":
            sources += [
                {"title": plain(words), "url": address}
                for address, words in re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', piece, re.DOTALL)
                if is_web(html_module.unescape(address))
            ]
            key = "other"
        known = SECTIONS["initiative"].get(key)
        gathered.setdefault((key, str(known[0]) if known else title or str(_("Suite"))), []).append(
            piece if not known or not title else f"<h3>{html_module.escape(title)}</h3>{piece}"
        )
    order = [*SECTIONS["initiative"], "other"]
    ordered = sorted(gathered.items(), key=lambda item: order.index(item[0][0]))
    sections = [
        {"key": key, "title": title, "source": "\n".join(texts), "html": Cleaned("".join(texts))} for (key, title), texts in ordered
    ]
    return sections, [{"title": one_line(source["title"])[:300], "url": html_module.unescape(source["url"])} for source in sources]


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines of a UTF-8 file, packed or not; a damaged one is one clear sentence."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            yield from enumerate(lines, 1)
    except FileNotFoundError as error:
        raise DomainError(_("Il n’y a pas de fichier « %(name)s ».", name=path.name)) from error
    except UnicodeDecodeError as error:
        raise DomainError(_("Le fichier « %(name)s » n’est pas en UTF-8. Convertissez-le, puis recommencez.", name=path.name)) from error
    except (EOFError, gzip.BadGzipFile, OSError) as error:
        raise DomainError(
            _("Le fichier « %(name)s » est abîmé ou coupé : téléchargez-le à nouveau. Ce qui précède est importé.", name=path.name)
        ) from error


def import_sheets(path: Path, *, publish: bool, territory: Territory | None = None, progress=lambda: None) -> ImportReport:
    """Every line of the file as an initiative sheet; `source` is `<file stem>:<id>`."""
    report = ImportReport()
    stem = path.name.split(".")[0]
    known = set(
        db.scalars(
            select(Content.source).where(Content.origin == Origin.IMPORTED, Content.kind == "initiative", Content.source.like(f"{stem}:%"))
        )
    )
    db.rollback()
    batch: list[tuple[int, dict[str, Any]]] = []

    def save() -> None:
        with transaction():
            for number, row in batch:
                try:
                    with db.begin_nested():
                        import_one(row, source=f"{stem}:{row['id']}", territory=territory, publish=publish)
                    report.imported += 1
                except (DomainError, KeyError, TypeError, ValueError) as error:
                    report.refused.append((number, getattr(error, "message", None) or f"{type(error).__name__} : {error}"))
        db.expunge_all()
        batch.clear()

    try:
        for number, line in lines_of(path):
            progress()
            try:
                row = json.loads(line)
                source = f"{stem}:{row['id']}"
            except (ValueError, KeyError, TypeError):
                report.refused.append((number, str(_("Cette ligne n’est pas une fiche en JSON."))))
                continue
            if source in known:
                report.already += 1
                continue
            known.add(source)
            batch.append((number, row))
            if len(batch) >= BATCH:
                save()
    finally:
        save()
    return report


def import_one(row: dict[str, Any], *, source: str, territory: Territory | None, publish: bool) -> Initiative:
    sections, sources = sections_of(row["body_html"])
    title = one_line(row["title"]) or str(_("Sans titre"))
    words = plain(Cleaned(" ".join(section["html"] for section in sections)))
    sheet = Initiative(territory_id=territory.id if territory else None, language=language_of(words), voice=Voice.OFFICIAL)
    if row.get("source_url") and is_web(row["source_url"]):
        sources.insert(0, {"title": str(_("Page d’origine")), "url": row["source_url"]})
    fill(sheet, title=shorten(title, 300), summary=shorten(words, 300), sections=sections, sources=sources)
    contents.import_as(sheet, source=source[:200], byline=row.get("author", ""), created_at=clock.now())
    sheet.published_at = None
    contents.add(sheet, author=None)
    if publish:
        services.publish(sheet, by=None)
    quality.measure(sheet)
    return sheet


LITTLE_WORDS = {
    "fr": {"le", "la", "les", "des", "est", "une", "dans", "pour", "qui", "par"},
    "en": {"the", "of", "and", "to", "in", "that", "was", "for", "is", "on"},
    "es": {"el", "los", "las", "del", "que", "una", "con", "por", "fue", "como"},
    "de": {"der", "die", "und", "das", "den", "von", "zu", "mit", "wurde", "ist"},
    "it": {"il", "gli", "della", "che", "di", "è", "nel", "con", "una", "sono"},
    "pt": {"o", "os", "da", "do", "que", "em", "uma", "não", "com", "foi"},
}


def language_of(words: str) -> str:
    """The likeliest of six languages, by their little words; French when there is too little to say."""
    found = re.findall(r"\w+", words.lower())[:2000]
    scores = {language: sum(word in little for word in found) for language, little in LITTLE_WORDS.items()}
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] > len(found) / 50 else "fr"
