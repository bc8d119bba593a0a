"""The spine: everything anyone publishes is a Content, and what happens to any content has a real foreign key to it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Person
from app.core import clock
from app.core.db import Base
from app.core.privacy import NOTHING_PERSONAL, Personal, personal
from app.core.text import RichText, slugify
from app.territories.models import CharterArticle, Territory


class State(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"  # waits to be read before it is published
    PUBLISHED = "published"
    HIDDEN = "hidden"  # temporary, as a precaution
    REMOVED = "removed"  # by decision
    REFUSED = "refused"  # was never public
    WITHDRAWN = "withdrawn"  # by its author
    ARCHIVED = "archived"


class Voice(StrEnum):
    CITIZEN = "citizen"
    OFFICIAL = "official"
    ELECTED = "elected"
    GARANT = "garant"


class Origin(StrEnum):
    ONLINE = "online"
    PAPER = "paper"
    SESSION = "session"
    IMPORTED = "imported"


class Content(Base):
    """What is shown of anything published. `is_public` holds: published, and so is everything it hangs from."""

    __tablename__ = "contents"
    __personal__ = personal(
        Personal(
            of="author_id",
            export=("id", "kind", "title", "body_source", "state", "created_at", "published_at"),
            erase="blank",
            blanks={"byline": "Compte fermé", "author_id": None},
        ),
    )
    __mapper_args__ = {"polymorphic_on": "kind"}
    __table_args__ = (
        UniqueConstraint("origin", "kind", "source"),
        Index("ix_contents_latest", "territory_id", "kind", "is_public", "published_at"),
        Index("ix_contents_in_space", "space_id", "kind", "is_public", "published_at"),
        Index("ix_contents_under", "parent_id", "kind", "is_public"),
        Index("ix_contents_by", "author_id", "kind", "created_at"),
        Index("ix_contents_voices", "space_id", "is_public", "author_id", "byline"),  # who took part in a space, read from the index alone
        Index("ix_contents_kinds", "kind", "is_public", "published_at"),
        CheckConstraint("opens_at IS NULL OR closes_at IS NULL OR opens_at < closes_at", name="opens_before_it_closes"),
    )

    kind: Mapped[str]
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")  # plain text; made from the body where nobody writes one
    body_source: Mapped[str] = mapped_column(default="")
    body_html: Mapped[str] = mapped_column(RichText, default="")
    state: Mapped[State] = mapped_column(default=State.DRAFT, index=True)
    is_public: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(default="fr")

    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"))  # None: the region
    project_id: Mapped[int | None] = mapped_column(ForeignKey("contents.id"), index=True)
    space_id: Mapped[int | None] = mapped_column(ForeignKey("contents.id"))  # the consultation or debate it lives in
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("contents.id"))  # what it answers

    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # None once erased, or imported
    byline: Mapped[str] = mapped_column(default="")
    voice: Mapped[Voice] = mapped_column(default=Voice.CITIZEN)
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    origin: Mapped[Origin] = mapped_column(default=Origin.ONLINE)
    source: Mapped[str | None]

    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    published_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    revision: Mapped[int] = mapped_column(default=1)  # moves on edits only
    replies_count: Mapped[int] = mapped_column(default=0)  # public contents that answer it: arguments, comments
    restriction: Mapped[str] = mapped_column(default="")  # why a part of it, or all, is not shown: the title of an article of the charter

    territory: Mapped[Territory | None] = relationship(lazy="raise", viewonly=True)
    author: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=author_id)
    project: Mapped["Content | None"] = relationship(lazy="raise", viewonly=True, foreign_keys=project_id, remote_side="Content.id")
    space: Mapped["Content | None"] = relationship(lazy="raise", viewonly=True, foreign_keys=space_id, remote_side="Content.id")
    parent: Mapped["Content | None"] = relationship(lazy="raise", viewonly=True, foreign_keys=parent_id, remote_side="Content.id")

    @property
    def slug(self) -> str:
        return slugify(self.title)

    @property
    def place_slug(self) -> str:
        """Where it belongs, as addresses of the back office say it; needs the territory loaded."""
        return self.territory.slug if self.territory else "region"

    @property
    def is_published(self) -> bool:
        return self.state == State.PUBLISHED

    @property
    def is_cut(self) -> bool:
        """Is it shown with passages taken out?"""
        return bool(self.restriction) and self.state == State.PUBLISHED

    def own_fields(self) -> dict[str, Any]:
        """What this kind adds to each revision, as plain JSON values."""
        return {}

    @property
    def moment(self) -> str | None:
        """ "soon", "open" or "closed" by the clock; None for what has no dates."""
        if self.opens_at is None and self.closes_at is None:
            return None
        now = clock.now()
        if self.opens_at and now < self.opens_at:
            return "soon"
        return "closed" if self.closes_at and now >= self.closes_at else "open"

    @property
    def is_open(self) -> bool:
        return self.is_public and self.moment in {None, "open"}


class Revision(Base):
    """What was written, each time: restricted, never shown in a list.

    The public reads a version once it was published; a decision of moderation seals those it restricts.
    """

    __tablename__ = "revisions"
    __personal__ = personal(
        Personal(of="author_id", export=("content_id", "n", "fields", "created_at"), erase="blank", blanks={"author_id": None})
    )
    __table_args__ = (UniqueConstraint("content_id", "n"),)

    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    n: Mapped[int]
    fields: Mapped[dict[str, Any]]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    sealed_at: Mapped[datetime | None]  # since then only its author, the moderators and the garant read it


class Redaction(Base):
    """A passage of one revision that the public does not read: "[…]" stands there, with the article it broke.

    Offsets count the characters of that revision's source. The original stays sealed in the revision.
    """

    __tablename__ = "redactions"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (
        UniqueConstraint("content_id", "revision", "field", "start", "end"),
        CheckConstraint("field IN ('title', 'body_source')", name="of_a_text"),
        CheckConstraint('"start" >= 0 AND "start" < "end"', name="holds_something"),
    )

    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    revision: Mapped[int]
    field: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]
    article_id: Mapped[int] = mapped_column(ForeignKey("charter_articles.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    lifted_at: Mapped[datetime | None]  # restored

    article: Mapped[CharterArticle] = relationship(lazy="raise", viewonly=True)


class StateChange(Base):
    """The history of a content's states: who, when, why."""

    __tablename__ = "state_changes"
    __personal__ = personal(Personal(of="by_id", erase="blank", blanks={"by_id": None}, years=2))

    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), index=True)
    before: Mapped[State]
    after: Mapped[State]
    reason: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Vote(Base):
    """One person's opinion of one content on one scale: one row, whatever happens."""

    __tablename__ = "votes"
    __personal__ = personal(
        Personal(of="person_id", export=("content_id", "scale", "value", "cast_at"), erase="blank", blanks={"person_id": None})
    )
    __table_args__ = (UniqueConstraint("content_id", "person_id", "scale"),)

    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id"), index=True
    )  # None once the account is erased: the vote stays counted
    scale: Mapped[str]  # "agreement", "support", "position"
    value: Mapped[str]
    revision: Mapped[int]  # the text the person saw
    cast_at: Mapped[datetime] = mapped_column(default=clock.now)


