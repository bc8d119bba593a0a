"""Dates typed in forms: hours of Paris, kept in UTC; the hour that exists twice, or never, is asked again."""

from datetime import UTC, datetime

from app.core.clock import PARIS
from app.core.errors import DomainError
from app.core.i18n import _

FIRST_YEAR, LAST_YEAR = 1900, 2200


def from_paris(typed: datetime | None, field: str | None = None) -> datetime | None:
    """The moment meant by an hour typed without a zone. On the two nights the clocks change, some hours are refused."""
    if typed is None:
        return None
    if not FIRST_YEAR <= typed.year <= LAST_YEAR:  # the calendar's own ends are errors in other zones, and nobody means them
        raise DomainError(_("Vérifiez l’année : elle s’écrit en quatre chiffres, par exemple 2027."), field=field)
    early, late = typed.replace(tzinfo=PARIS, fold=0), typed.replace(tzinfo=PARIS, fold=1)
    if early.utcoffset() != late.utcoffset():
        raise DomainError(_("Cette nuit-là, l’heure change : choisissez une heure avant 2 h ou après 3 h."), field=field)
    return early.astimezone(UTC)


def to_paris(moment: datetime | None) -> datetime | None:
    """What a date field shows: the hour on the wall in Paris, without its zone."""
    return moment and moment.astimezone(PARIS).replace(tzinfo=None)
