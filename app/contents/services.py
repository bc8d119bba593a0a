"""What can happen to any content. Services take plain values, change rows, and raise DomainError."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, Select, Update, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.accounts.models import Person
from app.contents import events, gate, queries
from app.contents.documents import PURPOSE
from app.contents.models import (
    Attachment,
    Content,
    ContentTerm,
    Origin,
    Phase,
    Revision,
    State,
    StateChange,
    Tally,
    Term,
    Vocabulary,
    Voice,
    Vote,
)
from app.core import clock, stamps
from app.core.db import add_row, db, insert_or_ignore, is_postgres, one_of
from app.core.errors import Closed, Conflict, DomainError
from app.core.i18n import _
from app.core.text import Cleaned, markdown, one_line, plain, shorten, tidy
from app.files import services as files
from app.files.queries import get_file

# Which state may follow which. Who may do it is a rule of the feature; when, a check of its service.
FOLLOWS: dict[State, set[State]] = {
    State.DRAFT: {State.PENDING, State.PUBLISHED, State.WITHDRAWN},
    State.PENDING: {State.PUBLISHED, State.REFUSED, State.WITHDRAWN, State.DRAFT},
    State.PUBLISHED: {State.HIDDEN, State.REMOVED, State.WITHDRAWN, State.ARCHIVED, State.PENDING, State.DRAFT},
    State.HIDDEN: {State.PUBLISHED, State.REMOVED, State.WITHDRAWN},
    State.REMOVED: {State.PUBLISHED},
    State.REFUSED: {State.PENDING, State.PUBLISHED},
    State.WITHDRAWN: set(),
    State.ARCHIVED: {State.PUBLISHED},
}
AGREEMENT = "agreement"
VALUES = {AGREEMENT: ("agree", "mixed", "disagree"), "support": ("support",), "position": ("for", "against", "unsure")}


# --- Writing -----------------------------------------------------------------------------------------------------------


def write(content: Content, *, title: str, body: str, summary: str | None = None, body_html: Cleaned | None = None) -> None:
    """Set the text: Markdown in `body`, or HTML already cleaned (imports). A kind without its own summary gets the body's first words."""
    content.title = one_line(title)
    content.body_source = tidy(body, limit=400_000 if body_html is not None else 64_000)
    content.body_html = body_html if body_html is not None else markdown(content.body_source)
    content.summary = one_line(summary) if summary is not None else shorten(plain(content.body_html), 240)


def fields_of(content: Content) -> dict[str, Any]:
    """What a revision keeps: the shared text, and what the kind adds."""
    return {"title": content.title, "summary": content.summary, "body_source": content.body_source, **content.own_fields()}


def add(
    content: Content, *, author: Person | None, state: State = State.DRAFT, reason: str = "", also: dict[str, Any] | None = None
) -> None:
    """Enter a new content, with its first revision. `state` is DRAFT, or what the gate or an import decided; `also`: what this
    revision keeps that is not in the row."""
    if state != State.DRAFT:
        check_follows(State.DRAFT, state)
    now, by_id = clock.now(), author.id if author else None
    content.author_id = by_id or content.author_id
    content.byline = content.byline or (author.name if author else "")
    content.state = state
    if state == State.PUBLISHED:
        content.published_at = content.published_at or now
        content.is_public = not is_hidden_above(content)
    db.add(content)
    db.flush()
    sealed_at = None if state == State.PUBLISHED else now  # until it is published
    first = {"content_id": content.id, "n": 1, "fields": fields_of(content) | (also or {}), "author_id": content.author_id}
    add_row(Revision, first | {"created_at": now, "sealed_at": sealed_at})
    if state != State.DRAFT:
        add_row(StateChange, {"content_id": content.id, "before": State.DRAFT, "after": state, "reason": reason, "by_id": by_id, "at": now})
    if content.is_public:
        count_reply(content, +1)
    if state != State.DRAFT:
        events.content_changed_state.send(content, before=State.DRAFT, after=state, by=author, reason=reason)


def submit(content: Content, *, author: Person | None) -> State:
    """A person sends what they wrote: the gate says whether it is published or waits to be read."""
    content.voice = content.voice or Voice.CITIZEN  # the gate asks before the row is made
    state = gate.ask(content, author)
    if content.id is None:
        add(content, author=author, state=state)
    else:
        change_state(content, state, by=author)
    events.content_submitted.send(content, author=author)
    return content.state