class Tally(Base):
    """Votes of one value, counted: those cast here, and apart from them totals that came with an import."""

    __tablename__ = "tallies"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (
        UniqueConstraint("content_id", "scale", "value"),
        CheckConstraint('"cast" >= 0 AND imported >= 0', name="counts_are_not_negative"),
    )

    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    scale: Mapped[str]
    value: Mapped[str]
    cast: Mapped[int] = mapped_column(default=0)
    imported: Mapped[int] = mapped_column(default=0)


class LinkNature(StrEnum):
    DOCUMENTS = "documents"
    INSPIRED_BY = "inspired_by"
    REUSES = "reuses"
    FOLLOWS = "follows"
    ANSWERS = "answers"
    EVALUATES = "evaluates"


class LinkState(StrEnum):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class Link(Base):
    """`origin` documents, reuses, follows… `target`. Where the two belong to different people, one side proposes and the other answers."""

    __tablename__ = "links"
    __personal__ = personal(
        Personal(of="author_id", export=("from_id", "to_id", "nature", "note", "created_at"), erase="blank", blanks={"author_id": None}),
        Personal(of="answered_by_id", erase="blank", blanks={"answered_by_id": None}),
    )
    __table_args__ = (
        UniqueConstraint("from_id", "to_id", "nature"),
        CheckConstraint("from_id <> to_id", name="between_two_things"),
        CheckConstraint("asked_id IS NULL OR asked_id IN (from_id, to_id)", name="asks_one_of_its_ends"),
        CheckConstraint("state <> 'proposed' OR asked_id IS NOT NULL", name="a_proposal_asks_someone"),
    )

    from_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    to_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), index=True)
    nature: Mapped[LinkNature]
    note: Mapped[str] = mapped_column(default="")  # why, in one sentence
    state: Mapped[LinkState] = mapped_column(default=LinkState.ACCEPTED)
    asked_id: Mapped[int | None] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), index=True)  # the end whose people answer
    author_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    answered_at: Mapped[datetime | None]

    origin: Mapped[Content] = relationship(lazy="raise", viewonly=True, foreign_keys=from_id)
    target: Mapped[Content] = relationship(lazy="raise", viewonly=True, foreign_keys=to_id)
    author: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=author_id)

    def end_other_than(self, content_id: int) -> Content:
        """The page at the other end; needs both loaded."""
        return self.target if content_id == self.from_id else self.origin


