"""The chain, its heads, its checkpoints, and apart from them what can be erased. The database itself refuses to change an entry."""

from datetime import datetime

from sqlalchemy import DDL, CheckConstraint, ForeignKey, Text, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from app.audit.triggers import SEALED, TRIGGERS
from app.core import clock
from app.core.db import Base
from app.core.privacy import NOTHING_PERSONAL, Personal, personal


class AuditEntry(Base):
    __tablename__ = "audit_entries"
    __table_args__ = (UniqueConstraint("chain", "n"), CheckConstraint("n > 0", "counted_from_one"))
    __personal__ = personal(
        Personal(
            of="actor_id",
            export=("act", "subject", "at"),
            erase="keep",
            kept="Le registre dit qui a exercé un pouvoir ; il ne garde qu’un numéro, sans nom ni adresse, et ne peut pas être modifié.",
        )
    )

    chain: Mapped[str]  # "region" or "territory:12"
    n: Mapped[int]  # 1, 2, 3… in its chain, without a hole
    act: Mapped[str] = mapped_column(index=True)
    actor_id: Mapped[int | None] = mapped_column(index=True)  # no foreign key: accounts are built on the register
    subject: Mapped[str] = mapped_column(index=True)  # "content:56"
    detail: Mapped[str] = mapped_column(Text)  # public facts, as the canonical JSON that was hashed
    commitment: Mapped[str | None]  # to the personal data of `audit_secrets`, which may have been erased since
    at: Mapped[datetime]
    previous_hash: Mapped[str]
    hash: Mapped[str]


class AuditSecret(Base):
    """Personal data that an act needed. Erasing the row leaves a commitment that no longer says anything."""

    __tablename__ = "audit_secrets"
    __personal__ = personal(Personal(of="person_id", export=("payload",)))

    entry_id: Mapped[int] = mapped_column(ForeignKey("audit_entries.id"), unique=True)
    person_id: Mapped[int | None] = mapped_column(index=True)  # whom it is about
    salt: Mapped[str]
    payload: Mapped[str] = mapped_column(Text)  # canonical JSON
    purge_at: Mapped[datetime] = mapped_column(index=True)


class AuditHead(Base):
    """The last link of each chain: what the next one is written after, and the lock that gives each writer its turn."""

    __tablename__ = "audit_heads"
    __personal__ = NOTHING_PERSONAL

    chain: Mapped[str] = mapped_column(unique=True)
    n: Mapped[int]
    hash: Mapped[str]


class AuditCheckpoint(Base):
    """A signed statement that the chain, at link `n`, was worth `hash`. Published: others keep it where we cannot change it."""

    __tablename__ = "audit_checkpoints"
    __table_args__ = (UniqueConstraint("chain", "n"),)
    __personal__ = NOTHING_PERSONAL

    chain: Mapped[str]
    n: Mapped[int]
    hash: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    signature: Mapped[str]


for _table in SEALED:
    for _dialect, _statements in TRIGGERS[_table].items():
        for _statement in _statements:
            event.listen(Base.metadata.tables[_table], "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect))
