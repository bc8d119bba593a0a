"""What can happen to a sheet: written, proposed, reviewed, sent back, published, kept fresh, archived."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from markupsafe import escape
from sqlalchemy import Select, func, select
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts.models import Person
from app.audit import services as audit
from app.contents import queries as content_queries
from app.contents import services as contents
from app.contents import vocabularies
from app.contents.models import Attachment, Revision, State, Term, Vocabulary, Voice
from app.core import clock
from app.core.db import add_row, db, one_of
from app.core.errors import Conflict, DomainError
from app.core.i18n import _
from app.core.text import Cleaned, markdown, one_line, tidy
from app.files import services as files
from app.initiatives import quality, queries
from app.initiatives.labels import CHECKLIST, FIRST_TERMS, LANGUAGES, SECTIONS, VOCABULARIES
from app.initiatives.models import KINDS, AnySheet, Initiative, Move, Step
from app.notifications import services as notifications
from app.territories.models import Territory

LONGEST_SECTION = 20_000
REVIEWED_EVERY = 730  # days: what a town did two years ago is worth a phone call
STEPS_LIMIT, CONTACTS_LIMIT, SOURCES_LIMIT = 40, 10, 60


# --- Writing -------------------------------------------------------------------------------------------------------------


def create_sheet(
    kind: str,
    *,
    by: Person | None,
    territory: Territory | None,
    title: str,
    summary: str,
    sections: Mapping[str, str],
    terms: Iterable[Term] = (),
    language: str = "fr",
    voice: Voice = Voice.OFFICIAL,
    **facts: Any,
) -> AnySheet:
    """A draft. `sections`: key → Markdown; `facts`: the kind's own columns. Territories speak in their own voice, citizens in theirs."""
    byline = territory.short_name if territory and voice == Voice.OFFICIAL else ""
    sheet = KINDS[kind](territory_id=territory.id if territory else None, byline=byline, voice=voice)
    fill(sheet, title=title, summary=summary, sections=written(kind, sections), language=language, **facts)
    terms = list(terms)
    said = labels_by_list(terms)
    contents.add(sheet, author=by, also={"terms": said})
    quality.measure(sheet, quality.Around(said))
    contents.set_terms(sheet, terms)
    return sheet


def tag(sheet: AnySheet, terms: Iterable[Term]) -> None:
    """Set the terms, note them in the version that is being written, and count again what the sheet meets."""
    terms = list(terms)
    contents.set_terms(sheet, terms)
    revision = db.scalars(select(Revision).where(Revision.content_id == sheet.id, Revision.n == sheet.revision)).one()
    revision.fields = {**revision.fields, "terms": labels_by_list(terms)}
    quality.measure(sheet)
    db.flush()


def labels_by_list(terms: Iterable[Term]) -> dict[str, list[str]]:
    """Labels by key of their list: what a version keeps, readable whatever becomes of the lists."""
    terms = list(terms)
    ids = {term.vocabulary_id for term in terms}
    keys: dict[int, str] = dict(db.execute(lists_named(), {"ids": sorted(ids)}).all()) if ids else {}
    found: dict[str, list[str]] = {}
    for term in sorted(terms, key=lambda each: (each.vocabulary_id, each.position, each.id)):
        found.setdefault(keys[term.vocabulary_id], []).append(term.label)
    return found


@cache
def lists_named() -> Select[int, str]:
    return select(Vocabulary.id, Vocabulary.key).where(one_of(Vocabulary.id, "ids"))


def suggest(*, by: Person, territory: Territory | None, title: str, summary: str, sections: Mapping[str, str], **facts: Any) -> AnySheet:
    """A citizen tells of an initiative: it waits for a curator at once, in the citizen's own voice."""
    sheet = create_sheet(
        "initiative", by=by, territory=territory, title=title, summary=summary, sections=sections, voice=Voice.CITIZEN, **facts
    )
    propose(sheet, by=by)
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


