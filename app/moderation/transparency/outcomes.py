"""What a decision did, in the words of the register: the verdict alone does not say whether a text was refused or removed."""

from enum import StrEnum

from sqlalchemy import ColumnElement, and_

from app.contents.models import State
from app.core.i18n import _l
from app.moderation.models import Decision, Verdict


class Outcome(StrEnum):
    PUBLISHED = "publie"
    KEPT = "garde"
    RESTORED = "retabli"
    REDACTED = "coupe"
    MOVED = "deplace"
    HIDDEN = "masque"
    HELD = "en_attente"
    REFUSED = "refuse"
    REMOVED = "retire"
    ERASED = "efface"


LABELS = {
    Outcome.PUBLISHED: _l("Publié"),
    Outcome.KEPT: _l("Laissé en ligne"),
    Outcome.RESTORED: _l("Rétabli"),
    Outcome.REDACTED: _l("Publié avec coupes"),
    Outcome.MOVED: _l("Déplacé vers une autre activité"),
    Outcome.HIDDEN: _l("Masqué à titre conservatoire"),
    Outcome.HELD: _l("Remis en attente"),
    Outcome.REFUSED: _l("Refusé"),
    Outcome.REMOVED: _l("Retiré"),
    Outcome.ERASED: _l("Effacé"),
}
RESTRICTED = {Outcome.REDACTED, Outcome.HIDDEN, Outcome.HELD, Outcome.REFUSED, Outcome.REMOVED, Outcome.ERASED}
_BEFORE = {
    Outcome.PUBLISHED: (Verdict.KEEP, {State.PENDING}),
    Outcome.KEPT: (Verdict.KEEP, {State.PUBLISHED, State.ARCHIVED}),
    Outcome.RESTORED: (Verdict.KEEP, {State.HIDDEN, State.REMOVED, State.REFUSED, State.WITHDRAWN, State.DRAFT}),
    Outcome.REFUSED: (Verdict.REFUSE, {State.PENDING, State.REFUSED, State.DRAFT}),
    Outcome.REMOVED: (Verdict.REFUSE, set(State) - {State.PENDING, State.REFUSED, State.DRAFT}),
}
_ALONE = {
    Verdict.REDACT: Outcome.REDACTED,
    Verdict.MOVE: Outcome.MOVED,
    Verdict.HIDE: Outcome.HIDDEN,
    Verdict.HOLD: Outcome.HELD,
    Verdict.ERASE: Outcome.ERASED,
}


def outcome_of(verdict: Verdict, before: State) -> Outcome:
    return _ALONE.get(verdict) or next(each for each, (said, states) in _BEFORE.items() if said == verdict and before in states)


def is_outcome(outcome: Outcome) -> ColumnElement[bool]:
    """The same, asked of the database."""
    if outcome in _BEFORE:
        verdict, states = _BEFORE[outcome]
        return and_(Decision.verdict == verdict, Decision.before.in_(sorted(states)))
    return Decision.verdict == next(verdict for verdict, each in _ALONE.items() if each == outcome)
