"""Reads: arguments by side, replies, and the page each is read on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, Select, Subquery, Text, and_, bindparam, func, or_, select, union_all
from sqlalchemy.orm import aliased, defer, joinedload, load_only
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts.models import Person
from app.comments.models import Argument, Comment, Side
from app.contents.models import Content, State
from app.contents.queries import BODIES, count_of, published
from app.core.db import db, get_one, one_of
from app.core.errors import NotFound

SOURCES = (defer(Content.body_source, raiseload=True),)  # pages show the clean HTML, not what was typed
AROUND = (joinedload(Content.territory), joinedload(Content.parent).options(*BODIES), joinedload(Content.space).options(*BODIES))
PER_SIDE = 25
SORTS = {
    "recent": (Content.published_at.desc().nulls_first(), Content.id.desc()),
    "supported": (count_of("agree").desc(), Content.published_at.desc().nulls_first(), Content.id.desc()),
}
SILENT = (State.DRAFT, State.WITHDRAWN)  # states in which a text no longer counts as said


@dataclass(frozen=True)
class Gone:
    """Where a text stood that the public read and reads no longer: why, never what it said. Nothing else of it is loaded."""

    id: int
    parent_id: int
    kind: str
    side: Side | None
    state: State
    restriction: str
    published_at: datetime
    is_gone = True
    revision, byline, updated_at = 0, "", None  # what the cards around it are known by


@dataclass
class Arguments:
    """One page of the two columns: the n-th stretch of each side, and how many there are in all."""

    gone: list[Gone] = field(default_factory=list)  # counted nowhere
    items: dict[Side, list[Argument]] = field(default_factory=lambda: {side: [] for side in Side})
    counts: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    number: int = 1
    per_side: int = PER_SIDE

    def in_order(self, side: Side | str, sort: str) -> list[Argument | Gone]:
        """With what stood there and is gone: at its date among the latest, at the end of another order."""
        live: list[Argument | Gone] = list(self.items[Side(side)])
        gone = [each for each in self.gone if each.side == side]
        if sort != "recent":
            return [*live, *(gone if self.number == 1 else [])]
        dates = [each.published_at for each in live if each.published_at]
        first, last = (self.number == 1 or not dates), (self.number >= self.pages or not dates)
        here = [each for each in gone if (first or each.published_at <= dates[0]) and (last or each.published_at > dates[-1])]
        return sorted([*live, *here], key=lambda each: (each.published_at is None, each.published_at or 0), reverse=True) if here else live

    @property
    def all(self) -> list[Argument]:
        return [argument for side in Side for argument in self.items[side]]

    @property
    def ids(self) -> list[int]:
        return [argument.id for argument in self.all]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def pages(self) -> int:
        return max(1, *(-(-count // self.per_side) for count in self.counts.values()))


def shown_to(viewer: Person) -> ColumnElement[bool]:
    """What a page shows of the contributions it holds: public ones, and one's own that wait to be read."""
    return published() if viewer.is_anonymous else or_(published(), waits_for(viewer.id))


def shown(signed_in: bool) -> ColumnElement[bool]:
    """The same, for statements made once and given `viewer_id` when they are run."""
    return or_(published(), waits_for(bindparam("viewer_id"))) if signed_in else published()


def waits_for(author_id: int | BindParameter[int]) -> ColumnElement[bool]:
    return and_(Content.author_id == author_id, Content.state == State.PENDING)


def arguments_of(content: Content, viewer: Person, *, sort: str = "recent", number: int = 1, per_side: int = PER_SIDE) -> Arguments:
    """Public arguments, and the viewer's own that wait, without what was typed; each side in the order asked. One query."""
    sort = sort if sort in SORTS else "recent"
    asked = {"parent_id": content.id, "viewer_id": viewer.id}
    page = Arguments(number=number, per_side=per_side)
    stretch = {"after": (number - 1) * per_side, "last": number * per_side}
    rows = db.execute(arguments_under(sort, not viewer.is_anonymous), asked | stretch).all()
    for row in rows:
        page.items[row[0].side].append(row[0])
    totals = rows[0][1:] if rows else (db.execute(select(*counts_of(not viewer.is_anonymous)), asked).one() if number > 1 else (0, 0))
    page.counts = dict(zip(Side, totals, strict=True))
    return page


