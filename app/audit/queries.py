"""Reading the register: its entries, its published checkpoints, and whether it was tampered with."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Result, Select, func, select, union

from app.audit.chain import GENESIS, chain_of, commit, facts, link, statement
from app.audit.keys import Keys
from app.audit.models import AuditCheckpoint, AuditEntry, AuditHead, AuditSecret
from app.core.db import db, stream
from app.core.i18n import _, ngettext

HASHED = ("n", "act", "actor_id", "subject", "detail", "commitment", "at", "previous_hash", "hash")


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint from anywhere: our table, or the file somebody kept."""

    chain: str
    n: int
    hash: str
    at: datetime
    signature: str

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> "Checkpoint":
        return cls(str(given["chain"]), int(given["n"]), str(given["hash"]), datetime.fromisoformat(given["at"]), str(given["signature"]))


@dataclass(frozen=True)
class Verdict:
    chain: str
    is_whole: bool
    sentence: str  # what was found, and where
    entries: int  # how many were read
    broken_at: int | None = None  # the first link that does not hold
    attested: int = 0  # up to which link a checkpoint holds it

    def __bool__(self) -> bool:
        return self.is_whole


def entries_of(territory_id: int | None) -> Select:
    """The acts of a territory, or of the region, the latest first."""
    return select(AuditEntry).where(AuditEntry.chain == chain_of(territory_id)).order_by(AuditEntry.n.desc())


def entries_about(subject: str) -> Select:
    """What was done to one thing, the latest first."""
    return select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.id.desc())


def checkpoints(chain: str | None = None) -> list[Checkpoint]:
    """Every checkpoint made here, by chain and in order."""
    columns = (AuditCheckpoint.chain, AuditCheckpoint.n, AuditCheckpoint.hash, AuditCheckpoint.at, AuditCheckpoint.signature)
    query = select(*columns).order_by(AuditCheckpoint.chain, AuditCheckpoint.n)
    return [Checkpoint(*row) for row in db.execute(query.where(AuditCheckpoint.chain == chain) if chain else query)]


def chains(others: Iterable[Checkpoint] = ()) -> list[str]:
    """Every chain that anything speaks of: one that was emptied is still named by its head or by a checkpoint."""
    known = union(*(select(model.chain) for model in (AuditEntry, AuditHead, AuditCheckpoint)))
    return sorted({*db.scalars(known), *(each.chain for each in others)})


def is_ours(checkpoint: Checkpoint, keys: Keys) -> bool:
    return keys.signed(checkpoint.signature, statement(checkpoint.chain, checkpoint.n, checkpoint.hash, checkpoint.at))


def verify(chain: str, *, keys: Keys, others: Iterable[Checkpoint] = ()) -> Verdict:
    """Read the whole chain and say whether it holds: links, personal data still kept, head, checkpoints (ours and `others`).

    `keys`: what a signature may be from. Reads in a stream, 10^6 entries in bounded memory.
    """
    given = {*checkpoints(chain), *(each for each in others if each.chain == chain)}
    forged = min((each for each in given if not is_ours(each, keys)), key=lambda each: each.n, default=None)
    if forged:
        sentence = _("%(chain)s : le point de contrôle n° %(n)s ne porte pas notre signature.", chain=chain, n=forged.n)
        return Verdict(chain, False, sentence, 0, forged.n)
    expected: dict[int, set[str]] = {}
    for each in given:
        expected.setdefault(each.n, set()).add(each.hash)

    n, previous = 0, GENESIS
    with _whole(chain) as rows:
        for row in rows:
            n += 1
            trouble = _trouble(row, n, chain, previous) or _unlike(expected.get(n), row.hash, n, chain)
            if trouble:
                return Verdict(chain, False, trouble, n, n)
            previous = row.hash

    missing = min((each for each in expected if each > n), default=None)
    if missing:
        sentence = _("%(chain)s : il manque la fin, l’acte n° %(n)s attesté par un point de contrôle n’y est plus.", chain=chain, n=missing)
        return Verdict(chain, False, sentence, n, n + 1)
    head = db.execute(select(AuditHead.n, AuditHead.hash).where(AuditHead.chain == chain)).one_or_none()
    if (head.n, head.hash) != (n, previous) if head else n:
        sentence = _("%(chain)s : la chaîne s’arrête à l’acte n° %(n)s, sa tête en annonce un autre.", chain=chain, n=n)
        return Verdict(chain, False, sentence, n, n + 1)
    sentence = ngettext("%(chain)s : %(num)s acte, chaîne entière.", "%(chain)s : %(num)s actes, chaîne entière.", n, chain=chain)
    return Verdict(chain, True, sentence, n, attested=max(expected, default=0))


