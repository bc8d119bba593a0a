"""Taking in, again and again, what others publish: into proposed sheets that say where they come from.

What somebody changed here is never written over: the sheet is marked, and a curator looks. What the source withdraws is withdrawn
if nobody here had touched it; else it is marked too.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, select, update

from app.accounts.models import Person
from app.audit import services as audit
from app.contents import services as contents
from app.contents.models import Content, State
from app.core import clock, outbox
from app.core.db import db, transaction
from app.core.errors import DomainError
from app.core.fetch import Unreachable, checked
from app.core.i18n import _
from app.core.logs import log
from app.core.text import one_line
from app.core.worker import every
from app.exchange import importing, readers
from app.exchange.importing import Said
from app.exchange.models import HarvestedSheet, HarvestSource, SourceKind
from app.initiatives import queries as sheets
from app.initiatives import services
from app.initiatives.models import AnySheet, Step
from app.territories.models import Territory

RETRY_HOURS = 6
BATCH = 25


def save_source(
    source: HarvestSource | None,
    *,
    by: Person,
    name: str,
    kind: str,
    url: str,
    territory: Territory | None,
    every_hours: int,
    is_active: bool,
) -> HarvestSource:
    """A new source, or another setting of one. Its address is checked for what it may be, not asked yet."""
    try:
        checked(url.strip())
    except Unreachable as error:
        raise DomainError(str(error), field="url") from error
    if source is None:
        source = HarvestSource(by_id=by.id)
        db.add(source)
    taken = select(HarvestSource.id).where(HarvestSource.kind == kind, HarvestSource.url == url.strip())
    with db.no_autoflush:
        other = db.scalar(taken)
    if other is not None and other != source.id:
        raise DomainError(_("Cette adresse est déjà moissonnée."), field="url")
    source.name, source.kind, source.url = one_line(name), SourceKind(kind), url.strip()
    source.territory_id, source.every_hours, source.is_active = territory.id if territory else None, every_hours, is_active
    source.due_at = clock.now()
    db.flush()
    detail = {"kind": source.kind.value, "every_hours": every_hours, "is_active": is_active}
    audit.record("catalogue.harvest_source", actor_id=by.id, subject=f"harvest:{source.id}", detail=detail)
    return source


def remove_source(source: HarvestSource, *, by: Person) -> None:
    """Its sheets stay; nothing comes from there any more."""
    audit.record("catalogue.harvest_removed", actor_id=by.id, subject=f"harvest:{source.id}", detail={"kind": source.kind.value})
    db.execute(delete(HarvestSource).where(HarvestSource.id == source.id))


def ask_now(source: HarvestSource) -> None:
    outbox.enqueue("harvest", source.id)


@every(minutes=15)
def start_due() -> None:
    """Queue the sources whose time has come; each says when it comes again before it is read, so that none is read twice at once."""
    now = clock.now()
    for source in db.scalars(select(HarvestSource).where(HarvestSource.is_active, HarvestSource.due_at <= now)):
        source.due_at = clock.from_now(hours=source.every_hours)
        outbox.enqueue("harvest", source.id)
    db.flush()


@outbox.handles("harvest", apart=True)
def work(keys: Sequence[str]) -> None:
    for key in keys:
        run(int(key))


def run(source_id: int) -> None:
    """Read one source, with no transaction open while it answers, then write what is new, by small transactions."""
    with transaction():
        source = db.scalars(select(HarvestSource).where(HarvestSource.id == source_id)).one_or_none()
        if source is None:
            return
        lists = importing.Lists.read()
        db.expunge_all()
    try:
        found = readers.read(source, lists)
    except (Unreachable, readers.Unreadable) as error:
        note(source_id, problem=str(error), again_in=RETRY_HOURS)
        log.warning("harvest failed", source=source_id, code=getattr(error, "code", "unreadable"))
        return
    counts = dict.fromkeys(("found", "added", "updated", "same", "kept", "withdrawn", "refused"), 0)
    counts["found"], counts["refused"] = len(found.items), found.refused
    items = list(found.items.items())
    for start in range(0, len(items), BATCH):
        with transaction():
            for remote_id, said in items[start : start + BATCH]:
                try:
                    with db.begin_nested():
                        counts[take(source, remote_id, said)] += 1
                except DomainError as error:
                    counts["refused"] += 1
                    log.info("harvested thing refused", source=source_id, why=error.message)
    if found.is_whole and found.items:
        counts["withdrawn"] = withdraw_missing(source, set(found.items))
    note(source_id, counts={name: count for name, count in counts.items() if name != "same"})


def note(source_id: int, *, counts: dict[str, int] | None = None, problem: str = "", again_in: int | None = None) -> None:
    values: dict[str, Any] = {"last_at": clock.now(), "problem": problem}
    if counts is not None:
        values["counts"] = counts
    if again_in is not None:
        values["due_at"] = clock.from_now(hours=again_in)
    with transaction():
        db.execute(update(HarvestSource).where(HarvestSource.id == source_id).values(**values))


def digest_of(said: Said) -> str:
    """What the thing says, in one number: the same words give the same."""
    whole = asdict(said) | {"number": 0, "doubts": [], "territory": None, "terms": sorted(term.key for term in said.terms)}
    return hashlib.sha256(json.dumps(whole, sort_keys=True, default=str, ensure_ascii=False).encode()).hexdigest()


def take(source: HarvestSource, remote_id: str, said: Said) -> str:
    """Write one thing: "added", "updated", "kept" when local work stands in the way, or "same"."""
    digest = digest_of(said)
    query = select(HarvestedSheet).where(HarvestedSheet.source_id == source.id, HarvestedSheet.remote_id == remote_id)
    row = db.scalars(query.with_for_update()).one_or_none()
    if row is None:
        said.territory = said.territory or (db.get(Territory, source.territory_id) if source.territory_id else None)
        if importing.known_by([said.identifier or ""]):
            return "same"  # ours, come back by another road
        said.identifier = f"harvest-{source.id}:{remote_id}"[:200]
        sheet = importing.enter(said, by=None, target=Step.PROPOSED, byline=source.name)
        db.add(HarvestedSheet(source_id=source.id, remote_id=remote_id, content_id=sheet.id, digest=digest, revision=sheet.revision))
        db.flush()
        return "added"
    row.seen_at, row.withdrawn_at = clock.now(), None
    if row.digest == digest:
        return "same"
    sheet = sheets.get_sheet(row.content_id)
    row.digest = digest
    if sheet.revision != row.revision:
        row.changed_at = clock.now()
        return "kept"
    importing.bring_up_to(sheet, said, by=None)
    row.revision = sheet.revision
    return "updated"


def withdraw_missing(source: HarvestSource, here: set[str]) -> int:
    """What a whole harvest no longer finds."""
    count = 0
    with transaction():
        gone = select(HarvestedSheet).where(HarvestedSheet.source_id == source.id, HarvestedSheet.withdrawn_at.is_(None))
        for row in db.scalars(gone).all():
            if row.remote_id not in here:
                row.withdrawn_at = clock.now()
                sheet = sheets.get_sheet(row.content_id)
                if sheet.revision == row.revision:
                    withdraw(sheet)
                count += 1
        db.flush()
    return count


def withdraw(sheet: AnySheet) -> None:
    """Nobody here had touched it: it follows its source out."""
    reason = _("La source d’où vient cette fiche l’a retirée.")
    if sheet.step == Step.PUBLISHED:
        contents.change_state(sheet, State.ARCHIVED, reason=reason)
        sheet.review_note = reason
        services.move(sheet, Step.ARCHIVED, by=None, note=reason)
    elif sheet.state in {State.DRAFT, State.PENDING}:
        contents.change_state(sheet, State.WITHDRAWN, reason=reason)


def settle(row: HarvestedSheet) -> None:
    """A curator has looked: what the source says now is known, and the sheet stays as it is here."""
    row.changed_at = None
    row.revision = db.scalars(select(Content.revision).where(Content.id == row.content_id)).one()
    db.flush()
