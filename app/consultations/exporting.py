"""A consultation as one documented archive: CSV for people, JSON for programs, a README that says every column.

Public contents only: what is hidden, removed, withdrawn or waiting is never in it. `flask import consultation` reads it back.
"""

import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from flask import url_for
from sqlalchemy import func, select

from app.api.tables import write_csv
from app.comments.models import Argument, Comment
from app.consultations.archives import LINES, META
from app.consultations.models import Consultation
from app.consultations.proposals.models import Appendix, Proposal, Source
from app.consultations.proposals.queries import sections_of
from app.contents import queries as contents
from app.contents.models import Content, Tally
from app.core import clock
from app.core.db import db
from app.core.i18n import _
from app.core.text import plain

BATCH = 200
COLUMNS = (
    "id",
    "rubrique",
    "titre",
    "resume",
    "officielle",
    "auteur",
    "publiee_le",
    "daccord",
    "mitige",
    "pas_daccord",
    "avis_repris",
    "pour",
    "contre",
    "sources",
    "adresse",
)
TABLES: dict[str, dict[str, str]] = {
    "propositions.csv": {
        "id": "numéro de la proposition sur cette plateforme",
        "origine": "d’où elle vient quand elle a été importée : « plateforme:numéro »",
        "rubrique": "titre de la rubrique",
        "titre": "titre",
        "texte": "texte, sans mise en forme",
        "officielle": "oui : proposée par le territoire lui-même",
        "auteur": "nom affiché",
        "voix": "citizen (habitant), official (territoire), elected (élu), garant",
        "publiee_le": "date de publication, en temps universel (ISO 8601)",
        "modifiee_le": "date du dernier changement, en temps universel",
        "version": "numéro de la version publiée",
        "daccord": "nombre d’avis « d’accord »",
        "mitige": "nombre d’avis « mitigé »",
        "pas_daccord": "nombre d’avis « pas d’accord »",
        "avis_repris": "parmi ces avis, ceux repris d’une autre plateforme, connus par leur seul total",
        "versions_avant": "nombre de versions sur la plateforme d’origine",
    },
    "arguments.csv": {
        "id": "numéro de l’argument",
        "origine": "comme ci-dessus",
        "proposition": "numéro de la proposition dont il parle",
        "cote": "for (pour) ou against (contre)",
        "titre": "titre, vide si l’auteur n’en a pas donné",
        "texte": "texte, sans mise en forme",
        "auteur": "nom affiché",
        "publie_le": "date de publication, en temps universel",
        "daccord": "nombre d’avis « d’accord »",
        "mitige": "nombre d’avis « mitigé »",
        "pas_daccord": "nombre d’avis « pas d’accord »",
        "avis_repris": "comme ci-dessus",
    },
    "reponses.csv": {
        "id": "numéro de la réponse",
        "origine": "comme ci-dessus",
        "argument": "numéro de l’argument auquel elle répond",
        "texte": "texte, sans mise en forme",
        "auteur": "nom affiché",
        "voix": "official pour la réponse du territoire",
        "publiee_le": "date de publication, en temps universel",
    },
    "sources.csv": {
        "id": "numéro de la source",
        "origine": "comme ci-dessus",
        "proposition": "numéro de la proposition qu’elle accompagne",
        "titre": "titre du document",
        "adresse": "adresse du document",
        "categorie": "nature du document",
        "texte": "ce qu’en dit la personne qui l’a ajoutée",
        "auteur": "nom affiché",
        "publiee_le": "date de publication, en temps universel",
        "daccord": "nombre d’avis favorables",
    },
}


def figures(consultation: Content) -> dict[str, int]:
    """What an archive holds, and what must be found again once it is imported: public contents by kind, opinions by value."""
    here = (Content.space_id == consultation.id, Content.is_public)
    kinds = dict(db.execute(select(Content.kind, func.count()).where(*here).group_by(Content.kind)).all())
    total = func.sum(Tally.cast + Tally.imported)
    counted = select(Tally.value, total).join(Content, Content.id == Tally.content_id).where(*here).group_by(Tally.value)
    votes = {f"votes_{value}": int(count) for value, count in db.execute(counted) if count}
    return {kind: kinds.get(kind, 0) for kind in ("proposal", "argument", "comment", "source")} | votes


