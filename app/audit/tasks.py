"""Once a day the chains are signed, and personal data past its time is erased."""

from flask import current_app

from app.audit import services
from app.audit.keys import Keys, of
from app.core.worker import every


def keys() -> Keys:
    """The keys of this installation."""
    return of(current_app.config)


@every(minutes=24 * 60)
def keep_register() -> None:
    services.checkpoint(keys())
    services.forget_expired()