def fill(sheet: AnySheet, *, title: str, summary: str, sections: list[dict[str, Any]], language: str | None = None, **facts: Any) -> None:
    """Set the text and the facts. The body is the sections one after the other: search, moderation and exports read it."""
    for name in sheet.FACTS:
        if name in facts:
            setattr(sheet, name, CLEANED[name](facts[name]) if name in CLEANED else facts[name])
    if "sources" in facts:
        sheet.sources = clean_sources(facts["sources"])
    if language is not None:
        sheet.language = language if language in LANGUAGES else "fr"
    check(sheet)
    sheet.sections = sections
    body = Cleaned("\n".join(f"<h2>{escape(section['title'])}</h2>\n{section['html']}" for section in sections))
    source = "\n\n".join(f"## {section['title']}\n\n{section['source']}" for section in sections)
    contents.write(sheet, title=one_line(title), summary=summary, body=source, body_html=body)


def check(sheet: AnySheet) -> None:
    """What the facts say must hold together; the database refuses the same."""
    if getattr(sheet, "address", ""):
        require_web(sheet.address)  # type: ignore[union-attr]
    if not isinstance(sheet, Initiative):
        return
    if sheet.started_on and sheet.ended_on and sheet.ended_on < sheet.started_on:
        raise DomainError(_("La fin doit suivre le début."), field="ended_on")
    if sheet.cost_euros is not None and sheet.cost_euros < 0:
        raise DomainError(_("Un coût ne peut pas être négatif."), field="cost_euros")
    if (sheet.latitude is None) != (sheet.longitude is None):
        missing = "longitude" if sheet.longitude is None else "latitude"
        raise DomainError(_("Donnez la latitude et la longitude, ou aucune des deux."), field=missing)
    for name, most in (("latitude", 90), ("longitude", 180)):
        degrees = getattr(sheet, name)
        if degrees is not None and not -most <= degrees <= most:
            raise DomainError(_("Entre −%(most)s et %(most)s degrés.", most=most), field=name)


def clean_steps(rows: Any) -> list[dict[str, str]]:
    """[{when, what}], the lines that say what; in the order given, which is the order of time."""
    found = [{"when": one_line(row.get("when") or ""), "what": one_line(row.get("what") or "")} for row in rows or []]
    if any(row["when"] and not row["what"] for row in found):
        raise DomainError(_("Dites ce qui s’est passé à chaque date."), field="steps")
    found = [row for row in found if row["what"]]
    if len(found) > STEPS_LIMIT:
        raise DomainError(_("%(limit)s étapes au plus : gardez celles qui comptent.", limit=STEPS_LIMIT), field="steps")
    return found


def clean_contacts(rows: Any) -> list[dict[str, str]]:
    """[{name, role, email, phone}], the lines that say something."""
    keys = ("name", "role", "email", "phone")
    found = [{key: one_line(row.get(key) or "") for key in keys} for row in rows or []]
    found = [{key: text for key, text in row.items() if text} for row in found if any(row.values())]
    if any("name" not in row for row in found):
        raise DomainError(_("Donnez un nom, ou un service, à chaque contact."), field="contacts")
    if len(found) > CONTACTS_LIMIT:
        raise DomainError(_("%(limit)s contacts au plus.", limit=CONTACTS_LIMIT), field="contacts")
    return found


def clean_sources(rows: Any) -> list[dict[str, str]]:
    """[{title, url, date}]; an address that is none of the web is left out, its title stays."""
    found = []
    for row in rows or []:
        source = {key: one_line(str(row.get(key) or "")) for key in ("title", "url", "date")}
        if source["url"] and not is_web(source["url"]):
            source["url"] = ""
        if source["title"] or source["url"]:
            found.append({key: text for key, text in source.items() if text})
    return found[:SOURCES_LIMIT]


CLEANED = {"steps": clean_steps, "contacts": clean_contacts}


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
    tag(sheet, terms)


def add_theme(sheet: AnySheet, theme: Term, *, by: Person) -> bool:
    """One theme more, as a version like any other; False when the sheet has it already."""
    terms = terms_held(sheet)
    if theme.id in {term.id for term in terms}:
        return False
    contents.edit(sheet, by=by, writer=lambda: None)
    tag(sheet, [*terms, theme])
    return True


def terms_held(sheet: AnySheet) -> list[Term]:
    return [term for listed in content_queries.terms_of([sheet.id])[sheet.id].values() for term in listed]


def ensure_lists() -> None:
    """The lists that an empty region starts with. What is there already stays as it is."""
    for key, label in VOCABULARIES.items():
        contents.ensure_vocabulary(key, str(label), {term: str(words) for term, words in FIRST_TERMS.get(key, {}).items()})


