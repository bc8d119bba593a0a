"""Addresses that open without logging in: a number that is hard to guess, and our signature of what it is for."""

import hmac

from app.accounts.tokens import signature
from app.core.errors import NotFound

FEED, STOP = "saved search feed", "saved search alerts"


def sign(purpose: str, name: str) -> str:
    return f"{name}.{signature(purpose, name)}"


def read(purpose: str, given: str) -> str:
    """What was signed for this purpose, or NotFound."""
    name, _, signed = given.rpartition(".")
    if not (given.isascii() and hmac.compare_digest(signature(purpose, name), signed)):
        raise NotFound
    return name