def edit(
    content: Content, *, by: Person | None, seen: int | None = None, writer: Callable[[], None] | None = None, **text: Any
) -> Revision:
    """A new version. `seen` is the revision the person had in front of them: an older one is a Conflict.

    `text` goes to `write`; a kind with more than that hands its own `writer`.
    """
    if seen is not None and seen != content.revision:
        raise Conflict(_("Ce texte a été modifié pendant que vous l’écriviez. Votre version est ci-dessous : comparez, puis renvoyez-la."))
    claimed = db.execute(
        update(Content)
        .where(Content.id == content.id, Content.revision == content.revision)
        .values(revision=Content.revision + 1)
        .returning(Content.revision)
    ).scalar()
    if claimed is None:
        raise Conflict(_("Ce texte vient d’être modifié par quelqu’un d’autre. Votre version est ci-dessous."))
    if writer:
        writer()
    else:
        write(content, **text)
    content.revision = claimed
    content.updated_at = now = clock.now()
    was_restricted, content.restriction = bool(content.restriction), ""  # what was cut was cut from another version
    revision = Revision(content_id=content.id, n=claimed, fields=fields_of(content), author_id=by.id if by else None)
    revision.sealed_at = None if content.state == State.PUBLISHED else now
    db.add(revision)
    db.flush()
    events.content_edited.send(content, by=by, was_restricted=was_restricted)
    return revision


# --- States --------------------------------------------------------------------------------------------------------------


def check_follows(before: State, after: State) -> None:
    if after not in FOLLOWS[before]:
        raise DomainError(_("Ce n’est plus possible : l’état de ce texte a changé entre-temps."))


def change_state(content: Content, after: State, *, by: Person | None = None, reason: str = "", is_undone: bool = False) -> None:
    """The one way to another state: checks the table, writes the history, and settles what is public below.

    `is_undone`: back to the state it had a moment ago, whatever the table says.
    """
    before = content.state
    if after == before:
        return
    if not is_undone:
        check_follows(before, after)
    content.state = after
    now = clock.now()
    if after == State.PUBLISHED:
        content.published_at = content.published_at or now
    settle_visibility(content)
    db.flush()
    if after == State.PUBLISHED:
        db.execute(first_shown(), {"shown_id": content.id, "shown_n": content.revision})
    by_id = by.id if by else None
    add_row(StateChange, {"content_id": content.id, "before": before, "after": after, "reason": reason, "by_id": by_id, "at": now})
    events.content_changed_state.send(content, before=before, after=after, by=by, reason=reason)


@cache
def first_shown() -> Update:
    """A version that nobody but its author and the moderators could read is open to all."""
    version = (Revision.content_id == bindparam("shown_id"), Revision.n == bindparam("shown_n"))
    opened = update(Revision).where(*version, Revision.sealed_at.is_not(None)).values(sealed_at=None)
    return opened.execution_options(synchronize_session="fetch")


def settle_visibility(content: Content) -> None:
    """Make `is_public` true again for this content and everything that hangs from it, and recount what answers what."""
    now_public = content.state == State.PUBLISHED and not is_hidden_above(content)
    if now_public == content.is_public:
        return
    content.is_public = now_public
    db.flush()
    count_reply(content, +1 if now_public else -1)
    known = {content.id: now_public}
    for below in queries.descendants_of(content):
        above = {value for value in (below.project_id, below.space_id, below.parent_id) if value is not None}
        if not above <= known.keys():
            others = above - known.keys()
            known |= dict(db.execute(select(Content.id, Content.is_public).where(Content.id.in_(others))).all())
        should = below.state == State.PUBLISHED and all(known[value] for value in above)
        known[below.id] = should
        if should != below.is_public:
            below.is_public = should
            count_reply(below, +1 if should else -1)


def place_under(content: Content, above: Content) -> None:
    """Move it to another place of the same kind, with all that answers it: another space, or (for what answers something) another parent.

    Votes, versions and the address by number stay.
    """
    old = {value for value in (content.space_id, content.parent_id) if value is not None}
    below = queries.descendants_of(content)
    if content.is_public:
        count_reply(content, -1)
    space_id = above.space_id or above.id
    if content.parent_id is not None:
        content.parent_id = above.id
    for each in (content, *below):
        each.space_id, each.project_id = space_id, above.project_id
    if content.is_public:
        count_reply(content, +1)
    db.flush()
    settle_visibility(content)
    stamps.bump(*(f"content:{each}" for each in sorted(old)), strict=True)
    events.content_moved.send(content)


def is_hidden_above(content: Content) -> bool:
    """Is the project, the space or the text that it answers out of public sight?"""
    above = {value for value in (content.project_id, content.space_id, content.parent_id) if value is not None}
    with db.no_autoflush:  # a new state and what follows from it are written together, by the caller
        return bool(above) and db.scalar(hidden_among(), {"ids": list(above)}) is not None


@cache
def hidden_among() -> Select[int]:
    return select(Content.id).where(one_of(Content.id, "ids"), ~Content.is_public).limit(1)


def count_reply(content: Content, step: int) -> None:
    if content.parent_id is not None:
        db.execute(more_replies(), {"answered": content.parent_id, "step": step})


