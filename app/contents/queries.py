"""Reads that any kind of content shares: each says what it loads and in which order."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, CompoundSelect, Select, and_, bindparam, false, func, or_, select, true, union_all
from sqlalchemy.orm import defer, joinedload

from app.accounts.models import Person, RoleName
from app.contents.models import (
    Attachment,
    Content,
    ContentTerm,
    Link,
    LinkState,
    Mandate,
    Phase,
    Revision,
    State,
    StateChange,
    Tally,
    Term,
    Vocabulary,
    Vote,
)
from app.core import clock
from app.core.db import db, get_one, one_of

BODIES = (defer(Content.body_source, raiseload=True), defer(Content.body_html, raiseload=True))  # lists show summaries


def published() -> ColumnElement[bool]:
    """What every public list shows; tested to say the same as the rule `public`."""
    return Content.is_public.expression


def visible_to(person: Person) -> ColumnElement[bool]:
    """What this person may read in a list: the same as the rule `content.read`, as a criterion."""
    if person.is_anonymous:
        return published()
    here = person.territories_as(RoleName.MODERATOR, RoleName.MANAGER, RoleName.ELECTED)
    region = person.has_role(RoleName.CURATOR) or person.has_role(RoleName.ADMINISTRATOR)
    sent = Content.state != State.DRAFT
    return or_(
        published(),
        Content.author_id == person.id,
        and_(sent, Content.territory_id.in_(here)) if here else false(),
        and_(sent, Content.territory_id.is_(None)) if region else false(),
    )


def get_content(content_id: int) -> Content:
    """Base columns and territory, whatever the kind."""
    return get_one(select(Content).where(Content.id == content_id).options(joinedload(Content.territory)))


def listing(criterion: ColumnElement[bool] = true()) -> Select[Content]:
    """Base columns without bodies, with the territory; the caller orders."""
    return select(Content).where(criterion).options(*BODIES, joinedload(Content.territory))


def latest(*kinds: str, territory_id: int | None = None, limit: int = 10) -> Sequence[Content]:
    """Public contents of these kinds, the most recently published first."""
    return db.scalars(latest_of(kinds, territory_id is not None), {"territory_id": territory_id, "limit": limit}).all()


@cache
def latest_of(kinds: tuple[str, ...], in_territory: bool) -> Select[Content]:
    """Made once, as all that a page asks each time it is rendered: making a statement costs more than running it.

    The latest of each kind, then the latest of these: an index gives the first so many of one kind without reading the rest.
    """
    newest = (Content.published_at.desc(), Content.id.desc())
    place = Content.territory_id == bindparam("territory_id") if in_territory else true()
    firsts = [
        select(Content.id).where(Content.kind == kind, published(), place).order_by(*newest).limit(bindparam("limit")) for kind in kinds
    ]
    found = union_all(*(select(first.subquery()) for first in firsts))
    return listing(Content.id.in_(found)).order_by(*newest).limit(bindparam("limit"))


def contributions_of(person: Person) -> Select[Content]:
    """All a person wrote, drafts included, latest first, with what each answers: for their own page."""
    mine = listing(Content.author_id == person.id).options(joinedload(Content.parent).options(*BODIES))
    return mine.order_by(Content.created_at.desc(), Content.id.desc())


# --- Votes -------------------------------------------------------------------------------------------------------------


@dataclass
class Figures:
    """Votes on the agreement scale: those cast here and those that came with an import, together."""

    agree: int = 0
    mixed: int = 0
    disagree: int = 0
    imported: int = 0

    @property
    def total(self) -> int:
        return self.agree + self.mixed + self.disagree


def figures_of(content_ids: Iterable[int], scale: str = "agreement") -> dict[int, Figures]:
    """Counts by content; one that nobody voted on has zeros. One query."""
    found = {content_id: Figures() for content_id in content_ids}
    if found:
        for content_id, value, cast, imported in db.execute(tallies_of(), {"ids": list(found), "scale": scale}):
            figures = found[content_id]
            setattr(figures, value, cast + imported)
            figures.imported += imported
    return found


@cache
def tallies_of() -> Select[int, str, int, int]:
    query = select(Tally.content_id, Tally.value, Tally.cast, Tally.imported)
    return query.where(one_of(Tally.content_id, "ids"), Tally.scale == bindparam("scale"))


def votes_of(person: Person, content_ids: Iterable[int], scale: str = "agreement") -> dict[int, str]:
    """What this person voted, by content. One query; none for a visitor."""
    ids = list(content_ids)
    if person.is_anonymous or not ids:
        return {}
    return dict(db.execute(cast_by(), {"ids": ids, "person_id": person.id, "scale": scale}).all())


@cache
def cast_by() -> Select[int, str]:
    mine = (Vote.person_id == bindparam("person_id"), Vote.scale == bindparam("scale"))
    return select(Vote.content_id, Vote.value).where(*mine, one_of(Vote.content_id, "ids"))


def count_of(value: str, scale: str = "agreement") -> ColumnElement[int]:
    """How many votes of this value a content has, to sort a list by."""
    counted = select(Tally.cast + Tally.imported).where(Tally.content_id == Content.id, Tally.scale == scale, Tally.value == value)
    return func.coalesce(counted.correlate(Content).scalar_subquery(), 0)


def participants_in(space_ids: Iterable[int]) -> dict[int, int]:
    """How many different people wrote or voted in each space: accounts here, and imported pseudonyms. One query."""
    ids = list(space_ids)
    found: Counter[int] = Counter()
    for space_id, count in db.execute(people_in(), {"ids": ids}) if ids else ():
        found[space_id or 0] += count
    return found


@cache
def people_in() -> CompoundSelect[int | None, int]:
    """In two rows at most for each space: its accounts, its pseudonyms."""
    in_spaces = one_of(Content.space_id, "ids")
    wrote = select(Content.space_id.label("space_id"), Content.author_id.label("person_id")).where(
        in_spaces, published(), Content.author_id.is_not(None)
    )
    voted = (
        select(Content.space_id.label("space_id"), Vote.person_id.label("person_id"))
        .join(Vote, Vote.content_id == Content.id)
        .where(in_spaces, published(), Vote.person_id.is_not(None))
    )
    both = wrote.union(voted).subquery()
    accounts = select(both.c.space_id, func.count()).group_by(both.c.space_id)
    unsigned = (in_spaces, published(), Content.author_id.is_(None), Content.byline != "")
    pseudonyms = select(Content.space_id, func.count(Content.byline.distinct())).where(*unsigned).group_by(Content.space_id)
    return accounts.union_all(pseudonyms)


# --- What surrounds a content --------------------------------------------------------------------------------------------


def phases_of(content: Content) -> Sequence[Phase]:
    """In the order of time."""
    return db.scalars(phases_under(), {"content_id": content.id}).all()


def get_phase(content: Content, phase_id: int) -> Phase:
    """One of this content's; another's does not exist here."""
    return get_one(select(Phase).where(Phase.content_id == content.id, Phase.id == phase_id))


@cache
def phases_under() -> Select[Phase]:
    return select(Phase).where(Phase.content_id == bindparam("content_id")).order_by(Phase.opens_at.nulls_first(), Phase.id)


def next_boundary(*contents: Content) -> datetime | None:
    """The next moment when one of these, or one of their phases, opens or closes: a page that shows them ends there."""
    now = clock.now()
    moments = {edge for content in contents for edge in (content.opens_at, content.closes_at)}
    ids = [content.id for content in contents]
    for opens_at, closes_at in db.execute(bounds_of(), {"ids": ids}) if ids else ():
        moments |= {opens_at, closes_at}
    return min((edge for edge in moments if edge and edge > now), default=None)


@cache
def bounds_of() -> Select[datetime | None, datetime | None]:
    return select(Phase.opens_at, Phase.closes_at).where(one_of(Phase.content_id, "ids"))


def links_of(content: Content, viewer: Person | None = None) -> list[tuple[Link, Content, bool]]:
    """Accepted links with the other end, both ways: (link, other content, whether `content` is the origin). Public ends only.

    With who made each.
    """
    links = db.scalars(links_at(), {"content_id": content.id})
    ends = [(link, link.target if link.from_id == content.id else link.origin, link.from_id == content.id) for link in links]
    return [end for end in ends if end[1].is_public]


@cache
def links_at() -> Select[Link]:
    content_id: BindParameter[int] = bindparam("content_id")
    query = select(Link).where(or_(Link.from_id == content_id, Link.to_id == content_id), Link.state == LinkState.ACCEPTED)
    around = (
        joinedload(Link.origin).options(*BODIES, joinedload(Content.territory)),
        joinedload(Link.target).options(*BODIES, joinedload(Content.territory)),
        joinedload(Link.author),
    )
    return query.options(*around).order_by(Link.nature, Link.id)


def terms_of(content_ids: Iterable[int]) -> dict[int, dict[str, list[Term]]]:
    """Terms by content and vocabulary key, in the vocabulary's order. One query."""
    found: dict[int, dict[str, list[Term]]] = {content_id: {} for content_id in content_ids}
    if found:
        for content_id, term, key in db.execute(terms_carried(), {"ids": list(found)}):
            found[content_id].setdefault(key, []).append(term)
    return found


