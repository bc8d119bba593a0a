"""How fast passwords may be tried on one account. Guessing is slowed; the owner is never locked out.

A browser that once logged in keeps a signed mark for that account (the "device cookie" of OWASP) and has a count of
its own. All other browsers together share one count per account. Whoever reads the mailbox can always choose a new
password, which logs in and leaves the mark. Unknown addresses are counted like known ones.
"""

from hashlib import sha256

from flask import Flask, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from limits import RateLimitItem, RateLimitItemPerHour
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from app.core.limits import store_options
from app.core.logs import log

STRANGERS, AT_HOME = RateLimitItemPerHour(10), RateLimitItemPerHour(20)  # failures
MARK, YEAR = "beffroi-appareil", 365 * 24 * 3600


def short(address: str) -> str:
    """The address as a key and in a cookie: nobody reads it there."""
    return sha256(f"{current_app.config['SECRET_KEY']}|{address.strip().casefold()}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="beffroi device")


def bucket(address: str) -> tuple[RateLimitItem, str]:
    who = short(address)
    try:
        marked = signer().loads(request.cookies.get(MARK, ""), max_age=YEAR)
    except BadSignature:
        marked = None
    if isinstance(marked, list) and len(marked) == 2 and marked[0] == who:
        return AT_HOME, f"log-in:{who}:{str(marked[1])[:32]}"
    return STRANGERS, f"log-in:{who}"


def check(address: str) -> None:
    """Refuse to try a password when this account had too many failures within the hour."""
    item, key = bucket(address)
    if not ask("test", item, key):
        log.warning("log-in slowed", account=short(address)[:8])
        raise TooManyRequests


def failed(address: str) -> None:
    ask("hit", *bucket(address))


def ask(verb: str, item: RateLimitItem, key: str) -> bool:
    """Without its shared store, each process counts for itself."""
    if not current_app.config["RATELIMIT_ENABLED"]:
        return True
    shared, alone = current_app.extensions["log_in_pace"]
    if shared is not None:
        try:
            return getattr(shared, verb)(item, key)
        except shared.storage.base_exceptions:
            log.warning("the shared store of limits does not answer")
    return getattr(alone, verb)(item, key)


def mark(response, address: str, nonce: str):
    """Let this browser be known for this account at its next log-in. The mark opens nothing."""
    config = current_app.config
    response.set_cookie(
        MARK,
        signer().dumps([short(address), nonce]),
        max_age=YEAR,
        path="/compte/connexion",
        secure=config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def init_app(app: Flask) -> None:
    uri = app.config["RATELIMIT_STORAGE_URI"]
    shared = None if uri.startswith("memory") else MovingWindowRateLimiter(storage_from_string(uri, **store_options(uri)))
    app.extensions["log_in_pace"] = (shared, MovingWindowRateLimiter(MemoryStorage()))
