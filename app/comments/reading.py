"""A page of arguments as everyone reads it, kept whole; and what is one reader's own, put into it at each request.

The kept page holds slots: `agree:12` and its like for the button of the reader's vote on 12, `mark:12` for that vote where
there are no buttons, `token` for the form they belong to, `own:12` for the links of who wrote it, `pages` for the
pagination (its links carry the reader's address), `manage` for those who work there.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from sys import getsizeof

from flask import request
from sqlalchemy import BindParameter, CompoundSelect, String, and_, bindparam, literal, or_, select, union_all

from app.accounts.models import Person
from app.accounts.sessions import Visitor
from app.comments.queries import Arguments
from app.comments.views import May
from app.contents.models import Content, State, Vote
from app.contents.queries import Figures
from app.core import pagecache, shapes
from app.core.db import db, one_of
from app.core.pages import Page
from app.core.permissions import me
from app.core.shapes import Shape, macros

EVERYONE = Visitor()  # whom kept pages are made for: sees what is public


@dataclass(frozen=True)
class Reading:
    """A page, and what in it a reader may have done."""

    shape: Shape
    votable: list[int]  # what takes their vote
    shown: frozenset[int]  # what may be theirs: arguments, replies, sources, the subject itself
    page: Page

    def __sizeof__(self) -> int:
        return getsizeof(self.shape) + 100 * (len(self.votable) + len(self.shown))


@dataclass
class Mine:
    """What the reader did among what is shown."""

    votes: dict[int, str] = field(default_factory=dict)
    wrote: list[tuple[int, str, str]] = field(default_factory=list)  # (id, kind, title)
    waits: bool = False  # something of theirs, that nobody else sees, belongs on this page


@cache
def deeds() -> CompoundSelect:
    """The reader's votes and texts, in one query, made once."""
    person_id: BindParameter[int] = bindparam("person_id")
    voted = select(Vote.content_id.label("id"), literal("").label("kind"), Vote.value.label("text"), literal("").label("state")).where(
        Vote.person_id == person_id, Vote.scale == "agreement", one_of(Vote.content_id, "votable")
    )
    waits = and_(Content.state == State.PENDING, one_of(Content.parent_id, "shown"))
    wrote = select(Content.id, Content.kind, Content.title, Content.state.cast(String)).where(
        Content.author_id == person_id, or_(one_of(Content.id, "shown"), waits)
    )
    return union_all(voted, wrote)


def mine_in(reading: Reading, reader: Person) -> Mine:
    mine = Mine()
    if not reader.is_anonymous:
        asked = {"person_id": reader.id, "votable": reading.votable, "shown": list(reading.shown)}
        for content_id, kind, text, state in db.execute(deeds(), asked).all():
            if not kind:
                mine.votes[content_id] = text
            else:
                mine.wrote.append((content_id, kind, text))
                mine.waits = mine.waits or state == State.PENDING
    return mine


LINKS = {"argument": "said", "comment": "said", "source": "source", "proposal": "proposal"}  # macros of `comments/_own.html`


def read(name: Hashable, build: Callable[[Person], Reading], may: May, *, label: str, manage: tuple[str, str] | None = None) -> bytes:
    """The page for the present reader. `label` is the pagination's; `manage` an address and its words, for who works there."""
    reading = pagecache.kept(name, lambda: build(EVERYONE))
    mine = mine_in(reading, me())
    if mine.waits:
        reading = build(me())
        mine = mine_in(reading, me())
    return shapes.page(reading.shape, slots(reading, mine, may, label, manage))


def slots(reading: Reading, mine: Mine, may: May, label: str, manage: tuple[str, str] | None) -> dict[str, str]:
    own, votes = macros("comments/_own.html"), macros("components/votes.html")
    found: dict[str, str] = {}
    if reading.page.pages > 1:
        found["pages"] = pagination(reading.page, label)
    if may.vote:
        found["token"] = macros("components/form.html").token()
        takes_back = votes.meaning("none", pressed=True)
        found |= {f"{value}:{content_id}": takes_back for content_id, value in mine.votes.items()}
    else:
        found |= {f"mark:{content_id}": votes.choice("", value, enabled=False) for content_id, value in mine.votes.items()}
    for content_id, kind, title in mine.wrote:
        if kind in LINKS:
            found[f"own:{content_id}"] = getattr(own, LINKS[kind])(content_id, title)
    if manage:
        found["manage"] = own.manage(*manage)
    return found


def pagination(page: Page, label: str) -> str:
    """Of the address one is at: it is the same the next time."""
    version = (label, page.number, page.pages)
    return pagecache.fragment(
        f"pages:fr:{request.full_path}", version, lambda: macros("components/pagination.html").pagination(page, label)
    )


def stamps_of(*contents: Content) -> set[str]:
    return {f"content:{content.id}" for content in contents}


def voting(may: May) -> str:
    """How the reader's vote is shown on every card: `buttons` to press, a `mark` of what was said, or nothing for a visitor."""
    return "buttons" if may.vote else "" if me().is_anonymous else "mark"


def card_version(argument: Content, tally: Figures, replies: Iterable[Content]) -> tuple:
    """Moves with everything the card of an argument shows."""
    said = [(each.id, each.revision, each.state, each.byline, each.published_at, each.updated_at, each.restriction) for each in replies]
    votes = (tally.agree, tally.mixed, tally.disagree, tally.imported)
    dates = (argument.published_at, argument.updated_at)
    return argument.revision, argument.state, argument.is_public, argument.title, argument.byline, argument.restriction, *dates, votes, said


def shown_in(
    subject: Content, arguments: Arguments, replies: Mapping[int, Iterable[Content]], others: Iterable[Content] = ()
) -> frozenset[int]:
    said = [reply.id for group in replies.values() for reply in group]
    return frozenset([subject.id, *arguments.ids, *said, *(other.id for other in others)])
