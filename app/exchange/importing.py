"""Sheets from a file: read, compared with what is here, shown, then written by the worker once somebody has agreed.

A row that cannot be taken is told with its number and the reason; the others are taken all the same.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from flask import current_app
from sqlalchemy import delete, select

from app.accounts.models import Person
from app.contents import services as contents
from app.contents.models import Content, Origin, State, Term, Vocabulary, Voice
from app.core import clock, outbox
from app.core.db import BIGGEST_ID, db, transaction
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.text import markdown, one_line, tidy
from app.core.worker import every
from app.exchange import rows as shape
from app.exchange import tables
from app.exchange.models import ImportState, SheetImport
from app.initiatives import queries as sheets
from app.initiatives import services
from app.initiatives.labels import CHOSEN, KIND_LABELS, LANGUAGES, SECTIONS, SINGLE
from app.initiatives.models import KINDS, AnySheet, Step
from app.search.analysis import fold
from app.territories.models import Territory

BATCH = 25
KEPT_DAYS = 30
TARGETS = (Step.DRAFT, Step.PROPOSED, Step.PUBLISHED)
DATES = ("started_on", "ended_on", "issued_on")
NUMBERS = {"latitude": float, "longitude": float, "cost_euros": int, "issued_year": int}
HEADINGS = {name: heading for heading, name in shape.COLUMNS.items()}
GONE = (State.REFUSED, State.REMOVED, State.WITHDRAWN, State.ARCHIVED)  # of a sheet that nobody finds, another may have the title
LARGEST = {"latitude": 90, "longitude": 180, "cost_euros": BIGGEST_ID, "issued_year": 9999}


# --- What a row says -------------------------------------------------------------------------------------------------------


@dataclass
class Lists:
    """What rows name, found by any name it has: territories, terms."""

    territories: dict[str, Territory]
    terms: dict[tuple[str, str], Term]

    @classmethod
    def read(cls) -> "Lists":
        places: dict[str, Territory] = {}
        for territory in db.scalars(select(Territory).order_by(Territory.is_pilot, Territory.id)):
            names = (territory.slug, territory.name, territory.short_name, territory.insee, territory.siren)
            places |= {fold(name): territory for name in names if name}
        query = select(Vocabulary.key, Term).join(Term, Term.vocabulary_id == Vocabulary.id).where(Term.merged_into_id.is_(None))
        terms = {(key, fold(name)): term for key, term in db.execute(query) for name in (term.label, term.key)}
        return cls(places, terms)


@dataclass
class Said:
    """What one row says, in our terms. `problems` refuse it, `doubts` do not."""

    number: int
    title: str = ""
    identifier: str | None = None
    kind: str = "initiative"
    summary: str = ""
    language: str = "fr"
    territory: Territory | None = None
    terms: list[Term] = field(default_factory=list)
    sections: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def read_row(number: int, row: Mapping[str, Any], lists: Lists) -> Said:
    """One row of a table, or one object of JSON in the shape we give. What cannot be read is refused alone."""
    try:
        tables.check_signs(row)
        return read_object(number, row, lists) if isinstance(row.get("facts"), dict) else read_cells(number, row, lists)
    except DomainError as error:
        return Said(number, problems=[error.message])


def read_cells(number: int, row: Mapping[str, Any], lists: Lists) -> Said:
    cells: dict[str, str] = {}
    unknown = []
    for heading, value in row.items():
        name, text = shape.heading_of(str(heading)), str(value if value is not None else "").strip()
        if name is None and text:
            unknown.append(str(heading))
        elif name and text and not cells.get(name):
            cells[name] = text
    said = Said(number, identifier=cells.get("source") or None)
    if unknown:
        said.doubts.append(_("Colonnes sans place dans une fiche : %(names)s.", names=", ".join(unknown[:5])))
    begin(said, cells.get("kind"), cells.get("title"), cells.get("summary"), cells.get("language"), cells.get("territory"), lists)
    names = {key: re.split(r"\s*[|;\n]\s*", cells[column]) for column, key in shape.TERM_COLUMNS.items() if column in cells}
    choose(said, names, lists)
    said.facts = facts_from(said, cells)
    if "steps" in cells and said.kind == "initiative":
        said.facts["steps"] = shape.steps_in(cells["steps"])
    said.facts["sources"] = shape.sources_in(cells.get("sources", ""))
    if cells.get("url", "").startswith("http") and not is_ours(cells["url"]):
        said.facts["sources"].insert(0, {"title": str(_("Page d’origine")), "url": cells["url"]})
    said.sections = written(said.kind, {key: cells[key] for key in (*SECTIONS[said.kind], "other") if key in cells})
    return said


def read_object(number: int, about: Mapping[str, Any], lists: Lists) -> Said:
    """An object of `rows.as_object`, ours or another Beffroi's. Nothing is taken for granted in it."""
    said = Said(number, identifier=str(about.get("identifier") or "")[:200] or None)
    text = {name: str(about.get(name) or "") for name in ("kind", "title", "summary", "language", "territory", "territory_name", "url")}
    begin(said, text["kind"], text["title"], text["summary"], text["language"], text["territory_name"] or text["territory"], lists)
    named, known = of_type(dict, about.get("terms")), SECTIONS[said.kind]
    choose(said, {str(key): [label_of(each) for each in of_type(list, found)] for key, found in named.items()}, lists)
    said.facts = facts_from(said, {str(name): str(value) for name, value in about["facts"].items() if isinstance(value, str | int | float)})
    if said.kind == "initiative" and "steps" in about:
        said.facts["steps"] = objects_in(about["steps"])
    said.facts["sources"] = objects_in(about.get("sources"))
    if text["url"].startswith("http") and not is_ours(text["url"]):
        said.facts["sources"].insert(0, {"title": str(_("Page d’origine")), "url": text["url"]})
    sections = objects_in(about.get("sections"))
    texts = {each["key"]: each.get("source") or "" for each in sections if each.get("key") in known}
    others = [f"## {each.get('title', '')}\n\n{each.get('source', '')}" for each in sections if each.get("key") not in known]
    said.sections = written(said.kind, texts | ({"other": "\n\n".join(others)} if others else {}))
    return said


