"""Where sanctions meet accounts: the administrator's urgent suspension, and its end."""

from app.accounts import events
from app.moderation.sanctions import services


def listen() -> None:
    events.person_suspended.connect(services.start_at_once, weak=False)
    events.suspension_lifted.connect(services.end_with_the_account, weak=False)