def table_rows(consultation: Consultation) -> Iterator[Sequence[Any]]:
    """The rows of the list's CSV: every public proposal, the latest first, in batches."""
    sections = {section.id: section.title for section in sections_of(consultation)}
    for batch in batches(consultation, newest_first=True, options=contents.BODIES):
        ids = [proposal.id for proposal in batch]
        tallies = contents.figures_of(ids)
        sides = counted_by_side(ids)
        sources = sources_counted(ids)
        for proposal in batch:
            tally = tallies[proposal.id]
            yield (
                proposal.id,
                sections.get(proposal.section_id or 0, ""),
                proposal.title,
                proposal.summary,
                proposal.is_official,
                proposal.byline,
                proposal.published_at,
                tally.agree,
                tally.mixed,
                tally.disagree,
                tally.imported,
                sides.get((proposal.id, "for"), 0),
                sides.get((proposal.id, "against"), 0),
                sources.get(proposal.id, 0),
                url_for("proposals.show", proposal_id=proposal, _external=True),
            )


def counted_by_side(proposal_ids: list[int]) -> dict[tuple[int, str], int]:
    query = select(Argument.parent_id, Argument.side, func.count()).where(Argument.parent_id.in_(proposal_ids), Argument.is_public)
    return {(parent_id or 0, str(side)): count for parent_id, side, count in db.execute(query.group_by(Argument.parent_id, Argument.side))}


def sources_counted(proposal_ids: list[int]) -> dict[int | None, int]:
    query = select(Content.parent_id, func.count()).where(Content.parent_id.in_(proposal_ids), Content.kind == "source", Content.is_public)
    return dict(db.execute(query.group_by(Content.parent_id)).all())


def batches(consultation: Content, *, newest_first: bool = False, options=()) -> Iterator[Sequence[Proposal]]:
    """Public proposals, a batch at a time, by the number that never changes."""
    last: int | None = None
    while True:
        query = select(Proposal).where(Content.space_id == consultation.id, Content.kind == "proposal", Content.is_public).options(*options)
        if last is not None:
            query = query.where(Proposal.id < last if newest_first else Proposal.id > last)
        batch = db.scalars(query.order_by(Proposal.id.desc() if newest_first else Proposal.id).limit(BATCH)).all()
        if not batch:
            return
        yield batch
        last = batch[-1].id


# --- The archive -----------------------------------------------------------------------------------------------------------


