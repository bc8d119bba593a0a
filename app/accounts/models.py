"""People, and apart from them their identities: what is shown of a person never sits beside how they log in."""

import secrets
from datetime import datetime
from enum import StrEnum

from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import clock
from app.core.db import Base
from app.core.privacy import Personal, personal
from app.territories.models import Territory


class RoleName(StrEnum):
    MODERATOR = "moderator"  # of a territory
    MANAGER = "manager"  # of a territory
    ELECTED = "elected"  # of a territory
    CURATOR = "curator"  # regional
    EVALUATOR = "evaluator"  # regional
    ADMINISTRATOR = "administrator"  # regional


TERRITORIAL = {RoleName.MODERATOR, RoleName.MANAGER, RoleName.ELECTED}
REGIONAL = {RoleName.CURATOR, RoleName.EVALUATOR, RoleName.ADMINISTRATOR}


class Person(UserMixin, Base):
    """Who speaks: a name shown, nothing else anyone may read. Stays, without its name, when the account is closed."""

    __tablename__ = "people"
    __personal__ = personal(
        Personal(
            of="id",
            export=("name", "bio", "created_at", "confirmed_at", "last_seen_at", "suspended_at", "suspended_until", "suspension_reason"),
            erase="blank",
            blanks={"name": "Compte fermé", "bio": "", "suspension_reason": ""},
        ),
    )

    public_id: Mapped[str] = mapped_column(unique=True, default=lambda: secrets.token_hex(6))  # in addresses: not to be walked
    name: Mapped[str]
    bio: Mapped[str] = mapped_column(default="")
    epoch: Mapped[int] = mapped_column(default=1)  # moves when every open session must end
    confirmed_at: Mapped[datetime | None]  # of the address; here, so that no rule needs the identity
    suspended_at: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None]  # None with suspended_at: until further notice
    suspension_reason: Mapped[str] = mapped_column(default="")
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime | None]  # last log-in; an account idle for two years is erased
    idle_warned_at: Mapped[datetime | None]

    roles: Mapped[list["Role"]] = relationship(
        lazy="raise", back_populates="person", foreign_keys="Role.person_id", cascade="all, delete-orphan"
    )
    identity: Mapped["Identity | None"] = relationship(lazy="raise", back_populates="person", cascade="all, delete-orphan")

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None and (self.suspended_until is None or clock.now() < self.suspended_until)

    @property
    def is_active(self) -> bool:
        return self.closed_at is None

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None

    @property
    def display_name(self) -> str:
        return self.name

    def has_role(self, role: RoleName | str, territory_id: int | None = None) -> bool:
        """Does the person hold this role, in this territory (None: for the region)? Roles do not flow down the tree."""
        return any(mine.name == role and mine.territory_id == territory_id for mine in self.roles)

    def territories_as(self, *names: RoleName) -> set[int]:
        return {mine.territory_id for mine in self.roles if mine.name in names and mine.territory_id is not None}


class Identity(Base):
    """How a person logs in and is written to. Never shown, never searched, deleted with the account."""

    __tablename__ = "identities"
    __personal__ = personal(Personal(of="person_id", export=("email",)))

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), unique=True)
    email: Mapped[str] = mapped_column(unique=True)  # normalised, lower case
    password_hash: Mapped[str]

    person: Mapped[Person] = relationship(lazy="raise", back_populates="identity")


class LoginSession(Base):
    """One browser logged in. The cookie carries a random token, the row its hash: logging out deletes the row."""

    __tablename__ = "login_sessions"
    __personal__ = personal(Personal(of="person_id", export=("created_at", "expires_at")))

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    epoch: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(index=True)

    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)


class Role(Base):
    __tablename__ = "roles"
    __personal__ = personal(
        Personal(of="person_id", export=("name", "territory_id", "since")),
        Personal(of="given_by_id", erase="blank", blanks={"given_by_id": None}),
    )
    __table_args__ = (
        UniqueConstraint("person_id", "name", "territory_id"),
        Index(
            "uq_roles_regional",
            "person_id",
            "name",
            unique=True,
            sqlite_where=text("territory_id IS NULL"),
            postgresql_where=text("territory_id IS NULL"),
        ),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    name: Mapped[RoleName]
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"), index=True)
    since: Mapped[datetime] = mapped_column(default=clock.now)
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)

    person: Mapped[Person] = relationship(lazy="raise", back_populates="roles", foreign_keys=person_id)
    territory: Mapped[Territory | None] = relationship(lazy="raise", viewonly=True)


class TokenPurpose(StrEnum):
    CONFIRM = "confirm"
    RESET = "reset"
    CHANGE_EMAIL = "change_email"
    INVITE = "invite"
    FIRST_ADMINISTRATOR = "first_administrator"


class Token(Base):
    """A link sent by e-mail: single use, short-lived, bound to the person and to the address it was sent to.

    The row and the letter hold only a nonce; the link adds a signature made with the secret key when the letter is
    written out. A copy of the database opens no door.
    """

    __tablename__ = "tokens"
    __personal__ = personal(
        Personal(of="person_id", export=("purpose", "email", "expires_at", "used_at")),
        Personal(of="by_id", erase="blank", blanks={"by_id": None}),
    )

    purpose: Mapped[TokenPurpose]
    nonce: Mapped[str] = mapped_column(unique=True, default=lambda: secrets.token_urlsafe(24))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(default="", index=True)
    role: Mapped[RoleName | None]
    territory_id: Mapped[int | None] = mapped_column(ForeignKey("territories.id"), index=True)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)  # who invites
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    territory: Mapped[Territory | None] = relationship(lazy="raise", viewonly=True)
    by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=by_id)