def summary(verdicts: Sequence[Verdict]) -> str:
    """What was found, in one sentence."""
    if not verdicts:
        return _("Le registre est vide.")
    broken = [each.sentence.rstrip(".") for each in verdicts if not each]
    if broken:
        return _("Le registre a été modifié : %(what)s.", what="\u202f; ".join(broken))
    acts = sum(each.entries for each in verdicts)
    whole = ngettext("Le registre est entier : %(num)s acte", "Le registre est entier : %(num)s actes", acts)
    after = acts - sum(each.attested for each in verdicts)
    if not after:
        return _("%(whole)s, tous attestés par un point de contrôle signé.", whole=whole)
    if after == acts:
        return _("%(whole)s, mais aucun point de contrôle ne l’atteste encore.", whole=whole)
    return ngettext(
        "%(whole)s, dont %(num)s depuis le dernier point de contrôle.",
        "%(whole)s, dont %(num)s depuis les derniers points de contrôle.",
        after,
        whole=whole,
    )


def entries_from(chain: str) -> Iterator[dict[str, Any]]:
    """The chain as it is hashed, for who verifies it with nothing of ours: each link, its facts, never personal data."""
    with _whole(chain) as rows:
        for row in rows:
            told = facts(act=row.act, actor_id=row.actor_id, at=row.at, commitment=row.commitment, detail=row.detail, subject=row.subject)
            yield {"chain": chain, "n": row.n, "facts": told, "hash": row.hash}


def verify_all(*, keys: Keys, others: Sequence[Checkpoint] = ()) -> Iterator[Verdict]:
    stray = db.scalar(select(func.min(AuditSecret.id)).where(~select(AuditEntry.id).where(AuditEntry.id == AuditSecret.entry_id).exists()))
    if stray:
        yield Verdict("", False, _("Des données personnelles (n° %(id)s) ne se rattachent à aucun acte.", id=stray), 0)
    for chain in chains(others):
        yield verify(chain, keys=keys, others=others)


def _whole(chain: str) -> Result[Any]:
    query = select(*(getattr(AuditEntry, name) for name in HASHED), AuditSecret.salt, AuditSecret.payload)
    query = query.outerjoin(AuditSecret, AuditSecret.entry_id == AuditEntry.id)
    return stream(query.where(AuditEntry.chain == chain).order_by(AuditEntry.n), 2000)


def _trouble(row: Any, n: int, chain: str, previous: str) -> str | None:
    if row.n != n:
        return _("%(chain)s : l’acte n° %(n)s manque.", chain=chain, n=n)
    whole = facts(act=row.act, actor_id=row.actor_id, at=row.at, commitment=row.commitment, detail=row.detail, subject=row.subject)
    if row.previous_hash != previous or row.hash != _safe_link(chain, n, previous, whole):
        return _("%(chain)s : l’acte n° %(n)s a été modifié, déplacé ou ajouté.", chain=chain, n=n)
    if row.salt is not None and row.commitment != commit(row.salt, row.payload):
        return _("%(chain)s : les données personnelles de l’acte n° %(n)s ont été modifiées.", chain=chain, n=n)
    return None


def _safe_link(chain: str, n: int, previous: str, whole: str) -> str:
    """What we wrote is ASCII; anything else was written by somebody else, and hashes to nothing."""
    return link(chain, n, previous, whole) if whole.isascii() and chain.isascii() else ""


def _unlike(expected: set[str] | None, digest: str, n: int, chain: str) -> str | None:
    if expected is None or expected == {digest}:
        return None
    return _("%(chain)s : l’acte n° %(n)s n’est pas celui qu’atteste un point de contrôle ; la chaîne a été refaite.", chain=chain, n=n)
