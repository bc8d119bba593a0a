"""The draw of the week that ended, once; a leader that was away catches up with the last week only."""

from app.core.worker import every
from app.moderation.transparency import services


@every(minutes=6 * 60)
def draw_second_readings() -> None:
    services.draw_due()
