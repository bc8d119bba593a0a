"""A whole consultation from another platform's export, or from one of ours: one JSON object a line, one line a proposal.

Lines are read, cleaned and written in batches, each its own transaction: whatever stops the work, what was written stays,
and the next run goes on from there. Rows are made in bulk, and leave what the services leave; a test compares.
"""

import gzip
import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from sqlalchemy import insert, select, update

from app.comments.models import Argument, Comment, Side
from app.comments.services import TITLE_LIMIT as ARGUMENT_TITLE_LIMIT
from app.comments.services import says_something
from app.consultations.models import Consultation
from app.consultations.proposals.models import Appendix, Proposal, Source
from app.consultations.proposals.queries import sections_of
from app.consultations.proposals.services import add_section, web_address
from app.contents import services as contents
from app.contents import spaces
from app.contents.models import Content, Origin, Phase, Revision, State, StateChange, Tally, Voice
from app.core import clock
from app.core.db import db, transaction
from app.core.errors import DomainError
from app.core.i18n import _, ngettext
from app.core.text import IMPORT_LIMIT, Cleaned, from_plain, html, one_line, plain, shorten, tidy
from app.territories.models import Territory

BATCH = 20  # lines in one transaction
LINE_LIMIT = 16 * 1024 * 1024  # bytes; the longest of the corpus has 240,000
META_LIMIT = 4 * 1024 * 1024
TITLE_LIMIT = 500
META, LINES = "consultation.json", "propositions.jsonl"  # in an archive of ours
ACTS = ["propose", "argue", "vote", "comment"]
SCALE = contents.AGREEMENT


T = TypeVar("T")


class Unreadable(Exception):
    """The file cannot be read any further; the message is the one sentence that says why."""


class Refused(Exception):
    """One line, or one part of it, could not be taken; the message says why."""


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


@dataclass
class Entry:
    """One content to be, with what goes beside it. `key` finds it again: (kind, source)."""

    content: Content
    votes: dict[str, int] = field(default_factory=dict)
    children: list["Entry"] = field(default_factory=list)
    appendices: list[tuple[str, Cleaned]] = field(default_factory=list)
    section: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return str(type(self.content).__mapper_args__["polymorphic_identity"]), self.content.source or ""


# --- Reading the file ----------------------------------------------------------------------------------------------------


def stem_of(path: Path) -> str:
    """`republique-numerique.jsonl.gz` → `republique-numerique`: the first half of every `source`."""
    return path.name.split(".", 1)[0] or "import"


def open_file(raw: IO[bytes], suffix: str) -> tuple[dict[str, Any], IO[bytes]]:
    """What the archive says of the consultation (nothing, for a file of lines), and the stream of lines."""
    magic = raw.read(4)
    raw.seek(0)
    if magic[:2] == b"\x1f\x8b":
        return {}, cast(IO[bytes], gzip.GzipFile(fileobj=raw))
    if magic[:2] == b"PK":
        return open_archive(raw)
    if suffix == ".gz":
        raise Unreadable(_("Ce fichier porte le nom d’un fichier gzip, mais n’en est pas un."))
    if suffix == ".zip":
        raise Unreadable(_("Ce fichier porte le nom d’une archive ZIP, mais n’en est pas une."))
    return {}, raw


def open_archive(raw: IO[bytes]) -> tuple[dict[str, Any], IO[bytes]]:
    try:
        archive = zipfile.ZipFile(raw)
        with archive.open(META) as about:
            text = about.read(META_LIMIT + 1)
        meta = json.loads(text)
        if len(text) > META_LIMIT or not isinstance(meta, dict):
            raise ValueError
        return meta, archive.open(LINES)
    except KeyError:
        raise Unreadable(
            _("Cette archive ne contient pas %(a)s et %(b)s : ce n’est pas un export de consultation.", a=META, b=LINES)
        ) from None
    except (zipfile.BadZipFile, ValueError, zlib.error, EOFError, RuntimeError, NotImplementedError):
        raise Unreadable(_("Cette archive est abîmée ou incomplète.")) from None