def promoters_in_words() -> list[tuple[str, int]]:
    """(what is written, on how many sheets) for promoters that no list has, the most used first. One query."""
    table = Initiative.__table__
    query = select(table.c.promoter, func.count()).where(table.c.id.in_(queries.promoter_in_words())).group_by(table.c.promoter)
    return [(words, count) for words, count in db.execute(query.order_by(func.count().desc(), table.c.promoter))]


def adopt_promoter(words: str, *, label: str, by: Person) -> int:
    """What was written by hand enters the list of promoters, on every sheet that writes it so. How many those are."""
    ids = db.scalars(queries.promoter_in_words().where(Initiative.__table__.c.promoter == words)).all()
    if not ids:
        raise DomainError(_("Plus aucune fiche n’écrit ce nom. Relisez la liste."))
    term = vocabularies.add_term("promoter", label, label=words[: vocabularies.LONGEST_LABEL], by=by)
    for sheet_id in ids:
        sheet = queries.get_sheet(sheet_id)
        contents.edit(sheet, by=by, writer=lambda: None)
        tag(sheet, [*terms_held(sheet), term])
    return len(ids)


def move_to(sheet: AnySheet, territory: Territory | None, *, by: Person) -> None:
    """To another territory, or to the region: for a curator."""
    after = territory.id if territory else None
    if after == sheet.territory_id:
        return
    db.add(Move(sheet_id=sheet.id, before=sheet.step, after=sheet.step, note=territory.short_name if territory else "", by_id=by.id))
    sheet.territory_id = after
    set_committed_value(sheet, "territory", territory)
    db.flush()


def complete(sheet: Initiative, *, by: Person, seen: int, title: str, summary: str, sections: Mapping[str, str], **facts: Any) -> None:
    """A citizen says more of what they reported: the sections and facts given are changed, what others wrote stays."""
    sources = {section["key"]: section["source"] for section in sheet.sections if section["key"] != "other"} | dict(sections)
    edit_sheet(sheet, by=by, seen=seen, title=title, summary=summary, sections=sources, terms=terms_held(sheet), **facts)


# --- Images and documents ------------------------------------------------------------------------------------------------


def add_file(sheet: AnySheet, prepared: files.Prepared, *, title: str, alt: str, by: Person) -> Attachment:
    """Show a file, received and examined, with the sheet. An image says what it shows."""
    row = contents.attach(sheet, prepared, title=title, by=by)
    describe_file(sheet, row, title=title, alt=alt)
    return row


def describe_file(sheet: AnySheet, row: Attachment, *, title: str, alt: str) -> None:
    row.title, row.alt = one_line(title) or row.title, one_line(alt)
    db.flush()
    quality.measure(sheet)
    db.flush()


def remove_file(sheet: AnySheet, row: Attachment) -> None:
    contents.detach(row)
    quality.measure(sheet)
    db.flush()


# --- Steps ---------------------------------------------------------------------------------------------------------------


def move(sheet: AnySheet, after: Step, *, by: Person | None, note: str = "") -> None:
    """To another step, with its row of history."""
    before, sheet.step, sheet.step_at = sheet.step, after, clock.now()
    if after != Step.REVIEW:
        sheet.reviewer_id = None
    db.flush()
    add_row(Move, {"sheet_id": sheet.id, "before": before, "after": after, "note": note, "by_id": by.id if by else None})


def expect(sheet: AnySheet, *steps: Step, otherwise: str) -> None:
    if sheet.step not in steps:
        raise DomainError(otherwise)


def propose(sheet: AnySheet, *, by: Person) -> None:
    """To the curators, when it is ready to be read."""
    expect(sheet, Step.DRAFT, otherwise=_("Cette fiche est déjà chez les curateurs."))
    contents.change_state(sheet, State.PENDING, by=by)
    sheet.review_note, sheet.checklist = "", []
    move(sheet, Step.PROPOSED, by=by)


def take(sheet: AnySheet, *, by: Person) -> None:
    """A curator begins to read it; another may take over."""
    expect(sheet, Step.PROPOSED, Step.REVIEW, otherwise=_("Cette fiche n’attend pas de relecture."))
    if sheet.reviewer_id == by.id:
        return
    move(sheet, Step.REVIEW, by=by)
    sheet.reviewer_id = by.id
    db.flush()


