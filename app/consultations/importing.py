"""A whole consultation from another platform's export, or from one of ours: one JSON object a line, one line a proposal.

Lines are read, cleaned and written in batches, each its own transaction: whatever stops the work, what was written stays,
and the next run goes on from there. Rows are made in bulk, and leave what the services leave; a test compares.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from app.consultations.archives import Unreadable, lines_of, open_file, stem_of
from app.consultations.lines import SCALE, TITLE_LIMIT, Entry, Refused, entry_from, list_in, moment_in, text_in
from app.consultations.models import Consultation
from app.consultations.proposals.models import Appendix, Proposal
from app.consultations.proposals.queries import sections_of
from app.consultations.proposals.services import add_section
from app.contents import services as contents
from app.contents import spaces
from app.contents.models import Content, Origin, Phase, Revision, State, StateChange, Tally
from app.core import clock
from app.core.db import db, transaction
from app.core.errors import DomainError
from app.core.i18n import _, ngettext
from app.core.text import IMPORT_LIMIT, html
from app.territories.models import Territory

BATCH = 20  # lines in one transaction
ACTS = ["propose", "argue", "vote", "comment"]


@dataclass
class Report:
    imported: Counter = field(default_factory=Counter)  # by kind
    known: int = 0  # were there already
    refused: list[str] = field(default_factory=list)
    consultation_id: int = 0

    @property
    def total(self) -> int:
        return sum(self.imported.values())

    def summary(self) -> str:
        done = self.imported
        parts = [
            ngettext("%(num)s proposition", "%(num)s propositions", done["proposal"]),
            ngettext("%(num)s argument", "%(num)s arguments", done["argument"]),
            ngettext("%(num)s source", "%(num)s sources", done["source"]),
        ]
        if done["comment"]:
            parts.append(ngettext("%(num)s réponse", "%(num)s réponses", done["comment"]))
        text = _("Importé : %(what)s.", what=", ".join(parts))
        if self.known:
            text += " " + ngettext("%(num)s était déjà là.", "%(num)s étaient déjà là.", self.known)
        if self.refused:
            text += " " + ngettext("%(num)s refus, expliqué ci-dessus.", "%(num)s refus, expliqués ci-dessus.", len(self.refused))
        return text


def import_consultation(
    path: Path,
    territory: Territory,
    *,
    title: str = "",
    project_id: int | None = None,
    progress: Callable[[int], None] = lambda place: None,
    refusal: Callable[[str], None] = lambda sentence: None,
) -> Report:
    """Read the whole file. `progress` is told how many bytes of it are done, `refusal` each line or part not taken."""
    territory_id = territory.id
    with path.open("rb") as raw:
        meta, stream = open_file(raw, path.suffix)
        report, stem = Report(), stem_of(path)
        report.consultation_id = consultation_for(meta, stem, territory_id, title=title, project_id=project_id)

        def refuse(sentence: str) -> None:
            report.refused.append(sentence)
            refusal(sentence)

        batch: list[Entry] = []
        damage: Unreadable | None = None
        try:
            for n, text in lines_of(stream):
                try:
                    batch.append(entry_from(text, stem, partial(refuse_part, refuse, n)))
                except (Refused, DomainError) as error:
                    refuse(_("Ligne %(n)s : %(why)s", n=n, why=error))
                if len(batch) >= BATCH:
                    write(batch, report, dated=not meta)
                    batch = []
                    progress(raw.tell())
        except Unreadable as error:  # what came before the damage is kept
            damage = error
        if batch:
            write(batch, report, dated=not meta)
        if damage:
            raise damage
        progress(raw.tell())
        return report


def refuse_part(refuse: Callable[[str], None], n: int, why: str) -> None:
    refuse(_("Ligne %(n)s, %(why)s", n=n, why=why))


def consultation_for(meta: dict[str, Any], stem: str, territory_id: int, *, title: str, project_id: int | None) -> int:
    """The consultation this file was imported into before, or a new one, published."""
    given = meta.get("source")
    source = given if isinstance(given, str) and 0 < len(given) <= 200 else stem
    with transaction():
        same = (Consultation.origin == Origin.IMPORTED, Consultation.kind == "consultation", Consultation.source == source)
        known = db.scalars(select(Consultation).where(*same)).one_or_none()
        if known is not None:
            if known.territory_id != territory_id:
                raise Unreadable(_("Ce fichier a déjà été importé dans un autre territoire (consultation %(id)s).", id=known.id))
            return known.id
        territory = db.scalars(select(Territory).where(Territory.id == territory_id)).one()
        consultation = Consultation(territory_id=territory_id, project_id=project_id)
        contents.import_as(consultation, source=source, byline=territory.short_name, created_at=clock.now())
        try:
            read_meta(consultation, meta, title or stem.replace("-", " ").replace("_", " ").capitalize())
            contents.add(consultation, author=None, state=State.PUBLISHED)
            read_frame(consultation, meta)
        except (Refused, DomainError) as error:
            raise Unreadable(_("Cette archive décrit mal sa consultation : %(why)s.", why=error)) from None
        return consultation.id


def read_meta(consultation: Consultation, meta: dict[str, Any], title: str) -> None:
    source, given = text_in(meta, "body_source", IMPORT_LIMIT, required=False), text_in(meta, "body_html", IMPORT_LIMIT, required=False)
    named = text_in(meta, "title", TITLE_LIMIT, required=False) or title
    summary = text_in(meta, "summary", 2_000, required=False)
    contents.write(consultation, title=named, summary=summary, body=source, body_html=html(given, IMPORT_LIMIT))
    answers = {name: text_in(meta, name, 2_000, required=False) for name in ("asked", "becomes", "open_to")}
    spaces.set_answers(consultation, **answers)
    consultation.conclusion_source = text_in(meta, "conclusion_source", IMPORT_LIMIT, required=False)
    consultation.conclusion_html = html(text_in(meta, "conclusion_html", IMPORT_LIMIT, required=False), IMPORT_LIMIT)
    if meta.get("concluded_at"):
        consultation.concluded_at = moment_in(meta, "concluded_at")
    if meta.get("published_at"):
        consultation.created_at = consultation.published_at = consultation.updated_at = moment_in(meta, "published_at")


def read_frame(consultation: Consultation, meta: dict[str, Any]) -> None:
    """Sections and phases, as an archive of ours gives them."""
    for part in list_in(meta, "sections"):
        add_section(consultation, title=text_in(part, "title", TITLE_LIMIT), text=text_in(part, "text", 2_000, required=False))
    phases = []
    for part in list_in(meta, "phases"):
        opens, closes = (moment_in(part, name) if part.get(name) else None for name in ("opens_at", "closes_at"))
        allows = [act for act in list_in(part, "allows") if act in ACTS]
        name, note = text_in(part, "name", 200), text_in(part, "note", 500, required=False)
        phases.append(Phase(name=name, note=note, opens_at=opens, closes_at=closes, allows=allows))
    if phases:
        contents.set_phases(consultation, phases)


# --- A batch ---------------------------------------------------------------------------------------------------------------


def write(batch: list[Entry], report: Report, *, dated: bool) -> None:
    """One batch, one transaction: all of it, or none."""
    with transaction():
        consultation = db.scalars(select(Consultation).where(Consultation.id == report.consultation_id)).one()
        sections = {section.title: section for section in sections_of(consultation)}
        known = ids_of(batch)
        fresh: list[Entry] = []
        for entry in batch:
            proposal = entry.content
            assert isinstance(proposal, Proposal)
            if entry.section and entry.section not in sections:
                sections[entry.section] = add_section(consultation, title=entry.section)
            proposal.section_id = sections[entry.section].id if entry.section else None
            if keep(entry, None, consultation, known, report):
                fresh.append(entry)
        flush(fresh)
        known |= {entry.key: entry.content.id for entry in fresh}
        answers = children_of(batch, consultation, known, report)
        replies = children_of([child for entry in batch for child in entry.children], consultation, known, report)
        finish([*fresh, *answers, *replies], report)
        if dated:
            widen(consultation, batch)
    db.expunge_all()


def ids_of(batch: Iterable[Entry]) -> dict[tuple[str, str], int]:
    """Which of all these are in the database already, and under which id."""
    wanted: dict[str, list[str]] = {}
    for entry in everything_in(batch):
        kind, source = entry.key
        wanted.setdefault(kind, []).append(source)
    found: dict[tuple[str, str], int] = {}
    for kind, sources in wanted.items():
        for start in range(0, len(sources), 500):
            same = (Content.origin == Origin.IMPORTED, Content.kind == kind, Content.source.in_(sources[start : start + 500]))
            rows = db.execute(select(Content.source, Content.id).where(*same))
            found |= {(kind, source or ""): content_id for source, content_id in rows}
    return found


def everything_in(batch: Iterable[Entry]) -> Iterator[Entry]:
    for entry in batch:
        yield entry
        yield from everything_in(entry.children)


def keep(entry: Entry, parent_id: int | None, consultation: Consultation, known: dict[tuple[str, str], int], report: Report) -> bool:
    """Prepare a new content for the database; False for one that is there."""
    if entry.key in known:
        report.known += 1
        return False
    known[entry.key] = 0  # a second one in the same batch is one too many
    content = entry.content
    content.parent_id, content.space_id = parent_id, consultation.id
    content.territory_id, content.project_id = consultation.territory_id, consultation.project_id
    content.state, content.is_public = State.PUBLISHED, consultation.is_public
    return True


def children_of(entries: Iterable[Entry], consultation: Consultation, known: dict[tuple[str, str], int], report: Report) -> list[Entry]:
    """Enter what answers these, and count it where it answers."""
    fresh: list[Entry] = []
    counts: Counter[int] = Counter()
    for entry in entries:
        parent_id = known.get(entry.key, 0)
        for child in entry.children if parent_id else ():
            if keep(child, parent_id, consultation, known, report):
                fresh.append(child)
                counts[parent_id] += consultation.is_public
    flush(fresh)
    known |= {entry.key: entry.content.id for entry in fresh}
    for parent_id, count in counts.items():
        added = update(Content).where(Content.id == parent_id).values(replies_count=Content.replies_count + count)
        db.execute(added.execution_options(synchronize_session=False))
    return fresh


def flush(entries: list[Entry]) -> None:
    db.add_all([entry.content for entry in entries])
    db.flush()


def finish(entries: list[Entry], report: Report) -> None:
    """First revisions, history, imported totals, appendices: what the services write beside a content."""
    now = clock.now()
    revisions, changes, tallies, appendices = [], [], [], []
    for entry in entries:
        content = entry.content
        report.imported[content.kind] += 1
        revisions.append({"content_id": content.id, "n": 1, "fields": contents.fields_of(content), "author_id": None, "created_at": now})
        change = {"content_id": content.id, "before": State.DRAFT, "after": State.PUBLISHED, "reason": "", "by_id": None, "at": now}
        changes.append(change)
        tallies += [
            {"content_id": content.id, "scale": SCALE, "value": value, "cast": 0, "imported": count}
            for value, count in entry.votes.items()
            if count
        ]
        appendices += [
            {"proposal_id": content.id, "position": n, "title": title, "body_html": body}
            for n, (title, body) in enumerate(entry.appendices)
        ]
    for model, rows in ((Revision, revisions), (StateChange, changes), (Tally, tallies), (Appendix, appendices)):
        if rows:
            db.execute(insert(model), rows)


def widen(consultation: Consultation, batch: Iterable[Entry]) -> None:
    """Open from the first day anyone wrote to the end of the last, in the days of Paris."""
    moments = [entry.content.created_at for entry in everything_in(batch)]
    first, last = min(moments).astimezone(clock.PARIS), max(moments).astimezone(clock.PARIS)
    opens = datetime(first.year, first.month, first.day, tzinfo=clock.PARIS)
    closes = datetime(last.year, last.month, last.day, tzinfo=clock.PARIS) + timedelta(days=1)
    bounds = (min(filter(None, (consultation.opens_at, opens))), max(filter(None, (consultation.closes_at, closes))))
    if bounds != (consultation.opens_at, consultation.closes_at):
        contents.set_phases(consultation, [Phase(name=_("Contributions"), opens_at=bounds[0], closes_at=bounds[1], allows=ACTS)])
