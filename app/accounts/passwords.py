"""Pass-phrases: which are accepted, how they are kept. Argon2id, with the cost the configuration says (RFC 9106)."""

import re
import secrets
import threading
import unicodedata
from base64 import b64encode
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from flask import current_app

from app.core.errors import DomainError
from app.core.i18n import _

SHORTEST, LONGEST = 12, 256  # signs
COMMON = Path(__file__).parent / "data" / "common.txt"
_busy = threading.BoundedSemaphore(4)  # 64 MiB each: a burst of log-ins waits its turn instead of filling the memory


def hasher() -> PasswordHasher:
    config = current_app.config
    memory = config["PASSWORD_MEMORY_COST"]
    lanes = max(1, min(4, memory // 8))  # Argon2 wants 8 KiB for each
    return PasswordHasher(time_cost=config["PASSWORD_TIME_COST"], memory_cost=memory, parallelism=lanes)


def as_kept(password: str) -> bytes:
    """The same phrase typed on two keyboards is the same phrase."""
    return unicodedata.normalize("NFKC", password[:LONGEST]).encode("utf-8", "surrogatepass")


def hashed(password: str) -> str:
    with _busy:
        return hasher().hash(as_kept(password))


def matches(known: str | None, password: str) -> bool:
    """Is it the password? Without a hash to compare, takes the same time and says no."""
    with _busy:
        try:
            return hasher().verify(known or nobodys(), as_kept(password)) and known is not None and len(password) <= LONGEST
        except InvalidHashError:  # an account without a password
            _refuse(password)
            return False
        except Argon2Error:
            return False


def _refuse(password: str) -> None:
    try:
        hasher().verify(nobodys(), as_kept(password))
    except Argon2Error:
        return


def nobodys() -> str:
    """A well-formed hash that no password has, at today's cost."""
    cost = hasher()
    salt, digest = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (cost.salt_len, cost.hash_len))
    return f"$argon2id$v=19$m={cost.memory_cost},t={cost.time_cost},p={cost.parallelism}${salt}${digest}"


@cache
def common() -> frozenset[str]:
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def check_new(password: str, *, about: tuple[str, ...] = (), field: str = "password") -> None:
    """Refuse what is guessed first: short, known to everyone, made of one's own name, or of one thing repeated."""
    if len(password) < SHORTEST:
        raise DomainError(_("Il faut %(n)s signes au moins. Une courte phrase convient très bien.", n=SHORTEST), field=field)
    if len(password) > LONGEST:
        raise DomainError(_("%(n)s signes au plus.", n=LONGEST), field=field)
    folded = fold(password)
    bare = re.sub(r"[0-9]+\Z", "", folded)
    repeated = re.fullmatch(r"(.{1,6}?)\1+.{0,5}", folded)
    if folded in common() or bare in common() or not bare or repeated or len(set(folded)) < 5:
        raise DomainError(_("Ce mot de passe est trop facile à deviner. Essayez une phrase de quatre ou cinq mots."), field=field)
    for words in about:
        name = fold(words)
        if len(name) > 3 and name in folded and len(folded) - len(name) < 6:
            raise DomainError(_("Ce mot de passe contient votre nom ou votre adresse. Choisissez autre chose."), field=field)


def fold(text: str) -> str:
    """Letters and digits only, without case nor accents: « Mot de Passe ! » is « motdepasse »."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    kept = re.sub(r"[^a-z0-9]", "", plain)
    return kept if len(kept) >= 4 else text  # not written in Latin letters: as it is
