"""Later work: what is near a text that was published or changed, and which links that suggests.

A job names a content and computes it as it is now, in a transaction of its own: done twice, late or out of order, it
comes to the same. What is found near A is looked at again, once and no further, so that older pages learn of newer ones.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, func, or_, select

from app.contents import events
from app.contents.models import Content, Link
from app.contents.queries import BODIES, published, terms_of
from app.core import clock, outbox, stamps
from app.core.db import db, insert_or_ignore, let_go, transaction
from app.core.worker import every
from app.related import near, queries, reasons, registry
from app.related.models import Neighbour, Suggestion, SuggestionState
from app.search import engines

TOPIC = "related"
ECHO = "~"  # ends the key of a job that another caused: it causes none
KEPT = 6  # neighbours of one content; three are shown
SUGGESTED = 4  # links suggested for one content
LEAST_SCORE = 0.20  # likeness and what else they share, from which a link is suggested
AFTER = 5  # seconds: what was published with it is in the index by then
AT_ONCE = 2_000  # contents that an hour’s tick takes up


def look_again(content: Content, **_told: object) -> None:
    if content.is_public and content.kind in registry.compared():
        outbox.enqueue(TOPIC, content.id, due_at=clock.from_now(seconds=AFTER))


def listen() -> None:
    events.content_edited.connect(look_again)
    events.content_changed_state.connect(look_again)


@outbox.handles(TOPIC, apart=True)  # after an import it has minutes of work: neither letters nor the index wait for it
def compute(keys: Sequence[str]) -> None:
    """Nothing is near anything while there is no index: what waits for it comes back a little later."""
    if not engines.current().status().is_ready:
        with transaction():
            for key in keys:
                outbox.enqueue(TOPIC, key, due_at=clock.from_now(seconds=4 * AFTER))
        return
    for key in keys:
        found = compute_one(int(key.removesuffix(ECHO)))
        if not key.endswith(ECHO):
            with transaction():
                for other_id in found:
                    outbox.enqueue(TOPIC, f"{other_id}{ECHO}")


def compute_one(content_id: int) -> list[int]:
    """Find what is near, with no lock held; then write it. Returns those of its neighbours that do not know of it yet."""
    db.rollback()
    content = db.scalars(select(Content).where(Content.id == content_id, published()).options(queries.place())).one_or_none()
    if content is None or content.kind not in registry.compared():
        return []
    likeness = {hit.content_id: hit.likeness for hit in near.hits_of(content)}
    others = db.scalars(
        select(Content).where(Content.id.in_(likeness), published(), *not_of_one_family(content)).options(*BODIES, queries.place())
    ).all()
    terms = terms_of([content.id, *(other.id for other in others)])
    scores = {other.id: reasons.score(content, other, likeness[other.id], terms) for other in others}
    best = sorted(others, key=lambda other: (-scores[other.id], other.id))
    let_go(content, *others)  # read before, with no lock held: the transaction that writes must not read each again
    with transaction():
        unaware = keep_neighbours(content, [other for other in best[:KEPT] if scores[other.id] >= near.ENOUGH], likeness, scores)
        suggest(content, best, likeness, scores)
    return unaware


def not_of_one_family(content: Content) -> list:
    """A project and its consultation, a consultation and its proposals, are on each other's pages already."""
    above = [each for each in (content.project_id, content.space_id, content.parent_id) if each is not None]
    mine = (Content.project_id, Content.space_id, Content.parent_id)
    return [Content.id.not_in([content.id, *above]), *(or_(each.is_(None), each != content.id) for each in mine)]


def keep_neighbours(content: Content, found: Sequence[Content], likeness: Mapping[int, float], scores: Mapping[int, float]) -> list[int]:
    """Replace the list; what is no longer near loses this one too. Returns those that should look whether they have it near."""
    before = db.scalars(select(Neighbour.other_id).where(Neighbour.content_id == content.id).order_by(Neighbour.score.desc())).all()
    ids = [other.id for other in found]
    db.execute(delete(Neighbour).where(Neighbour.content_id == content.id))
    gone = set(before) - set(ids)
    if gone:
        db.execute(delete(Neighbour).where(Neighbour.content_id.in_(gone), Neighbour.other_id == content.id))
    for each in ids:
        row = {"content_id": content.id, "other_id": each, "likeness": likeness[each], "score": scores[each]}
        insert_or_ignore(Neighbour, row)
    if ids != list(before):
        stamps.bump(*(f"content:{each}" for each in {content.id, *gone}))
    aware = set(db.scalars(select(Neighbour.content_id).where(Neighbour.other_id == content.id)))
    return [each for each in ids if each not in aware]


def suggest(content: Content, best: Sequence[Content], likeness: Mapping[int, float], scores: Mapping[int, float]) -> None:
    """Rows for the strongest pairs that may be linked and are not; what was answered stays answered."""
    if content.kind not in registry.linkable():
        return
    ends = select(Link.from_id, Link.to_id).where(or_(Link.from_id == content.id, Link.to_id == content.id))
    linked = {each for pair in db.execute(ends) for each in pair}
    wanted = [other for other in best if other.kind in registry.linkable() and other.id not in linked and scores[other.id] >= LEAST_SCORE]
    still = {other.id for other in wanted}
    mine = or_(Suggestion.one_id == content.id, Suggestion.other_id == content.id)
    for row in db.scalars(select(Suggestion).where(mine, Suggestion.state == SuggestionState.WAITING)):
        other_id = row.other_id if row.one_id == content.id else row.one_id
        if other_id in still:
            row.likeness, row.score = likeness[other_id], scores[other_id]
        else:
            db.delete(row)
    db.flush()
    for other in wanted[:SUGGESTED]:
        one_id, other_id = sorted((content.id, other.id))
        pair = {"one_id": one_id, "other_id": other_id, "likeness": likeness[other.id], "score": scores[other.id]}
        insert_or_ignore(Suggestion, {**pair, "state": SuggestionState.WAITING, "created_at": clock.now()})


@every(minutes=60)
def look_at_what_was_missed() -> None:
    """Imports write in bulk, and what stood alone may have company now: whatever has no neighbour is looked at again."""
    lonely = select(Content.id).where(
        published(), Content.kind.in_(registry.compared()), ~select(Neighbour.id).where(Neighbour.content_id == Content.id).exists()
    )
    waiting = select(outbox.OutboxJob.key).where(outbox.OutboxJob.topic == TOPIC)
    known = set(db.scalars(waiting))
    for content_id in db.scalars(lonely.order_by(func.random()).limit(AT_ONCE)):
        if str(content_id) not in known:
            outbox.enqueue(TOPIC, content_id)
