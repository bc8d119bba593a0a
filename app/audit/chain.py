"""What is hashed, and how: anyone can redo it from an exported register, with nothing of ours.

    h(n) = SHA-256("audit-v1" | chain | n | h(n-1) | canonical JSON)

in ASCII, with `|` between the parts; h(0) is 64 zeros. Canonical JSON has sorted keys, no spaces, and every sign beyond ASCII
written `\\uXXXX`. Personal data never enters it: only a commitment, SHA-256(salt | canonical JSON of the personal data), so that
the data can be erased while the chain still verifies.
"""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

VERSION = "audit-v1"
GENESIS = "0" * 64
REGION = "region"


def chain_of(territory_id: int | None) -> str:
    return REGION if territory_id is None else f"territory:{territory_id}"


def territory_of(chain: str) -> int | None:
    return None if chain == REGION else int(chain.removeprefix("territory:"))


def canonical(value: Any) -> str:
    """JSON that two programs write alike. Floats are refused: their text depends on who writes it."""
    return json.dumps(_checked(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _checked(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _checked(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_checked(each) for each in value]
    if isinstance(value, datetime):
        return moment(value)
    if not isinstance(value, str | int | bool | None):
        raise ValueError(f"{type(value).__name__} has no canonical text: write it as a text or a whole number")
    return value


def moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def link(chain: str, n: int, previous: str, facts: str) -> str:
    """The hash of entry `n`, `facts` being its canonical JSON."""
    return hashlib.sha256(f"{VERSION}|{chain}|{n}|{previous}|{facts}".encode("ascii")).hexdigest()


def facts(*, act: str, actor_id: int | None, at: datetime, commitment: str | None, detail: str, subject: str) -> str:
    """The canonical JSON of an entry, `detail` being canonical already: what was stored is hashed, byte for byte."""
    said = json.dumps({"act": act, "actor": actor_id, "at": moment(at), "commitment": commitment}, separators=(",", ":"))
    return f'{said[:-1]},"detail":{detail},"subject":{json.dumps(subject)}}}'


def commit(salt: str, payload: str) -> str:
    return hashlib.sha256(f"{salt}|{payload}".encode()).hexdigest()


def statement(chain: str, n: int, digest: str, at: datetime) -> bytes:
    """What a checkpoint signs: that at this moment the chain, at its entry `n`, was worth `digest`."""
    return f"{VERSION}|{chain}|{n}|{digest}|{moment(at)}".encode("ascii", "replace")


CHAIN = re.compile(r"region|territory:[1-9]\d{0,9}")
ACT = re.compile(r"[a-z][a-z_]*(\.[a-z_]+)+")
SUBJECT = re.compile(r"[a-z][a-z_]*:[0-9A-Za-z_.:-]{1,80}")
