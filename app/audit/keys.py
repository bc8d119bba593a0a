"""The keys of checkpoints. Ed25519: we alone sign, and anyone verifies with the public key published beside the signatures.

The private key is made once, in `instance/audit-key` (0600), or given as AUDIT_KEY. Public keys it replaced are named in
AUDIT_KEY_FALLBACKS. Before Ed25519 came, checkpoints bore an HMAC of SECRET_KEY: only we can verify those.
"""

import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FILE = "audit-key"
ED25519 = "ed25519"


@dataclass(frozen=True)
class Keys:
    """What signs today, and all that a signature may be from."""

    private: bytes  # 32 bytes, the seed of RFC 8032
    retired: frozenset[str] = frozenset()  # public keys of former times, in hexadecimal
    secrets: tuple[str, ...] = ()  # of the HMAC of former times

    @property
    def public(self) -> str:
        """Today's public key: 64 hexadecimal signs."""
        return Ed25519PrivateKey.from_private_bytes(self.private).public_key().public_bytes_raw().hex()

    @property
    def published(self) -> list[str]:
        """Every public key of ours, today's first."""
        return [self.public, *sorted(self.retired)]

    def sign(self, message: bytes) -> str:
        """`ed25519:<public key>:<signature>`, in hexadecimal."""
        return f"{ED25519}:{self.public}:{Ed25519PrivateKey.from_private_bytes(self.private).sign(message).hex()}"

    def signed(self, signature: str, message: bytes) -> bool:
        """Is it a signature of ours? Whatever is not one is not, however it is written."""
        kind, _, rest = signature.partition(":")
        if kind != ED25519:
            return any(hmac.compare_digest(by_secret(each, message).encode(), signature.encode()) for each in self.secrets)
        public, _, value = rest.partition(":")
        if public != self.public and public not in self.retired:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(value), message)
        except (InvalidSignature, ValueError):
            return False
        return True


def by_secret(secret: str, message: bytes) -> str:
    """The HMAC-SHA-256 that checkpoints bore before, with a key that served for nothing else."""
    return hmac.new(hmac.digest(secret.encode(), b"beffroi audit checkpoint v1", "sha256"), message, "sha256").hexdigest()


def of(config: Any) -> Keys:
    """The keys that a configuration names."""
    given = [config["SECRET_KEY"], *(config.get("SECRET_KEY_FALLBACKS") or [])]
    private = config.get("AUDIT_KEY") or (Path(config["INSTANCE_DIR"]) / FILE).read_text().strip()
    return Keys(seed(private), frozenset(config.get("AUDIT_KEY_FALLBACKS") or ()), tuple(given))


def seed(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise ValueError("the key of the register is 64 hexadecimal signs: see AUDIT_KEY and instance/audit-key")
    return found


def fresh() -> str:
    """A new private key, as it is kept."""
    return secrets.token_hex(32)