T = TypeVar("T", dict, list)


def of_type(wanted: type[T], value: Any) -> T:
    """The value, or an empty one where it is something else."""
    return value if isinstance(value, wanted) else wanted()


def objects_in(value: Any) -> list[dict[str, str]]:
    """The objects of a list, with what is text in them: every one of ours is made of texts."""
    return [{name: text for name, text in each.items() if isinstance(text, str)} for each in of_type(list, value) if isinstance(each, dict)]


def label_of(term: Any) -> str:
    return str(term.get("label") or term.get("key") or "") if isinstance(term, dict) else str(term)


def is_ours(url: str) -> bool:
    return url.startswith(current_app.config["BASE_URL"] + "/")


def begin(
    said: Said, kind: str | None, title: str | None, summary: str | None, language: str | None, place: str | None, lists: Lists
) -> None:
    """What every sheet has."""
    wanted = fold(kind or "initiative")
    said.kind = next((key for key, labels in KIND_LABELS.items() if wanted in {key, *(fold(str(label)) for label in labels)}), "")
    if not said.kind:
        said.problems.append(_("La nature « %(kind)s » n’existe pas : initiative, document de référence ou outil.", kind=kind))
        said.kind = "initiative"
    said.title, said.summary = one_line(title or ""), one_line(summary or "")
    if not said.title:
        said.problems.append(_("Le titre manque."))
    elif len(said.title) > 300:
        said.problems.append(_("Le titre est trop long : 300 signes au plus."))
    if language and language in LANGUAGES:
        said.language = language
    if place:
        said.territory = lists.territories.get(fold(place))
        if said.territory is None and fold(place) not in {"region", "la region"}:
            said.doubts.append(_("Le territoire « %(name)s » n’est pas connu : la fiche ira à la région.", name=place))


def choose(said: Said, names: Mapping[str, Iterable[str]], lists: Lists) -> None:
    for key in CHOSEN[said.kind]:
        wanted = [name for name in names.get(key, ()) if name.strip()]
        found = [term for name in wanted if (term := lists.terms.get((key, fold(name.strip()))))]
        said.terms += found[:1] if key in SINGLE else list(dict.fromkeys(found))
        missing = [name for name in wanted if (key, fold(name.strip())) not in lists.terms]
        if missing:
            said.doubts.append(_("Hors des listes, laissé de côté : %(names)s.", names=", ".join(missing[:5])))