@cache
def more_replies() -> Update:
    table = Content.metadata.tables[Content.__tablename__]
    counted = table.c.replies_count + bindparam("step")
    return update(table).where(table.c.id == bindparam("answered")).values(replies_count=counted)


# --- Votes ---------------------------------------------------------------------------------------------------------------


def cast_vote(content: Content, *, person: Person, value: str | None, scale: str = AGREEMENT) -> None:
    """Give, change or (None) withdraw one's vote: one row a person, and the tally moves with it.

    Whoever inserts first holds the row; the other waits, then changes it. Tallies are taken in the order of their values.
    """
    if value is not None and value not in VALUES[scale]:
        raise DomainError(_("Ce choix n’existe pas. Choisissez l’une des réponses proposées."))
    now = clock.now()
    who = {"content_id": content.id, "person_id": person.id, "scale": scale}
    before: str | None = None
    fresh = {**who, "value": value, "revision": content.revision, "cast_at": now}
    if value is None or insert_or_ignore(Vote, fresh, returning=Vote.id) is None:
        row = db.execute(vote_held(), who).one_or_none()
        before = row.value if row else None
        if row is None or before == value:
            return
        if value is None:
            db.execute(delete(Vote).where(Vote.id == row.id))
        else:
            db.execute(change_vote(), {"vote_id": row.id, "new_value": value, "seen": content.revision, "now": now})
    for moved, step in sorted([(v, s) for v, s in ((before, -1), (value, +1)) if v is not None]):
        move_tally(content.id, scale, moved, cast=step)
    around = {
        each for each in (content.id, content.parent_id) if each and each != content.space_id
    }  # of the space, only pages that show its counts move
    stamps.bump(*(f"content:{each}" for each in sorted(around)), f"counts:{content.space_id or content.id}")


@cache
def vote_held() -> Select[int, str]:
    """Made once, as the next: making a statement costs more than running it."""
    mine = (Vote.content_id == bindparam("content_id"), Vote.person_id == bindparam("person_id"), Vote.scale == bindparam("scale"))
    return select(Vote.id, Vote.value).where(*mine).with_for_update()


@cache
def change_vote() -> Update:
    table = Vote.metadata.tables[Vote.__tablename__]
    fresh: dict[str, Any] = {"value": bindparam("new_value"), "revision": bindparam("seen"), "cast_at": bindparam("now")}
    return update(table).where(table.c.id == bindparam("vote_id")).values(fresh)


def move_tally(content_id: int, scale: str, value: str, *, cast: int = 0, imported: int = 0) -> None:
    """One statement. What is taken away was there: its row too."""
    step = {"content_id": content_id, "scale": scale, "value": value, "cast": cast, "imported": imported}
    db.execute(more_of(is_postgres()) if min(cast, imported) >= 0 else less_of(), step if min(cast, imported) >= 0 else renamed(step))


def renamed(step: dict[str, Any]) -> dict[str, Any]:
    return {f"the_{name}": value for name, value in step.items()}


@cache
def more_of(on_postgres: bool) -> Executable:
    table = Tally.metadata.tables[Tally.__tablename__]
    insert = (postgresql if on_postgres else sqlite).insert(table)
    insert = insert.values({name: bindparam(name) for name in ("content_id", "scale", "value", "cast", "imported")})
    added = {name: table.c[name] + insert.excluded[name] for name in ("cast", "imported")}
    return insert.on_conflict_do_update(index_elements=["content_id", "scale", "value"], set_=added)


@cache
def less_of() -> Update:
    table = Tally.metadata.tables[Tally.__tablename__]
    here = [table.c[name] == bindparam(f"the_{name}") for name in ("content_id", "scale", "value")]
    return update(table).where(*here).values({name: table.c[name] + bindparam(f"the_{name}") for name in ("cast", "imported")})


# --- Phases ----------------------------------------------------------------------------------------------------------------


def set_phases(content: Content, phases: Iterable[Phase]) -> None:
    """Replace the phases; the content's bounds follow from those that allow something, or from all of them.

    One that bears the number of a phase that is there changes it in place: its address stays good for who has its form open.
    """
    phases = list(phases)
    for phase in phases:
        if phase.opens_at and phase.closes_at and phase.opens_at >= phase.closes_at:
            raise DomainError(_("La phase « %(name)s » doit finir après son début.", name=phase.name), field="closes_at")
    kept = {phase.id for phase in phases}
    there = {phase.id: phase for phase in queries.phases_of(content)}
    for number, phase in there.items():
        if number not in kept:
            db.delete(phase)
    for phase in phases:
        phase.content_id = content.id
        if phase.id in there:
            db.merge(phase)
        else:
            db.add(phase)
    bounding = [phase for phase in phases if phase.allows] or phases
    if bounding:
        content.opens_at = min((p.opens_at for p in bounding if p.opens_at), default=None) if all(p.opens_at for p in bounding) else None
        content.closes_at = (
            max((p.closes_at for p in bounding if p.closes_at), default=None) if all(p.closes_at for p in bounding) else None
        )
    db.flush()