def tick(sheet: AnySheet, checked: Iterable[str], *, by: Person) -> None:
    """What the curator has looked at. Reading begins with the first tick."""
    if sheet.step == Step.PROPOSED:
        take(sheet, by=by)
    expect(sheet, Step.REVIEW, otherwise=_("Cette fiche n’attend pas de relecture."))
    chosen = set(checked)
    sheet.checklist = [key for key in CHECKLIST if key in chosen]
    db.flush()


def send_back(sheet: AnySheet, *, by: Person, note: str) -> None:
    """To its author, with what is missing."""
    note = tidy(note)
    expect(sheet, Step.PROPOSED, Step.REVIEW, otherwise=_("Cette fiche n’attend pas de relecture."))
    if not note:
        raise DomainError(_("Dites à l’auteur ce qui manque."), field="note")
    contents.change_state(sheet, State.DRAFT, by=by, reason=note)
    sheet.review_note = note
    move(sheet, Step.DRAFT, by=by, note=note)
    tell_author(sheet, "sheet_sent_back", note=note)


def publish(sheet: AnySheet, *, by: Person | None, seen: int | None = None) -> None:
    """By a curator: the sheet is in the catalogue, to be read again in two years. Published already, nothing happens.

    `seen`: the version that was read: who publishes answers for it, and its author may have written another meanwhile.
    """
    if sheet.step == Step.PUBLISHED:
        return
    if seen is not None and seen != sheet.revision:
        raise Conflict(_("La fiche a changé pendant que vous la relisiez. Rien n’est publié. Relisez-la, puis publiez."))
    contents.change_state(sheet, State.PUBLISHED, by=by)
    sheet.review_note = ""
    sheet.review_on = next_review()
    move(sheet, Step.PUBLISHED, by=by)
    if by is not None:
        register("catalogue.publish", sheet, by, checked=len(sheet.checklist), points=sheet.points)
        tell_author(sheet, "sheet_published", except_for=by)


def next_review() -> date:
    return clock.today() + timedelta(days=REVIEWED_EVERY)


def confirm_fresh(sheet: AnySheet, *, by: Person, review_on: date | None = None) -> None:
    """Somebody who knows has read it again: still true, until the next date."""
    expect(sheet, Step.PUBLISHED, otherwise=_("Cette fiche n’est pas publiée."))
    review_on = review_on or next_review()
    if review_on <= clock.today():
        raise DomainError(_("Choisissez un jour à venir."), field="review_on")
    sheet.review_on = review_on
    db.add(Move(sheet_id=sheet.id, before=sheet.step, after=sheet.step, note=review_on.isoformat(), by_id=by.id))
    db.flush()


def archive(sheet: AnySheet, *, by: Person, note: str) -> None:
    """Out of the lists and of search; its address still answers, and says why."""
    note = tidy(note)
    expect(sheet, Step.PUBLISHED, otherwise=_("Seule une fiche publiée s’archive."))
    if not note:
        raise DomainError(_("Dites pourquoi : ceux qui suivent un ancien lien le liront."), field="note")
    contents.change_state(sheet, State.ARCHIVED, by=by, reason=note)
    sheet.review_note = note
    move(sheet, Step.ARCHIVED, by=by, note=note)
    register("catalogue.archive", sheet, by)


def restore(sheet: AnySheet, *, by: Person) -> None:
    """Back in the catalogue, read again."""
    expect(sheet, Step.ARCHIVED, otherwise=_("Cette fiche n’est pas archivée."))
    publish(sheet, by=by)


def register(act: str, sheet: AnySheet, by: Person, **detail: Any) -> None:
    audit.record(
        act,
        territory_id=sheet.territory_id,
        actor_id=by.id,
        subject=f"content:{sheet.id}",
        detail={"kind": sheet.kind, "revision": sheet.revision, **detail},
    )


def tell_author(sheet: AnySheet, template: str, *, except_for: Person | None = None, note: str = "") -> None:
    author = db.get(Person, sheet.author_id) if sheet.author_id else None
    if author is None or author.closed_at or (except_for and author.id == except_for.id):
        return
    from app.contents.kinds import permalink

    notifications.notify(author, template, title=sheet.title, note=note, url=permalink(sheet), content_id=sheet.id)
