"""Keeps the index equal to the database.

Whatever changes a content that is public, or was, queues "look again at 42" in the same transaction; counters do not.
The leader then reads the content as it is now and puts, or removes, its document. A parent that is hidden takes its
descendants with it: `is_public` changes on each of them, and each queues itself. What is written in a consultation or a
debate opens and closes with it: when its dates move, everything in it is looked at again.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import String, cast, event, insert, literal, select
from sqlalchemy.orm import joinedload, selectin_polymorphic

from app.contents import queries as contents
from app.contents.models import Content, ContentTerm
from app.core import clock, outbox, stamps, worker
from app.core.db import Session, changes, db, transaction
from app.core.logs import log
from app.search import engines, registry
from app.search.engines.base import Document, Engine, SearchUnavailable
from app.search.moments import moments_of
from app.territories.models import Territory

TOPIC = "search"
UNSEEN = {"replies_count", "updated_at", "revision", "body_source", "author_id", "entered_by_id"}  # change nothing that is found or shown
BATCH = 250


def queue_changes(session, _context) -> None:
    if session.info.get("queues all"):
        return
    touched: set[int] = set()
    moved: set[int] = set()
    for thing in session.new | session.dirty | session.deleted:
        if isinstance(thing, Content):
            if thing in session.deleted or _is_worth_a_look(thing, is_new=thing in session.new):
                touched.add(thing.id)
            if thing in session.dirty and thing.is_public and {"opens_at", "closes_at"} & changes(thing):
                moved.add(thing.id)
        elif isinstance(thing, ContentTerm):
            touched.add(thing.content_id)
    if touched:
        moment = clock.now()
        session.execute(
            insert(outbox.OutboxJob), [{"topic": TOPIC, "key": str(content_id), "due_at": moment} for content_id in sorted(touched)]
        )
        session.info["queued"] = True
    if moved:
        inside = select(literal(TOPIC), cast(Content.id, String), literal(clock.now()), literal(0), literal(False)).where(
            Content.space_id.in_(moved), contents.published()
        )
        session.execute(insert(outbox.OutboxJob).from_select(["topic", "key", "due_at", "attempts", "is_dead"], inside))
        session.info["queued"] = True


@contextmanager
def all_queued_at_the_end() -> Iterator[None]:
    """For who writes a whole region in one transaction: not a row at each change, but one at the end for each content that shows."""
    db().info["queues all"] = True
    try:
        yield
        every = select(literal(TOPIC), cast(Content.id, String), literal(clock.now()), literal(0), literal(False))
        queued = insert(outbox.OutboxJob).from_select(["topic", "key", "due_at", "attempts", "is_dead"], every.where(contents.published()))
        db.flush()
        db.execute(queued)
        db().info["queued"] = True
    finally:
        db().info.pop("queues all", None)


def _is_worth_a_look(content: Content, *, is_new: bool) -> bool:
    """A draft nobody sees may change as it likes."""
    if is_new:
        return bool(content.is_public)
    changed = changes(content)
    return "is_public" in changed or (content.is_public and bool(changed - UNSEEN))


def documents_of(content_ids: Sequence[int]) -> list[Document]:
    """The documents of those of these contents that are public, in order of id; a handful of queries whatever their number."""
    known = registry.searchables()
    options = [option for each in known.values() for option in each.load]
    query = (
        select(Content)
        .where(
            Content.id.in_(content_ids), contents.published(), Content.kind.in_([model.__mapper__.polymorphic_identity for model in known])
        )
        .options(
            selectin_polymorphic(Content, [model for model, each in known.items() if each.whole]), joinedload(Content.territory), *options
        )
        .order_by(Content.id)
    )
    found = db.scalars(query).unique().all()
    terms = contents.terms_of([content.id for content in found])
    above = territories_above()
    moments = moments_of(found)
    made = []
    for content in found:
        document = registry.document_of(content)
        if document is None:
            continue
        facets = {key: [term.key for term in listed] for key, listed in terms[content.id].items()}
        themes = [*document.themes, *facets.pop("theme", [])]
        merged: dict[str, Sequence[str]] = {
            name: [*document.facets.get(name, ()), *facets.get(name, ())] for name in {*document.facets, *facets}
        }
        merged["territory"] = [*merged.get("territory", ()), *(str(each) for each in above.get(document.territory_id or 0, ()))]
        opens_at, closes_at = moments[content.id]
        made.append(replace(document, themes=themes, facets=merged, opens_at=opens_at, closes_at=closes_at))
    return made


def territories_above() -> dict[int, list[int]]:
    """For each territory that has a parent, those above it, nearest first."""
    parents = {
        row.id: row.parent_id for row in db.execute(select(Territory.id, Territory.parent_id).where(Territory.parent_id.is_not(None)))
    }
    above: dict[int, list[int]] = {}
    for each in parents:
        line: list[int] = []
        parent = parents.get(each)
        while parent is not None and parent not in line:
            line.append(parent)
            parent = parents.get(parent)
        above[each] = line
    return above


@outbox.handles(TOPIC, leader_only=True)
def sync(keys: Sequence[str]) -> None:
    engine = engines.current()
    try:
        for start in range(0, len(keys), BATCH):
            ids = [int(key) for key in keys[start : start + BATCH]]
            db.rollback()
            documents = documents_of(ids)
            engine.put(documents, set(ids) - {document.content_id for document in documents})
    except SearchUnavailable as error:
        log.info("building the index", because=str(error))
        rebuild(engine)
        return
    with transaction():
        stamps.bump("search")


def rebuild(engine: Engine | None = None) -> int:
    """Index every public content beside the present index, then swap."""

    def refresh(ids: Sequence[int]) -> Iterable[Document]:
        db.rollback()
        found = [document for start in range(0, len(ids), BATCH) for document in documents_of(ids[start : start + BATCH])]
        db.rollback()
        return found

    db.rollback()
    count = (engine or engines.current()).rebuild(every_document(), refresh)
    with transaction():
        stamps.bump("search")  # kept pages may come from an index that knew less
    return count


def every_document() -> Iterator[list[Document]]:
    """All of them in batches, each read in a transaction of its own."""
    last = 0
    while True:
        ids = db.scalars(select(Content.id).where(contents.published(), Content.id > last).order_by(Content.id).limit(BATCH)).all()
        if not ids:
            db.rollback()
            return
        documents = documents_of(ids)
        last = ids[-1]
        db.rollback()
        db.expunge_all()
        yield documents


@worker.every(minutes=5, own_transactions=True)
def tend_index() -> None:
    """At the start and in quiet moments: build an index that is absent or damaged, merge what small changes left."""
    engine = engines.current()
    if not engine.status().is_ready:
        rebuild(engine)
    elif not outbox.waiting(TOPIC):
        db.rollback()
        engine.tend()


def listen() -> None:
    if not event.contains(Session, "after_flush", queue_changes):
        event.listen(Session, "after_flush", queue_changes)