def lines_of(stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    """(number, text) of each line; raises Unreadable where the file stops making sense."""
    n = 0
    while True:
        try:
            line = stream.readline(LINE_LIMIT + 1)
        except (EOFError, OSError, zlib.error, zipfile.BadZipFile) as error:
            raise Unreadable(_("Le fichier est coupé ou abîmé après la ligne %(n)s (%(why)s).", n=n, why=error)) from None
        if not line:
            return
        n += 1
        if len(line) > LINE_LIMIT:
            raise Unreadable(_("La ligne %(n)s dépasse %(limit)s octets : ce n’est pas un export de consultation.", n=n, limit=LINE_LIMIT))
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            raise Unreadable(_("La ligne %(n)s n’est pas en UTF-8. Convertissez le fichier, puis relancez.", n=n)) from None
        if not line.endswith(b"\n") and not is_json(text):
            raise Unreadable(_("Le fichier s’arrête au milieu de la ligne %(n)s : il est coupé.", n=n))
        if text.strip():
            yield n, text


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


# --- From a line to contents ---------------------------------------------------------------------------------------------


def entry_from(text: str, stem: str, refuse: Callable[[str], None]) -> Entry:
    """The proposal of a line with its arguments and sources. A part that cannot be taken is refused alone."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(_("ce n’est pas du JSON")) from None
    if not isinstance(line, dict):
        raise Refused(_("ce n’est pas une proposition"))
    title, markup = text_in(line, "title", TITLE_LIMIT), text_in(line, "body_html", IMPORT_LIMIT)
    proposal = Proposal(is_official=line.get("official") is True, earlier_versions=count_in(line, "versions_count"))
    entry = Entry(proposal, votes_in(line), section=one_line(text_in(line, "section", TITLE_LIMIT, required=False)))
    describe(proposal, line, stem)
    if proposal.is_official:
        proposal.voice = Voice.OFFICIAL
    body = html(markup, IMPORT_LIMIT)
    contents.write(proposal, title=title, body=text_in(line, "body_source", IMPORT_LIMIT, required=False) or markup, body_html=body)
    entry.appendices = taken(list_in(line, "appendices"), _("annexe"), refuse, appendix_from)
    arguments = taken(list_in(line, "arguments"), _("argument"), refuse, partial(argument_from, stem=stem, refuse=refuse))
    sources = taken(list_in(line, "sources"), _("source"), refuse, partial(source_from, stem=stem, of=proposal.source or ""))
    entry.children = arguments + sources
    return entry


def taken(parts: list[Any], what: str, refuse: Callable[[str], None], make: Callable[[dict[str, Any]], T]) -> list[T]:
    """What can be made of these parts; each of the others is refused with its reason."""
    made: list[T] = []
    for part in parts:
        try:
            if not isinstance(part, dict):
                raise Refused(_("ce n’est pas un objet"))
            made.append(make(part))
        except (Refused, DomainError) as error:
            name = part.get("id") or part.get("title") if isinstance(part, dict) else ""
            refuse(f"{what} {str(name)[:60]} : {error}".replace("  ", " "))
    return made


def appendix_from(part: dict[str, Any]) -> tuple[str, Cleaned]:
    """One without a text is kept too: that there was one is said."""
    return one_line(text_in(part, "title", TITLE_LIMIT)), html(text_in(part, "body_html", IMPORT_LIMIT, required=False), IMPORT_LIMIT)


def argument_from(part: dict[str, Any], stem: str, refuse: Callable[[str], None]) -> Entry:
    try:
        side = Side(str(part.get("side")))
    except ValueError:
        raise Refused(_("ni pour ni contre")) from None
    title = one_line(text_in(part, "title", ARGUMENT_TITLE_LIMIT, required=False))
    argument = Argument(side=side, is_titled=bool(title))
    describe(argument, part, stem)
    written_as_typed(argument, part, title)
    entry = Entry(argument, votes_in(part))
    entry.children = taken(list_in(part, "replies"), _("réponse"), refuse, partial(reply_from, stem=stem))
    return entry


def reply_from(part: dict[str, Any], stem: str) -> Entry:
    comment = Comment()
    describe(comment, part, stem)
    written_as_typed(comment, part, "")
    return Entry(comment)


def source_from(part: dict[str, Any], stem: str, of: str) -> Entry:
    source = Source(url=web_address(text_in(part, "url", TITLE_LIMIT)), category=one_line(text_in(part, "category", 80, required=False)))
    whole = "\n".join([of, *(str(part.get(name, "")) for name in ("url", "title", "author", "created_at", "body"))])
    describe(source, part, stem, digest=sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16])
    written_as_typed(source, part, one_line(text_in(part, "title", TITLE_LIMIT)), required=False)
    return Entry(source, votes_in(part))


def describe(content: Content, part: dict[str, Any], stem: str, digest: str = "") -> None:
    """Where it comes from, who said it, and when; a source without any id is known by what it says."""
    given = part.get("source")
    if isinstance(given, str) and given and len(given) <= 200:
        source = tidy(given)
    else:
        source = f"{stem}:{digest or identity_in(part)}"
    created = moment_in(part, "created_at")
    byline = one_line(text_in(part, "author", 200, required=False))
    contents.import_as(content, source=source, byline=byline, created_at=created, updated_at=moment_in(part, "updated_at", created))
    voice = part.get("voice", Voice.CITIZEN)
    if voice not in set(Voice):
        raise Refused(_("voix inconnue"))
    content.voice = Voice(voice)


def written_as_typed(content: Content, part: dict[str, Any], title: str, *, required: bool = True) -> None:
    """Plain text as another platform kept it (not Markdown), or the HTML of an export of ours."""
    typed = tidy(text_in(part, "body", IMPORT_LIMIT, required=required), IMPORT_LIMIT)
    given = text_in(part, "body_html", IMPORT_LIMIT, required=False)
    body = html(given or from_plain(typed), IMPORT_LIMIT)
    words = plain(body)
    if not title and not words:
        raise Refused(_("texte vide"))
    contents.write(content, title=title or shorten(words, ARGUMENT_TITLE_LIMIT - 2), body=typed, body_html=body)


def text_in(part: dict[str, Any], name: str, limit: int, *, required: bool = True) -> str:
    value = part.get(name)
    if value is None or value == "":
        if required:
            raise Refused(_("« %(name)s » manque", name=name))
        return ""
    if not isinstance(value, str):
        raise Refused(_("« %(name)s » n’est pas un texte", name=name))
    if len(value) > limit:
        raise Refused(_("« %(name)s » dépasse %(limit)s signes", name=name, limit=limit))
    if required and not says_something_in(value):
        raise Refused(_("« %(name)s » est vide", name=name))
    return value


def says_something_in(value: str) -> bool:
    return says_something(value[:60_000])


def list_in(part: dict[str, Any], name: str) -> list[Any]:
    value = part.get(name) or []
    if not isinstance(value, list):
        raise Refused(_("« %(name)s » n’est pas une liste", name=name))
    return value


def count_in(part: dict[str, Any], name: str) -> int:
    value = part.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise Refused(_("« %(name)s » n’est pas un nombre possible", name=name))
    return value


def votes_in(part: dict[str, Any]) -> dict[str, int]:
    """Totals by value: three of them, or one number, in favour."""
    given = part.get("votes", 0)
    if isinstance(given, dict):
        return {value: count_in(given, value) for value in contents.VALUES[SCALE]}
    return {"agree": count_in(part, "votes")}


def identity_in(part: dict[str, Any]) -> str:
    value = part.get("id")
    if isinstance(value, bool) or not isinstance(value, int | str) or not 0 < len(str(value)) <= 60:
        raise Refused(_("« id » manque"))
    return one_line(str(value))


def moment_in(part: dict[str, Any], name: str, otherwise: datetime | None = None) -> datetime:
    value = part.get(name)
    if value is None and otherwise is not None:
        return otherwise
    try:
        moment = datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise Refused(_("« %(name)s » n’est pas une date", name=name)) from None
    if moment.tzinfo is None or not 1900 < moment.year < 9000:
        raise Refused(_("« %(name)s » n’a pas de fuseau horaire, ou une année impossible", name=name))
    return moment


# --- Writing -------------------------------------------------------------------------------------------------------------


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


__all__ = ["Report", "Unreadable", "import_consultation"]
