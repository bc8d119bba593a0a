"""Where moderation meets the spine: the gate that regimes hold, and the cases that follow from what people do."""

from app.contents import events
from app.contents.gate import gatekeeper
from app.contents.mine import outcomes
from app.contents.models import Origin, State, Voice
from app.core.i18n import _
from app.moderation import addresses, queries, regimes, services
from app.moderation.models import Cause, Route, Verdict

_listening = False


class Unwarranted(Exception):
    """Something tried to restrict a text without a decision: a mistake of the program, never of a person."""


def read_first(content, author):
    """Refuse who is suspended here; PENDING where the regime, or a sanction, wants to read before it shows."""
    return State.PENDING if regimes.read_first_or_refuse(content, author) else None


def open_when_pending(content, author, **_more):
    if content.state == State.PENDING:
        services.open_case(content, Cause.GATE)


def refuse_unwarranted(content, before, after, **_more):
    """A text is hidden, refused or removed by a decision that is written down in this very transaction, or not at all (O02)."""
    if after in services.RESTRICTED and services.warranted.get() != (content.id, after):
        raise Unwarranted(f"{content.kind} {content.id} cannot become {after.value} without a decision")


def follow_states(content, before, after, **_more):
    if after == State.WITHDRAWN:
        services.close_without_decision(content)


def read_again(content, by, was_restricted=False, **_more):
    """A decision is bound to the version it saw: another text is read again, at once if it was restricted or is read first here."""
    if content.voice != Voice.CITIZEN or content.origin == Origin.IMPORTED:
        return
    is_contribution = content.space_id is not None  # else a page of the team's own: who writes it answers for it
    is_read_first = is_contribution and regimes.read_first_or_refuse(content, by)
    if content.state == State.PENDING and is_contribution:
        services.open_case(content, Cause.GATE)
    elif content.state == State.PUBLISHED:
        if is_contribution and (was_restricted or queries.was_restricted(content.id)):
            hold(content, Cause.EDIT, _("Une partie de votre texte avait été retirée, ou il avait été masqué."))
        elif is_read_first:
            hold(content, Cause.GATE, _("Ici, chaque texte est lu avant d’être publié, ses nouvelles versions aussi."))
        elif queries.was_reported(content.id):
            services.open_case(content, Cause.EDIT)


def hold(content, cause, because):
    """Back to wait, automatically; its statement says so."""
    reasons = f"{because} {_('Votre nouvelle version attend qu’une personne de l’équipe la lise. Ce n’est pas une sanction.')}"
    services.restrict_automatically(content, route=Route.EDIT, verdict=Verdict.HOLD, cause=cause, article=None, reasons=reasons)


def listen() -> None:
    global _listening
    if _listening:
        return
    _listening = True
    gatekeeper(read_first)
    outcomes.register(addresses.where_decided)
    events.content_submitted.connect(open_when_pending, weak=False)
    events.content_changed_state.connect(refuse_unwarranted, weak=False)
    events.content_changed_state.connect(follow_states, weak=False)
    events.content_edited.connect(read_again, weak=False)