def facts_from(said: Said, texts: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in KINDS[said.kind].FACTS:
        text = texts.get(name, "").strip()
        if name not in shape.FACTS or not text:
            continue
        try:
            if name in DATES:
                found[name] = date.fromisoformat(text[:10]) if "/" not in text else french_date(text)
            elif name in NUMBERS:
                number = float(text.replace(",", ".").replace("\u202f", "").replace(" ", ""))
                if not abs(number) <= LARGEST[name]:  # nor is "nan" a place
                    raise ValueError
                found[name] = NUMBERS[name](number)
            else:
                found[name] = one_line(text)
        except (ValueError, OverflowError):
            said.doubts.append(not_understood(name, text[:40]))
    if ("latitude" in found) != ("longitude" in found):
        found = {name: value for name, value in found.items() if name not in {"latitude", "longitude"}}
        said.doubts.append(_("La latitude et la longitude vont ensemble : sans les deux, elles sont laissées de côté."))
    return found


def not_understood(name: str, text: str) -> str:
    """In the words of the file: its heading, and how a date is written there."""
    if name in DATES:
        return _(
            "La date « %(text)s » (%(heading)s) n’a pas été comprise : écrivez-la comme 12/03/2024.", text=text, heading=HEADINGS[name]
        )
    return _("« %(text)s » n’a pas été compris (%(heading)s).", text=text, heading=HEADINGS[name])


def french_date(text: str) -> date:
    day, month, year = (int(part) for part in text.split("/", 2))
    return date(year, month, day)


def written(kind: str, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    """Sections in the order of the kind; what has no section of ours comes last, under its own name."""
    found = []
    for key in (*SECTIONS[kind], "other"):
        source = tidy(texts.get(key, ""), limit=400_000)
        if source:
            title = str(SECTIONS[kind][key][0]) if key != "other" else str(_("Suite"))
            found.append({"key": key, "title": title, "source": source, "html": markdown(source)})
    return found


# --- What is to be done with it --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Planned:
    """One row and what would happen to it: `did` is new, changed, same or refused."""

    said: Said
    did: str
    why: str
    sheet_id: int | None = None

    def as_line(self) -> dict[str, Any]:
        """A line of the preview, and of the report."""
        return {"row": self.said.number, "title": self.said.title, "did": self.did, "why": self.why, "sheet_id": self.sheet_id}


def planned(read: Sequence[Said], *, replaces: bool) -> list[Planned]:
    """Compare with what is here: by identifier, and by title, which only warns. Three queries."""
    here = known_by([said.identifier for said in read if said.identifier])
    titles = titles_taken(read)
    seen: set[str] = set()
    found = []
    for said in read:
        doubts = " ".join(said.doubts)
        sheet_id = here.get(said.identifier or "")
        if said.problems:
            found.append(Planned(said, "refused", " ".join(said.problems), sheet_id))
        elif said.identifier and said.identifier in seen:
            found.append(Planned(said, "refused", _("Le même identifiant est plus haut dans le fichier."), sheet_id))
        elif sheet_id is None:
            twice = (
                _("Une fiche du catalogue a déjà ce titre : vérifiez que ce n’est pas la même.")
                if not said.identifier and said.title in titles
                else ""
            )
            found.append(Planned(said, "new", " ".join(filter(None, (twice, doubts)))))
        else:
            found.append(Planned(said, "changed" if replaces else "same", doubts, sheet_id))
        seen.add(said.identifier or "")
    return found


def titles_taken(read: Sequence[Said]) -> set[str]:
    """What rows without an identifier are called, and a sheet already is: nothing else tells that they are here."""
    asked = {said.title for said in read if not said.identifier and not said.problems}
    query = select(Content.title).where(Content.kind.in_(KINDS), Content.title.in_(asked), Content.state.not_in(GONE))
    return set(db.scalars(query))


def known_by(identifiers: Sequence[str]) -> dict[str, int]:
    """identifier → id of the sheet it is here: ours by their own address, the others by their source."""
    found: dict[str, int] = {}
    prefix = shape.identifier_of(0)[:-1]
    ours = {name: int(name.removeprefix(prefix)) for name in identifiers if re.fullmatch(re.escape(prefix) + r"\d{1,9}", name)}
    for criterion in (Content.id.in_(ours.values()), Content.source.in_([name for name in identifiers if name not in ours])):
        query = select(Content.id, Content.source).where(criterion, Content.kind.in_(KINDS))
        for content_id, source in db.execute(query):
            found[source or shape.identifier_of(content_id)] = content_id
            found[shape.identifier_of(content_id)] = content_id
    return found


def prepare(rows: list[dict[str, Any]], *, name: str, by: Person, target: Step, replaces: bool) -> SheetImport:
    """Keep the rows; nothing is written to the catalogue yet."""
    if target not in TARGETS:
        raise DomainError(_("Choisissez où vont les fiches nouvelles."), field="target")
    made = SheetImport(name=one_line(name)[:200], rows=rows, target=target.value, replaces=replaces, by_id=by.id)
    db.add(made)
    db.flush()
    return made


def preview(kept: SheetImport) -> list[Planned]:
    lists = Lists.read()
    return planned([read_row(number, row, lists) for number, row in enumerate(kept.rows, 1)], replaces=kept.replaces)


def confirm(kept: SheetImport) -> None:
    """Agreed: the worker takes it from here. Agreeing twice is once."""
    if kept.state == ImportState.PREVIEW:
        kept.state = ImportState.WAITING
        db.flush()
        outbox.enqueue("sheet_import", kept.id)


@outbox.handles("sheet_import", leader_only=True)
def work(keys: Sequence[str]) -> None:
    """Row after row, a transaction a batch: interrupted, it goes on where it was."""
    for key in keys:
        while True:
            with transaction():
                kept = db.scalars(select(SheetImport).where(SheetImport.id == int(key)).with_for_update()).one_or_none()
                if kept is None or kept.state != ImportState.WAITING:
                    break
                take_batch(kept)


def take_batch(kept: SheetImport) -> None:
    by = db.scalars(select(Person).where(Person.id == kept.by_id)).one_or_none() if kept.by_id else None
    lists = Lists.read()
    batch = kept.rows[kept.done_count : kept.done_count + BATCH]
    read = [read_row(kept.done_count + n, row, lists) for n, row in enumerate(batch, 1)]
    report = list(kept.report)
    for plan in planned(read, replaces=kept.replaces):
        report.append(told(plan, by=by, target=Step(kept.target)))
    kept.report, kept.done_count = report, kept.done_count + len(batch)
    if kept.done_count >= len(kept.rows):
        kept.state, kept.done_at = ImportState.DONE, clock.now()
    db.flush()


def told(plan: Planned, *, by: Person | None, target: Step) -> dict[str, Any]:
    """Do what was planned for a row; what happened, for the report."""
    line = plan.as_line()
    try:
        with db.begin_nested():
            if plan.did == "new":
                line["sheet_id"] = enter(plan.said, by=by, target=target).id
            elif plan.did == "changed" and plan.sheet_id:
                line["did"] = "changed" if bring_up_to(sheets.get_sheet(plan.sheet_id), plan.said, by=by) else "same"
    except DomainError as error:
        line |= {"did": "refused", "why": error.message}
    return line


def enter(said: Said, *, by: Person | None, target: Step, byline: str = "") -> AnySheet:
    """A new sheet, marked with where it comes from, as far as `target`."""
    place = said.territory
    sheet = KINDS[said.kind](territory_id=place.id if place else None, voice=Voice.OFFICIAL)  # no citizen told of it in the plain form
    services.fill(sheet, title=said.title, summary=said.summary, sections=said.sections, language=said.language, **said.facts)
    if said.identifier:
        contents.import_as(sheet, source=said.identifier, byline=byline, created_at=clock.now())
        sheet.published_at = None
    else:
        sheet.byline, sheet.origin = byline or (place.short_name if place else ""), Origin.ONLINE
    contents.add(sheet, author=by)
    services.tag(sheet, said.terms)
    if target == Step.PUBLISHED:
        services.publish(sheet, by=by)
    elif target == Step.PROPOSED:
        contents.change_state(sheet, State.PENDING, by=by)
        services.move(sheet, Step.PROPOSED, by=by)
    return sheet


def bring_up_to(sheet: AnySheet, said: Said, *, by: Person | None) -> bool:
    """A new version with what the row says; False when it says nothing new. What it does not mention stays."""
    mentioned = {section["key"] for section in said.sections}
    kept = [section for section in sheet.sections if section["key"] not in mentioned]
    order = [*SECTIONS[sheet.kind], "other"]
    sections = sorted([*said.sections, *kept], key=lambda section: order.index(section["key"]))
    before = (
        sheet.title,
        sheet.summary,
        [(s["key"], s["source"]) for s in sheet.sections],
        {name: getattr(sheet, name) for name in said.facts},
    )
    after = (said.title, said.summary or sheet.summary, [(s["key"], s["source"]) for s in sections], cleaned(said.facts))
    terms = {term.id: term for term in services.terms_held(sheet)}
    chosen = said.terms or list(terms.values())
    if before == after and {term.id for term in chosen} == set(terms):
        return False

    def writer() -> None:
        services.fill(sheet, title=said.title, summary=after[1], sections=sections, **said.facts)

    contents.edit(sheet, by=by, writer=writer)
    services.tag(sheet, chosen)
    return True


def cleaned(facts: Mapping[str, Any]) -> dict[str, Any]:
    known = services.CLEANED | {"sources": services.clean_sources}
    return {name: known[name](value) if name in known else value for name, value in facts.items()}


@every(minutes=24 * 60)
def forget_old_imports() -> None:
    old = SheetImport.created_at < clock.from_now(days=-KEPT_DAYS)
    db.execute(delete(SheetImport).where(old).execution_options(synchronize_session=False))