class Phase(Base):
    """A named stretch of time, half-open `[opens_at, closes_at)`, and what may be done in it."""

    __tablename__ = "phases"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (
        Index("ix_phases_of", "content_id", "opens_at"),
        CheckConstraint("opens_at IS NULL OR closes_at IS NULL OR opens_at < closes_at", name="opens_before_it_closes"),
    )

    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    name: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    allows: Mapped[list[str]] = mapped_column(default=list)  # acts: "propose", "argue", "vote", "comment"

    def holds(self, moment: datetime) -> bool:
        return (self.opens_at is None or self.opens_at <= moment) and (self.closes_at is None or moment < self.closes_at)

    @property
    def is_done(self) -> bool:
        return self.closes_at is not None and self.closes_at <= clock.now()

    @property
    def is_current(self) -> bool:
        return self.holds(clock.now())


class Attachment(Base):
    """A stored file shown with a content."""

    __tablename__ = "attachments"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (UniqueConstraint("content_id", "file_id"),)

    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), index=True)
    title: Mapped[str]
    alt: Mapped[str] = mapped_column(default="")  # what an image shows, for who does not see it
    position: Mapped[int] = mapped_column(default=0)


class Vocabulary(Base):
    """A controlled list: themes, approaches, levels of participation, publics."""

    __tablename__ = "vocabularies"
    __personal__ = NOTHING_PERSONAL

    key: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]


class Term(Base):
    """One entry of a list. Its key never changes and is never given again: merged into another, it leads there for ever."""

    __tablename__ = "terms"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (
        UniqueConstraint("vocabulary_id", "key"),
        CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name="not_merged_into_itself"),
    )

    vocabulary_id: Mapped[int] = mapped_column(ForeignKey("vocabularies.id"))
    key: Mapped[str]  # stable, in addresses
    label: Mapped[str]
    note: Mapped[str] = mapped_column(default="")  # what it covers, for who chooses
    uri: Mapped[str] = mapped_column(default="")  # the same thing in a vocabulary of the world: a licence, a theme of data.europa.eu
    position: Mapped[int] = mapped_column(default=0)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("terms.id"), index=True)  # no longer offered: this one stands for it

    vocabulary: Mapped[Vocabulary] = relationship(lazy="raise", viewonly=True)


class TermAct(StrEnum):
    ADDED = "added"
    RENAMED = "renamed"
    DESCRIBED = "described"
    MOVED = "moved"
    MERGED = "merged"


class TermChange(Base):
    """The history of the lists: who changed what, when, from what to what."""

    __tablename__ = "term_changes"
    __personal__ = personal(Personal(of="by_id", erase="blank", blanks={"by_id": None}))

    term_id: Mapped[int] = mapped_column(ForeignKey("terms.id"), index=True)
    act: Mapped[TermAct]
    before: Mapped[str] = mapped_column(default="")
    after: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=clock.now)

    term: Mapped[Term] = relationship(lazy="raise", viewonly=True)
    by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True)


class ContentTerm(Base):
    __tablename__ = "content_terms"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (UniqueConstraint("content_id", "term_id"),)

    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    term_id: Mapped[int] = mapped_column(ForeignKey("terms.id"), index=True)

    term: Mapped[Term] = relationship(lazy="raise", viewonly=True)


class Mandate(Base):
    """A guarantor's mandate over one project: reads everything, decides nothing."""

    __tablename__ = "mandates"
    __personal__ = personal(Personal(of="person_id", export=("project_id", "starts_at", "ends_at")))
    __table_args__ = (UniqueConstraint("project_id", "person_id"),)

    project_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime] = mapped_column(default=clock.now)
    ends_at: Mapped[datetime | None]