def about(signed_in: bool) -> tuple[ColumnElement[bool], ...]:
    return Content.parent_id == bindparam("parent_id"), Content.kind == "argument", shown(signed_in)


def ranks(sort: str, signed_in: bool) -> Subquery:
    """Where each argument stands on its side."""
    place = func.row_number().over(partition_by=Argument.side, order_by=SORTS[sort])
    return select(Argument.id, place.label("place")).where(*about(signed_in)).subquery()


def counts_of(signed_in: bool) -> tuple[ScalarSelect[int], ScalarSelect[int]]:
    """How many there are for, and against."""
    query = select(func.count()).select_from(Argument).where(*about(signed_in))
    return query.where(Argument.side == Side.FOR).scalar_subquery(), query.where(Argument.side == Side.AGAINST).scalar_subquery()


@cache
def arguments_under(sort: str, signed_in: bool) -> Select[Argument, int, int]:
    ranked = ranks(sort, signed_in)
    return (
        select(Argument, *counts_of(signed_in))
        .join(ranked, ranked.c.id == Argument.id)
        .where(ranked.c.place > bindparam("after"), ranked.c.place <= bindparam("last"))
        .options(*SOURCES)
        .order_by(ranked.c.place)
    )


def page_holding(argument_id: int, content: Content, viewer: Person, *, sort: str = "recent", per_side: int = PER_SIDE) -> int:
    """On which page of `arguments_of` this argument stands; 1 when it is not there. One query."""
    ranked = ranks(sort if sort in SORTS else "recent", not viewer.is_anonymous)
    query = select(ranked.c.place).where(ranked.c.id == argument_id)
    found = db.scalar(query, {"parent_id": content.id, "viewer_id": viewer.id})
    return 1 + (found - 1) // per_side if found else 1


def gone_under(content_ids: Iterable[int]) -> list[Gone]:
    """What stood under these contents, was public, and was hidden or removed by a decision, oldest first. One query."""
    arguments = Argument.metadata.tables[Argument.__tablename__]
    columns = (Content.id, Content.parent_id, Content.kind, arguments.c.side, Content.state, Content.restriction, Content.published_at)
    query = select(*columns).outerjoin(arguments, arguments.c.id == Content.id)
    query = query.where(Content.parent_id.in_(list(content_ids)), Content.kind.in_(("argument", "comment")))
    query = query.where(Content.state.in_((State.HIDDEN, State.REMOVED)), Content.published_at.is_not(None), Content.restriction != "")
    return [Gone(*row) for row in db.execute(query.order_by(Content.published_at, Content.id))]


def with_gone(subject: Content, arguments: Arguments, replies: dict[int, list[Any]]) -> None:
    """Put back, on a page, the places of what is gone: arguments on the subject, replies to it and to them."""
    for each in gone_under([subject.id, *arguments.ids]):
        if each.kind == "argument" and each.parent_id == subject.id:
            arguments.gone.append(each)
        elif each.kind == "comment" and each.parent_id in replies:
            replies[each.parent_id].append(each)
    for said in replies.values():
        said.sort(key=lambda each: (each.published_at is None, each.published_at))


def replies_of(content_ids: Iterable[int], viewer: Person) -> dict[int, list[Comment]]:
    """Public replies, and the viewer's own that wait, by what they answer, oldest first. One query."""
    found: dict[int, list[Comment]] = {content_id: [] for content_id in content_ids}
    if found:
        asked = {"ids": list(found), "viewer_id": viewer.id}
        for reply in db.scalars(replies_under(not viewer.is_anonymous), asked):
            found[reply.parent_id or 0].append(reply)
    return found


