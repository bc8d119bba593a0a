"""Writing the register: one link at a time, in the transaction of the act it tells of."""

import secrets
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import ScalarSelect, Select, Update, bindparam, delete, func, select, update

from app.audit.chain import ACT, CHAIN, GENESIS, SUBJECT, canonical, chain_of, commit, facts, link, statement, territory_of
from app.audit.keys import ED25519, Keys
from app.audit.models import AuditCheckpoint, AuditEntry, AuditHead, AuditSecret
from app.core import clock
from app.core.db import add_row, db, insert_or_ignore

SECRETS_KEPT = timedelta(days=5 * 365)  # the civil limitation period: until then an act may be contested in court


def record(
    act: str,
    *,
    subject: str,
    actor_id: int | None = None,
    territory_id: int | None = None,
    detail: dict[str, Any] | None = None,
    personal: dict[str, Any] | None = None,
    person_id: int | None = None,
) -> None:
    """Add an act of power to its territory's chain (the region's without one), in the caller's transaction.

    `act` like "role.given", `subject` like "person:12", `detail`: facts anyone may read (texts, whole numbers, lists).
    Names, addresses, words of a private person go in `personal`, with the `person_id` they are about: they can be erased.
    Whatever prevents writing is raised: the act must not happen without its record.
    """
    chain = chain_of(territory_id)
    if not (CHAIN.fullmatch(chain) and ACT.fullmatch(act) and SUBJECT.fullmatch(subject)):
        raise ValueError(f"an act is told as “role.given”, of “person:12”, not {act!r}, {subject!r} in {chain!r}")
    said = canonical(detail or {})
    salt = secrets.token_hex(16) if personal else ""
    payload = canonical(personal) if personal else ""
    commitment = commit(salt, payload) if personal else None

    last_n, last_hash = locked_head(chain)
    at, n = clock.now(), last_n + 1
    whole = facts(act=act, actor_id=actor_id, at=at, commitment=commitment, detail=said, subject=subject)
    digest = link(chain, n, last_hash, whole)
    entry = {"chain": chain, "n": n, "act": act, "actor_id": actor_id, "subject": subject, "detail": said, "commitment": commitment}
    entry_id = add_row(AuditEntry, entry | {"at": at, "previous_hash": last_hash, "hash": digest})
    db.execute(head_moved(), {"of": chain, "n": n, "hash": digest})
    if personal:
        secret = {"entry_id": entry_id, "person_id": person_id, "salt": salt, "payload": payload, "purge_at": at + SECRETS_KEPT}
        add_row(AuditSecret, secret)


def locked_head(chain: str) -> tuple[int, str]:
    """The last link of the chain, ours until the end of the transaction. On SQLite a writer is alone already."""
    head = db.execute(head_held(), {"of": chain}).one_or_none()
    if head is None:
        insert_or_ignore(AuditHead, {"chain": chain, "n": 0, "hash": GENESIS})
        head = db.execute(head_held(), {"of": chain}).one()
    return head.n, head.hash


@cache
def head_held() -> Select[int, str]:
    """Made once, as the next: making a statement costs more than running it."""
    return select(AuditHead.n, AuditHead.hash).where(AuditHead.chain == bindparam("of")).with_for_update()


@cache
def head_moved() -> Update:
    table = AuditHead.metadata.tables[AuditHead.__tablename__]
    moved: dict[str, Any] = {"n": bindparam("n"), "hash": bindparam("hash")}
    return update(table).where(table.c.chain == bindparam("of")).values(moved)


def checkpoint(keys: Keys) -> list[AuditCheckpoint]:
    """Sign the last link of every chain that grew since its last checkpoint; returns the new ones.

    A chain whose last checkpoint bears another key first says that the key changed: it grows, so it is signed anew.
    """
    last = {each.chain: each for each in db.scalars(select(AuditCheckpoint).where(AuditCheckpoint.id.in_(last_ids())))}
    made = []
    for chain in db.scalars(select(AuditHead.chain).order_by(AuditHead.chain)).all():
        before = last.get(chain)
        if before and not before.signature.startswith(f"{ED25519}:{keys.public}:"):
            record("audit.key_changed", subject="site:1", territory_id=territory_of(chain), detail={"public_key": keys.public})
        n, digest = db.execute(select(AuditHead.n, AuditHead.hash).where(AuditHead.chain == chain)).one()
        if n > (before.n if before else 0):
            at = clock.now()
            made.append(AuditCheckpoint(chain=chain, n=n, hash=digest, at=at, signature=keys.sign(statement(chain, n, digest, at))))
    db.add_all(made)
    db.flush()
    return made


def last_ids() -> ScalarSelect[int]:
    """Of each chain's latest checkpoint: they are added in order, and never changed."""
    return select(func.max(AuditCheckpoint.id)).group_by(AuditCheckpoint.chain).scalar_subquery()


def forget_expired() -> None:
    """Erase the personal data that no longer has a reason to be kept; the chain still verifies."""
    db.execute(delete(AuditSecret).where(AuditSecret.purge_at < clock.now()).execution_options(synchronize_session=False))