def export_consultation(consultation: Consultation, path: Path) -> dict[str, int]:
    """Write the archive beside, then put it in place: a file of that name is whole or absent. Returns its figures."""
    partial = path.with_name(path.name + ".part")
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    counts = figures(consultation)
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open(LINES, "w") as lines:
                for described in proposals_described(consultation, rows):
                    lines.write(json.dumps(described, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n")
            archive.writestr(META, json.dumps(about(consultation) | {"figures": counts}, ensure_ascii=False, indent=2))
            for name, columns in TABLES.items():
                archive.writestr(name, write_csv(rows[name], list(columns)).encode("utf-8-sig", "replace"))
            archive.writestr("README.md", readme(consultation, counts))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return counts


def about(consultation: Consultation) -> dict[str, Any]:
    return {
        "format": "beffroi-consultation",
        "version": 1,
        "exported_at": iso(clock.now()),
        "licence": "Licence Ouverte 2.0",
        "id": consultation.id,
        "source": consultation.source or f"beffroi-{consultation.id}",
        "title": consultation.title,
        "summary": consultation.summary,
        "territory": consultation.territory.name if consultation.territory else None,
        "asked": consultation.asked,
        "becomes": consultation.becomes,
        "open_to": consultation.open_to,
        "body_source": consultation.body_source,
        "body_html": consultation.body_html,
        "conclusion_source": consultation.conclusion_source,
        "conclusion_html": consultation.conclusion_html,
        "concluded_at": iso(consultation.concluded_at),
        "published_at": iso(consultation.published_at),
        "sections": [{"key": each.key, "title": each.title, "text": each.text} for each in sections_of(consultation)],
        "phases": [
            {"name": each.name, "note": each.note, "opens_at": iso(each.opens_at), "closes_at": iso(each.closes_at), "allows": each.allows}
            for each in contents.phases_of(consultation)
        ],
    }


def proposals_described(consultation: Consultation, rows: dict[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """Each proposal with all that hangs from it, for JSON; and its rows, for the tables."""
    sections = {section.id: section.title for section in sections_of(consultation)}
    stem = consultation.source or f"beffroi-{consultation.id}"
    for batch in batches(consultation):
        ids = [proposal.id for proposal in batch]
        arguments = by_parent(db.scalars(select(Argument).where(Content.parent_id.in_(ids), Content.is_public).order_by(Argument.id)))
        sources = by_parent(db.scalars(select(Source).where(Content.parent_id.in_(ids), Content.is_public).order_by(Source.id)))
        argument_ids = [each.id for group in arguments.values() for each in group]
        replies = by_parent(db.scalars(select(Comment).where(Content.parent_id.in_(argument_ids), Content.is_public).order_by(Comment.id)))
        appendices: dict[int, list[Appendix]] = {}
        for each in db.scalars(select(Appendix).where(Appendix.proposal_id.in_(ids)).order_by(Appendix.position)):
            appendices.setdefault(each.proposal_id, []).append(each)
        tallies = contents.figures_of([*ids, *argument_ids, *(each.id for group in sources.values() for each in group)])
        for proposal in batch:
            tally = tallies[proposal.id]
            base = common(proposal, stem)
            section = sections.get(proposal.section_id or 0, "")
            row = table_row(proposal, tally) | {
                "rubrique": section,
                "titre": proposal.title,
                "officielle": proposal.is_official,
                "voix": proposal.voice,
            }
            rows["propositions.csv"].append(
                row | {"modifiee_le": proposal.updated_at, "version": proposal.revision, "versions_avant": proposal.earlier_versions}
            )
            whole = base | {
                "section": section,
                "title": proposal.title,
                "official": proposal.is_official,
                "body_source": proposal.body_source,
                "votes": votes(tally),
                "versions_count": proposal.earlier_versions,
                "revision": proposal.revision,
                "appendices": [{"title": each.title, "body_html": each.body_html} for each in appendices.get(proposal.id, ())],
                "arguments": [],
                "sources": [],
            }
            for argument in arguments.get(proposal.id, ()):
                said = common(argument, stem) | {"side": argument.side, "body": argument.body_source, "votes": votes(tallies[argument.id])}
                title = argument.title if argument.is_titled else ""
                rows["arguments.csv"].append(
                    table_row(argument, tallies[argument.id]) | {"proposition": proposal.id, "cote": argument.side, "titre": title}
                )
                answers = replies.get(argument.id, ())
                rows["reponses.csv"] += [table_row(each) | {"argument": argument.id, "voix": each.voice} for each in answers]
                said["replies"] = [common(each, stem) | {"body": each.body_source} for each in answers]
                whole["arguments"].append(said | ({"title": title} if title else {}))
            for source in sources.get(proposal.id, ()):
                found = {
                    "title": source.title,
                    "url": source.url,
                    "category": source.category,
                    "body": source.body_source,
                    "votes": tallies[source.id].agree,
                }
                whole["sources"].append(common(source, stem) | found)
                more = {"proposition": proposal.id, "titre": source.title, "adresse": source.url, "categorie": source.category}
                rows["sources.csv"].append(table_row(source, tallies[source.id]) | more)
            yield whole
        db.expunge_all()


def by_parent(found) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = {}
    for each in found:
        grouped.setdefault(each.parent_id, []).append(each)
    return grouped


def common(content: Content, stem: str) -> dict[str, Any]:
    return {
        "id": content.id,
        "source": content.source or f"{stem}:{content.id}",
        "author": content.byline,
        "voice": content.voice,
        "created_at": iso(content.published_at or content.created_at),
        "updated_at": iso(content.updated_at),
        "body_html": content.body_html,
    }


def table_row(content: Content, tally: contents.Figures | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": content.id,
        "origine": content.source,
        "texte": plain(content.body_html),
        "auteur": content.byline,
        "publiee_le": content.published_at,
        "publie_le": content.published_at,
    }
    if tally is not None:
        row |= {"daccord": tally.agree, "mitige": tally.mixed, "pas_daccord": tally.disagree, "avis_repris": tally.imported}
    return row


def votes(tally: contents.Figures) -> dict[str, int]:
    return {"agree": tally.agree, "mixed": tally.mixed, "disagree": tally.disagree, "imported": tally.imported}


def iso(moment) -> str | None:
    return moment and moment.isoformat()


def readme(consultation: Consultation, counts: dict[str, int]) -> str:
    """In French, for who opens the archive without knowing the platform."""
    place = consultation.territory.name if consultation.territory else _("la région")
    what = {
        "proposals": counts["proposal"],
        "arguments": counts["argument"],
        "replies": counts["comment"],
        "sources": counts["source"],
    }
    lines = [
        f"# {consultation.title}",
        _("Consultation de %(place)s, exportée de Beffroi. Licence Ouverte 2.0 : citez la source et la date.", place=place),
        _("%(proposals)s propositions, %(arguments)s arguments, %(replies)s réponses, %(sources)s sources.", **what),
        _("Les contributions masquées, retirées ou en attente n’y sont pas."),
        _("Les noms sont ceux que les personnes ont choisi d’afficher ; aucun courriel."),
        "## " + _("Fichiers"),
        f"- `{META}` : " + _("la consultation elle-même, ses rubriques, ses phases, sa conclusion."),
        f"- `{LINES}` : " + _("une proposition par ligne, avec ses arguments, leurs réponses et ses sources. L’importation le relit."),
        "- " + _("les tableaux CSV ci-dessous : UTF-8, point-virgule."),
        _("Une cellule qui commencerait par `=`, `+`, `-` ou `@` est précédée d’une apostrophe."),
        _("Réimportés ailleurs, les avis deviennent des totaux repris : le nombre de personnes qui n’ont fait que voter n’y est pas."),
    ]
    lines = "\n\n".join(lines).split("\n")
    for name, columns in TABLES.items():
        lines += [
            "",
            f"## {name}",
            "",
            "| colonne | sens |",
            "|---|---|",
            *(f"| `{column}` | {meaning} |" for column, meaning in columns.items()),
        ]
    lines += ["", f"## {LINES}", "", "| champ | sens |", "|---|---|", *(f"| `{name}` | {meaning} |" for name, meaning in FIELDS.items())]
    return "\n".join(lines) + "\n"


FIELDS = {
    "id, source": "numéro ici ; origine, qui reconnaît la contribution si on l’importe deux fois",
    "section, title, official, revision": "rubrique, titre, proposée par le territoire, version publiée",
    "author, voice": "nom affiché ; citizen, official, elected ou garant",
    "created_at, updated_at": "publication et dernier changement, avec leur fuseau (ISO 8601)",
    "body_source, body, body_html": "texte tel qu’il a été écrit, et tel qu’il est affiché",
    "votes": "avis : agree (d’accord), mixed (mitigé), disagree (pas d’accord), dont imported (repris)",
    "versions_count": "versions sur la plateforme d’origine",
    "appendices": "parties annexes : titre et texte",
    "arguments": "`side` : for ou against ; `replies` : les réponses",
    "sources": "`url`, `category` ; `votes` : avis favorables",
}
