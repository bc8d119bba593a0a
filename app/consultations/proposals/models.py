from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.contents.models import Content
from app.core.db import Base
from app.core.privacy import NOTHING_PERSONAL
from app.core.text import RichText


class Section(Base):
    """A heading under which proposals are made."""

    __tablename__ = "sections"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (UniqueConstraint("consultation_id", "key"),)

    consultation_id: Mapped[int] = mapped_column(ForeignKey("consultations.id", ondelete="CASCADE"))
    key: Mapped[str]  # stable, in addresses
    title: Mapped[str]
    text: Mapped[str] = mapped_column(default="")  # plain text
    position: Mapped[int] = mapped_column(default=0)


class Proposal(Content):
    """What someone proposes in a consultation, its `space`. Arguments and sources are contents whose parent it is."""

    __tablename__ = "proposals"
    __mapper_args__ = {"polymorphic_identity": "proposal"}
    __personal__ = NOTHING_PERSONAL

    id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
    section_id: Mapped[int | None] = mapped_column(ForeignKey("sections.id"), index=True)
    left_section_id: Mapped[int | None]  # where it was filed before it was moved: given back if the move is undone
    is_official: Mapped[bool] = mapped_column(default=False)  # the territory's own
    earlier_versions: Mapped[int] = mapped_column(default=0)  # how many versions it had on the platform it was imported from

    section: Mapped[Section | None] = relationship(lazy="raise", viewonly=True)


class Appendix(Base):
    """A part of a proposal beside its text, as some platforms have: « Explication de l’article »."""

    __tablename__ = "appendices"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (UniqueConstraint("proposal_id", "position"),)

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposals.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(default=0)
    title: Mapped[str]
    body_html: Mapped[str] = mapped_column(RichText)


class Source(Content):
    """A document that supports or disputes a proposal, its `parent`: a title, an address, and why it matters."""

    __tablename__ = "sources"
    __mapper_args__ = {"polymorphic_identity": "source"}
    __personal__ = NOTHING_PERSONAL

    id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True)
    url: Mapped[str]  # http or https, nothing else
    category: Mapped[str] = mapped_column(default="")
