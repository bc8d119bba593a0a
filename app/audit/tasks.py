"""Once a day the chains are signed, and personal data past its time is erased."""

from flask import current_app

from app.audit import services
from app.core.worker import every


def keys() -> list[str]:
    """The keys a checkpoint may be signed with: today's first, then those it replaced (SECRET_KEY_FALLBACKS)."""
    return [current_app.config["SECRET_KEY"], *(current_app.config.get("SECRET_KEY_FALLBACKS") or [])]


@every(minutes=24 * 60)
def keep_register() -> None:
    services.checkpoint(keys()[0])
    services.forget_expired()
