"""What can happen to a sheet: written, proposed, sent back, published, tied to what it documents."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from app.accounts.models import Person
from app.audit import services as audit
from app.contents import services as contents
from app.contents.models import State, Term
from app.core.db import db
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.text import Cleaned, markdown, one_line, tidy
from app.initiatives.labels import SECTIONS
from app.initiatives.models import KINDS, Document, Initiative, Step, Tool
from app.notifications import services as notifications
from app.territories.models import Territory

AnySheet = Initiative | Document | Tool
LONGEST_SECTION = 20_000


def create_sheet(
    kind: str,
    *,
    by: Person | None,
    territory: Territory | None,
    title: str,
    summary: str,
    sections: Mapping[str, str],
    terms: Iterable[Term] = (),
    **facts: Any,
) -> AnySheet:
    """A draft. `sections`: key → Markdown; `facts`: the kind's own columns."""
    sheet = KINDS[kind](territory_id=territory.id if territory else None, byline=territory.short_name if territory else "")
    fill(sheet, title=title, summary=summary, sections=written(kind, sections), **facts)
    contents.add(sheet, author=by)
    contents.set_terms(sheet, terms)
    return sheet


def written(kind: str, sections: Mapping[str, str]) -> list[dict[str, Any]]:
    """The sections that say something, in the order of the kind, rendered."""
    found = []
    for key, (title, _help) in SECTIONS[kind].items():
        source = tidy(sections.get(key) or "")
        if len(source) > LONGEST_SECTION:
            raise DomainError(_("Cette rubrique est trop longue : %(limit)s signes au plus.", limit=LONGEST_SECTION), field=key)
        if source:
            found.append({"key": key, "title": str(title), "source": source, "html": markdown(source)})
    return found


def fill(sheet: AnySheet, *, title: str, summary: str, sections: list[dict[str, Any]], **facts: Any) -> None:
    """Set the text and the facts. The body is the sections one after the other: search, moderation and exports read it."""
    for name in sheet.FACTS:
        if name in facts:
            setattr(sheet, name, facts[name])
    if "sources" in facts:
        sheet.sources = [source for source in facts["sources"] if is_web(source.get("url", "")) or not source.get("url")]
    if getattr(sheet, "address", ""):
        require_web(sheet.address)  # type: ignore[union-attr]
    if isinstance(sheet, Initiative) and sheet.started_on and sheet.ended_on and sheet.ended_on < sheet.started_on:
        raise DomainError(_("La fin doit suivre le début."), field="ended_on")
    sheet.sections = sections
    body = Cleaned("\n".join(f"<h2>{_escape(section['title'])}</h2>\n{section['html']}" for section in sections))
    source = "\n\n".join(f"## {section['title']}\n\n{section['source']}" for section in sections)
    contents.write(sheet, title=one_line(title), summary=summary, body=source, body_html=body)


def _escape(words: str) -> str:
    from markupsafe import escape

    return str(escape(words))


def is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def require_web(address: str) -> None:
    if not is_web(address):
        raise DomainError(_("Cette adresse doit commencer par http:// ou https://."), field="address")


def edit_sheet(
    sheet: AnySheet, *, by: Person, seen: int, title: str, summary: str, sections: Mapping[str, str], terms: Iterable[Term], **facts: Any
) -> None:
    """A new version. Sections that came with an import and have no field of ours are kept as they are."""
    kept = [section for section in sheet.sections if section["key"] == "other"]

    def write() -> None:
        fill(sheet, title=title, summary=summary, sections=[*written(sheet.kind, sections), *kept], **facts)

    contents.edit(sheet, by=by, seen=seen, writer=write)
    contents.set_terms(sheet, terms)


def propose(sheet: AnySheet, *, by: Person) -> None:
    """To the curators, when it is ready to be read."""
    if sheet.step != Step.DRAFT:
        raise DomainError(_("Cette fiche est déjà chez les curateurs."))
    contents.change_state(sheet, State.PENDING, by=by)
    sheet.step, sheet.review_note = Step.REVIEW, ""
    db.flush()


def send_back(sheet: AnySheet, *, by: Person, note: str) -> None:
    """To its author, with what is missing."""
    note = tidy(note)
    if sheet.step != Step.REVIEW:
        raise DomainError(_("Cette fiche n’attend pas de relecture."))
    if not note:
        raise DomainError(_("Dites à l’auteur ce qui manque."), field="note")
    contents.change_state(sheet, State.DRAFT, by=by, reason=note)
    sheet.step, sheet.review_note = Step.DRAFT, note
    db.flush()
    tell_author(sheet, "sheet_sent_back", note=note)


def publish(sheet: AnySheet, *, by: Person | None) -> None:
    """By a curator: the sheet is in the catalogue."""
    contents.change_state(sheet, State.PUBLISHED, by=by)
    sheet.step, sheet.review_note = Step.PUBLISHED, ""
    db.flush()
    if by is not None:
        audit.record(
            "catalogue.publish",
            territory_id=sheet.territory_id,
            actor_id=by.id,
            subject=f"content:{sheet.id}",
            detail={"kind": sheet.kind, "revision": sheet.revision},
        )
        tell_author(sheet, "sheet_published", except_for=by)


def tell_author(sheet: AnySheet, template: str, *, except_for: Person | None = None, note: str = "") -> None:
    author = db.get(Person, sheet.author_id) if sheet.author_id else None
    if author is None or author.closed_at or (except_for and author.id == except_for.id):
        return
    from app.contents.kinds import permalink

    notifications.notify(author, template, title=sheet.title, note=note, url=permalink(sheet), content_id=sheet.id)