@cache
def terms_carried() -> Select[int, Term, str]:
    query = select(ContentTerm.content_id, Term, Vocabulary.key).join(Term, ContentTerm.term_id == Term.id)
    query = query.join(Vocabulary, Term.vocabulary_id == Vocabulary.id).where(one_of(ContentTerm.content_id, "ids"))
    return query.order_by(Term.position, Term.id)


def terms_in(vocabulary_key: str) -> Sequence[Term]:
    """Those one may choose: what was merged into another is no longer offered."""
    query = select(Term).join(Vocabulary).where(Vocabulary.key == vocabulary_key, Term.merged_into_id.is_(None))
    query = query.order_by(Term.position, Term.label)
    return db.scalars(query).all()


def attachments_of(content: Content) -> Sequence[Attachment]:
    return db.scalars(select(Attachment).where(Attachment.content_id == content.id).order_by(Attachment.position, Attachment.id)).all()


def get_attachment(content: Content, attachment_id: int) -> Attachment:
    return get_one(select(Attachment).where(Attachment.id == attachment_id, Attachment.content_id == content.id))


def revisions_of(content: Content) -> Sequence[Revision]:
    """Latest first."""
    return db.scalars(select(Revision).where(Revision.content_id == content.id).order_by(Revision.n.desc())).all()