@cache
def replies_under(signed_in: bool) -> Select[Comment]:
    query = select(Comment).where(one_of(Content.parent_id, "ids"), shown(signed_in)).options(*SOURCES)
    return query.order_by(Content.created_at, Content.id)


VOTED = load_only(
    Content.title,
    Content.state,
    Content.is_public,
    Content.revision,
    Content.author_id,
    Content.territory_id,
    Content.project_id,
    Content.space_id,
    Content.parent_id,
    Content.opens_at,
    Content.closes_at,
    raiseload=True,
)  # what rules, services and addresses ask of what is voted on


def get_votable(content_id: int) -> Content:
    """What a vote needs: no body, what it answers, its space."""
    found = {row.id: row for row in db.scalars(votable(), {"content_id": content_id})}
    if content_id not in found:
        raise NotFound
    content = found[content_id]
    set_committed_value(content, "parent", found.get(content.parent_id or 0))
    set_committed_value(content, "space", found.get(content.space_id or 0))
    return content


@cache
def votable() -> Select[Content]:
    """The three as rows of one kind: joined, each would be set up apart, at twice the cost."""
    here = aliased(Content)
    ids = union_all(*(select(column).where(here.id == bindparam("content_id")) for column in (here.id, here.parent_id, here.space_id)))
    return select(Content).where(Content.id.in_(ids)).options(VOTED)


def get_contribution(content_id: int) -> Content:
    """Any kind, whole, with its territory, what it answers and the space it is in."""
    return get_one(select(Content).where(Content.id == content_id).options(*AROUND))


def get_said(content_id: int) -> Argument | Comment:
    """An argument or a reply, whole, with what it answers."""
    kind = db.scalar(select(Content.kind).where(Content.id == content_id))
    if kind == "argument":
        return get_one(select(Argument).where(Argument.id == content_id).options(*AROUND))
    return get_one(select(Comment).where(Comment.id == content_id).options(*AROUND))


def space_of(content: Content) -> Content:
    """Where the phases are: the debate or the consultation; a content without one is its own. Base columns."""
    if content.space_id is None:
        return content
    known = content.__dict__.get("space")
    if known is not None:
        return known
    return db.get_one(Content, content.space_id)


def has_said(author: Person, like: Content, *, body: str, title: str | None = None) -> bool:
    """Did this person already send this very text (and title) at the place of `like`, itself apart?"""
    what = {"author_id": author.id, "like": like.kind, "under": like.parent_id, "inside": like.space_id, "body": body}
    return db.scalar(said_before(), what | {"title": title, "itself": like.id or 0}) is not None


@cache
def said_before() -> Select[int]:
    return (
        select(Content.id)
        .where(Content.author_id == bindparam("author_id"), Content.kind == bindparam("like"))
        .where(Content.parent_id.is_not_distinct_from(bindparam("under")), Content.space_id.is_not_distinct_from(bindparam("inside")))
        .where(Content.body_source == bindparam("body"), Content.state.not_in(SILENT), Content.id != bindparam("itself"))
        .where(or_(Content.title == bindparam("title", type_=Text), bindparam("title", type_=Text).is_(None)))
        .limit(1)
    )


def figures_in(space_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """How many public contributions of each kind live in each space. One query."""
    found: dict[int, dict[str, int]] = {space_id: {} for space_id in space_ids}
    if found:
        query = select(Content.space_id, Content.kind, func.count()).where(Content.space_id.in_(found), published())
        for space_id, kind, count in db.execute(query.group_by(Content.space_id, Content.kind)):
            found[space_id or 0][kind] = count
    return found


@cache
def arguments_counted(parents: type[Content]) -> ColumnElement[int]:
    """How many public arguments a content has, as a column of a list of them."""
    under = aliased(Content)
    counted = select(func.count()).select_from(under).where(under.parent_id == parents.id, under.kind == "argument", under.is_public)
    return counted.correlate(parents).scalar_subquery()
