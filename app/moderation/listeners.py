"""Where moderation meets the spine: the gate that regimes hold, and the cases that follow from what people do."""

from app.contents import events
from app.contents.gate import gatekeeper
from app.contents.models import State, Voice
from app.moderation import queries, services
from app.moderation.models import Cause, Regime

_listening = False


def read_first(content, author):
    """PENDING where the territory's regime wants to read before it shows; the territory's own voice passes."""
    if content.voice != Voice.CITIZEN or author is None:
        return None
    regime = queries.settings_of(content.territory_id).regime
    if regime == Regime.BEFORE:
        return State.PENDING
    if regime == Regime.FIRST and not queries.has_been_published(author.id, content.territory_id):
        return State.PENDING
    return None


def open_when_pending(content, author, **_):
    if content.state == State.PENDING:
        services.open_case(content, Cause.GATE)


def follow_states(content, before, after, **_):
    if after == State.WITHDRAWN:
        services.close_without_decision(content)


def reopen_when_edited(content, by, **_):
    """A decision is bound to the version it saw: what waits and is edited is another text."""
    if content.state == State.PENDING:
        case = services.open_case(content, Cause.GATE)
        case.version += 1


def listen() -> None:
    global _listening
    if _listening:
        return
    _listening = True
    gatekeeper(read_first)
    events.content_submitted.connect(open_when_pending, weak=False)
    events.content_changed_state.connect(follow_states, weak=False)
    events.content_edited.connect(reopen_when_edited, weak=False)