def get_revision(content_id: int, n: int) -> Revision:
    """As it was written: restricted."""
    return get_one(select(Revision).where(Revision.content_id == content_id, Revision.n == n))


def history_of(content: Content) -> Sequence[StateChange]:
    return db.scalars(select(StateChange).where(StateChange.content_id == content.id).order_by(StateChange.id)).all()


def holds_mandate(person: Person, project_id: int) -> bool:
    """Now: a mandate has a beginning, and may have an end."""
    query = select(Mandate.id).where(Mandate.project_id == project_id, Mandate.person_id == person.id, in_office())
    return db.scalar(query) is not None


def in_office() -> ColumnElement[bool]:
    """Does this mandate run now?"""
    now = clock.now()
    return and_(Mandate.starts_at <= now, or_(Mandate.ends_at.is_(None), Mandate.ends_at > now))


def mandates_of(person: Person) -> Sequence[Content]:
    """The projects this person is the garant of, now, by title."""
    query = select(Content).join(Mandate, Mandate.project_id == Content.id).where(Mandate.person_id == person.id, in_office())
    return db.scalars(query.options(*BODIES).order_by(Content.title, Content.id)).all()


def descendants_of(content: Content) -> Sequence[Content]:
    """Everything that hangs from it by project, space or parent, base columns only, nearest first."""
    found: dict[int, Content] = {}
    wave = [content.id]
    while wave:
        rows = db.scalars(below(), {"wave": wave}).all()
        fresh = [row for row in rows if row.id not in found and row.id != content.id]
        found |= {row.id: row for row in fresh}
        wave = [row.id for row in fresh]
    return list(found.values())


@cache
def below() -> Select[Content]:
    criterion = or_(*(one_of(column, "wave") for column in (Content.project_id, Content.space_id, Content.parent_id)))
    return select(Content).where(criterion).options(*BODIES).order_by(Content.id)
