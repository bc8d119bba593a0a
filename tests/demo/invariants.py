"""What the services keep true, counted again from the rows: the demonstration must hold it too, however large."""

from collections import Counter

from sqlalchemy import func, select

from app.contents.models import Content, Revision, State, StateChange, Tally, Vote
from app.contents.queries import BODIES
from app.core import clock
from app.core.db import db


def broken():
    """A line for each thing that is not as it should be."""
    contents = {content.id: content for content in db.scalars(select(Content).options(*BODIES))}
    return [*wrong_visibility(contents), *wrong_counts(contents), *wrong_tallies(), *wrong_votes(contents), *wrong_history(contents)]


def wrong_visibility(contents):
    for content in contents.values():
        above = [contents[each] for each in (content.project_id, content.space_id, content.parent_id) if each is not None]
        should = content.state == State.PUBLISHED and all(each.is_public for each in above)
        if content.is_public != should:
            yield f"{content.kind} {content.id} is_public={content.is_public}"


def wrong_counts(contents):
    public = Counter(content.parent_id for content in contents.values() if content.is_public)
    for content in contents.values():
        if content.replies_count != public[content.id]:
            yield f"{content.kind} {content.id} counts {content.replies_count} replies, has {public[content.id]}"


def wrong_tallies():
    cast = {
        tuple(row)
        for row in db.execute(
            select(Vote.content_id, Vote.scale, Vote.value, func.count()).group_by(Vote.content_id, Vote.scale, Vote.value)
        )
    }
    kept = {tuple(row) for row in db.execute(select(Tally.content_id, Tally.scale, Tally.value, Tally.cast))}
    return [f"tally {row}" for row in cast ^ kept]


def wrong_votes(contents):
    now = clock.now()
    for vote in db.scalars(select(Vote)):
        content = contents[vote.content_id]
        space = contents[content.space_id]
        if vote.person_id == content.author_id:
            yield f"{content.id} is voted by its author"
        if not max(content.published_at, space.opens_at) <= vote.cast_at <= min(space.closes_at, now):
            yield f"{content.id} is voted at {vote.cast_at}"
        if not 1 <= vote.revision <= content.revision:
            yield f"{content.id} is voted in version {vote.revision}"


def wrong_history(contents):
    now = clock.now()
    versions = Counter(db.scalars(select(Revision.content_id)))
    states: dict[int, list] = {}
    for change in db.scalars(select(StateChange).order_by(StateChange.id)):
        states.setdefault(change.content_id, []).append(change)
    for content in contents.values():
        if versions[content.id] != content.revision:
            yield f"{content.id} has {versions[content.id]} versions, says {content.revision}"
        told = [State.DRAFT, *(change.after for change in states.get(content.id, []))]
        if told[-1] != content.state or any(
            change.before != before for change, before in zip(states.get(content.id, []), told, strict=False)
        ):
            yield f"{content.id} is {content.state}, went through {told}"
        moments = [content.created_at, *(change.at for change in states.get(content.id, []))]
        if moments != sorted(moments) or moments[-1] > now:
            yield f"{content.id} lived at {moments}"
        if content.space_id and content.published_at:
            space = contents[content.space_id]
            if content.voice == "citizen" and not space.opens_at <= content.created_at < space.closes_at:
                yield f"{content.id} was written when its space was closed"