def bounds_of(space: Content, phases: Sequence[Phase], act: str) -> list[tuple[datetime | None, datetime | None]]:
    """When `act` is allowed. Its phases alone decide; a space without any is open between its own bounds."""
    if phases:
        return [(phase.opens_at, phase.closes_at) for phase in phases if act in phase.allows]
    return [(space.opens_at, space.closes_at)]


def is_allowed(space: Content, phases: Sequence[Phase], act: str) -> bool:
    """Would `require_open` let this pass now? For pages, that have the phases at hand."""
    now = clock.now()
    bounds = bounds_of(space, phases, act)
    return space.is_public and any((opens is None or opens <= now) and (closes is None or now < closes) for opens, closes in bounds)


def require_open(space: Content, act: str) -> datetime:
    """The moment of the act, if `act` is allowed in `space` now; else a refusal that says when it opens or since when it is over.

    The clock is read here, once, inside of the transaction and after SQLite's lock: half-open `[opens, closes)`.
    """
    now = clock.now()
    if not space.is_public:
        raise Closed(_("Cette page n’est pas publiée : rien ne peut y être écrit pour l’instant."))
    bounds = bounds_of(space, queries.phases_of(space), act)
    if not bounds:
        raise Closed(_("Ce n’est pas proposé ici."))
    if any((opens is None or opens <= now) and (closes is None or now < closes) for opens, closes in bounds):
        return now
    coming = sorted(opens for opens, _closes in bounds if opens and opens > now)
    if coming:
        from app.core.formats import moment

        raise Closed(_("Ce n’est pas encore ouvert. Revenez à partir du %(when)s.", when=moment(coming[0])))
    raise Closed(_("C’est clos : il n’est plus possible de participer ici."))


# --- Terms, attachments ----------------------------------------------------------------------------------------------------


def set_terms(content: Content, terms: Iterable[Term]) -> None:
    """Replace the content's terms, of every vocabulary. Row by row: who watches changes (stamps, search) sees each.

    The terms are held meanwhile: one that is being merged into another is waited for, and the other taken.
    """
    ids = {term.id for term in terms}
    wanted = dict.fromkeys(row.merged_into_id or row.id for row in db.execute(terms_held(), {"ids": sorted(ids)})) if ids else {}
    for row in db.scalars(taggings(), {"content_id": content.id}):
        if row.term_id in wanted:
            del wanted[row.term_id]
        else:
            db.delete(row)
    db.add_all([ContentTerm(content_id=content.id, term_id=term_id) for term_id in wanted])
    db.flush()


@cache
def terms_held() -> Select[int, int | None]:
    return select(Term.id, Term.merged_into_id).where(one_of(Term.id, "ids")).order_by(Term.id).with_for_update(read=True)


@cache
def taggings() -> Select[ContentTerm]:
    return select(ContentTerm).where(ContentTerm.content_id == bindparam("content_id"))


def ensure_vocabulary(key: str, label: str, terms: dict[str, str]) -> None:
    """Make sure that a vocabulary and these terms (key → label) exist; what was renamed here keeps its label."""
    insert_or_ignore(Vocabulary, {"key": key, "label": label})
    vocabulary_id = db.scalars(select(Vocabulary.id).where(Vocabulary.key == key)).one()
    for position, (term_key, term_label) in enumerate(terms.items()):
        insert_or_ignore(Term, {"vocabulary_id": vocabulary_id, "key": term_key, "label": term_label, "position": position})


def attach(content: Content, prepared: files.Prepared, *, title: str, by: Person) -> Attachment:
    """Show a file, received and examined with no transaction open, with this content."""
    stored = files.keep(prepared, purpose=PURPOSE, owner_id=by.id, territory_id=content.territory_id, is_attached=True)
    row = Attachment(content_id=content.id, file_id=stored.id, title=one_line(title) or stored.name)
    db.add(row)
    db.flush()
    return row


def detach(row: Attachment) -> None:
    """Stop showing a file, and remove it."""
    stored = get_file(row.file_id)
    db.delete(row)
    db.flush()
    files.remove(stored)


def import_as(content: Content, *, source: str, byline: str, created_at: datetime, updated_at: datetime | None = None) -> None:
    """Mark where an imported content comes from; its author stays a pseudonym, never an account."""
    content.origin, content.source, content.byline = Origin.IMPORTED, source, byline
    content.created_at, content.published_at, content.updated_at = created_at, created_at, updated_at or created_at
