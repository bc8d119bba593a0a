"""Rate limits, by account and by network (IPv4 /24, IPv6 /56): shared through Redis when there is one, else per process.

Reading fails open, acting fails closed: without its store the limiter counts in memory. A store that hangs is soon given up:
every request would wait as long as its client does, five seconds twice.
"""

from ipaddress import ip_address, ip_network

from flask import Flask, request
from flask_limiter import Limiter

from app.core.permissions import me


def network() -> str:
    """The caller's network: an address is cheap to change inside of it."""
    try:
        address = ip_address(request.remote_addr or "0.0.0.0")  # noqa: S104 -- an address nobody calls from
    except ValueError:
        return "unknown"
    return str(ip_network((address, 24 if address.version == 4 else 56), strict=False))


def account() -> str:
    person = me()
    return network() if person is None or person.is_anonymous else f"person:{person.id}"


limiter = Limiter(key_func=account, strategy="moving-window")

# The figures, in one place. A person at work never meets them; a program does.
WRITING = "60 per minute; 600 per hour"
VOTING = "120 per minute; 2000 per hour"
LOGGING_IN = "30 per minute; 300 per hour"
SENDING_MAIL = "10 per hour"
SEARCHING = "120 per minute"
TYPING = "600 per minute"  # what a script asks while one types; a class at work is one network


PATIENCE = 0.3  # seconds for a store on our own network


def store_options(uri: str) -> dict[str, float]:
    return {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE} if uri.startswith("redis") else {}


def init_app(app: Flask) -> None:
    redis = app.config["REDIS_URL"]
    app.config["RATELIMIT_STORAGE_URI"] = redis or "memory://"
    app.config["RATELIMIT_STORAGE_OPTIONS"] = store_options(app.config["RATELIMIT_STORAGE_URI"])
    app.config["RATELIMIT_IN_MEMORY_FALLBACK_ENABLED"] = bool(redis)
    if app.testing:
        app.config["RATELIMIT_ENABLED"] = False
    limiter.init_app(app)
