from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Base
from app.core.privacy import NOTHING_PERSONAL
from app.core.text import RichText


class TerritoryKind(StrEnum):
    COMMUNE = "commune"
    EPCI = "epci"


class Territory(Base):
    """A commune or an intercommunality. Those that host their own consultations are pilots; others are only places."""

    __tablename__ = "territories"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_its_own_parent"),)

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    short_name: Mapped[str]
    kind: Mapped[TerritoryKind]
    insee: Mapped[str | None] = mapped_column(unique=True)
    siren: Mapped[str | None] = mapped_column(unique=True)
    population: Mapped[int | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"), index=True)
    is_pilot: Mapped[bool] = mapped_column(default=True, index=True)

    intro: Mapped[str] = mapped_column(default="")  # two sentences, plain text
    welcome_source: Mapped[str] = mapped_column(default="")
    welcome_html: Mapped[str] = mapped_column(RichText, default="")
    charter_source: Mapped[str] = mapped_column(default="")  # what comes before the articles
    charter_html: Mapped[str] = mapped_column(RichText, default="")
    accent: Mapped[str | None]  # #rrggbb, checked for contrast when set
    logo_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"))
    logo_alt: Mapped[str] = mapped_column(default="")
    contact_email: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    parent: Mapped["Territory | None"] = relationship(remote_side="Territory.id", lazy="raise", viewonly=True)

    __mapper_args__ = {"version_id_col": version}

    @property
    def has_theme(self) -> bool:
        return self.accent is not None

    @property
    def logo_url(self) -> str | None:
        return f"/fichiers/{self.logo_id}" if self.logo_id else None


class CharterArticle(Base):
    """One article as it read from one day to another; a decision points to the version it applied."""

    __tablename__ = "charter_articles"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (
        UniqueConstraint("territory_id", "number", "version"),
        Index("ix_charter_articles_in_force", "territory_id", "replaced_at"),
    )

    territory_id: Mapped[int] = mapped_column(ForeignKey("territories.id"))
    number: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    title: Mapped[str]
    text: Mapped[str]
    notice: Mapped[str] = mapped_column(default="")  # what an author reads when it is applied to them; the moderator may change it
    legal_ground: Mapped[str] = mapped_column(default="")  # the law it applies, where it applies one
    since: Mapped[datetime] = mapped_column(default=clock.now)
    replaced_at: Mapped[datetime | None]  # None: in force


class LegalPage(Base):
    __tablename__ = "legal_pages"
    __personal__ = NOTHING_PERSONAL
    __table_args__ = (UniqueConstraint("territory_id", "slug"),)

    territory_id: Mapped[int] = mapped_column(ForeignKey("territories.id"))
    slug: Mapped[str]  # mentions-legales, vos-donnees, accessibilite
    title: Mapped[str]
    body_source: Mapped[str]
    body_html: Mapped[str] = mapped_column(RichText)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)

    __mapper_args__ = {"version_id_col": version}
