"""How to contest: the six months, the signed links that letters carry, and who else can be asked.

A link names what it contests and is signed with the secret key when the letter is written out, so that a copy of the
database, or the public export of statements, opens nothing. It needs no account: whoever was closed or suspended has it too.
"""

import calendar
import hmac
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.accounts import tokens
from app.core.clock import PARIS
from app.core.errors import NotFound
from app.core.formats import day as day_in_words
from app.core.i18n import _
from app.core.urls import path_for

MONTHS = 6  # Regulation (EU) 2022/2065, article 20: at least six months
PURPOSE = "appeal"


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def last_day(told_at: datetime) -> date:
    """The last day, in Paris, on which a decision told at this moment can be contested in time."""
    return months_later(told_at.astimezone(PARIS).date(), MONTHS)


def is_late(told_at: datetime, now: datetime) -> bool:
    """Past the last minute of the last day?"""
    return now >= in_months(told_at, MONTHS)


def in_months(moment: datetime, months: int) -> datetime:
    """The midnight, in Paris, that ends the same day so many months later."""
    day = months_later(moment.astimezone(PARIS).date(), months)
    return datetime.combine(day + timedelta(days=1), time(), PARIS).astimezone(UTC)


# --- Signed links --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """What a link contests: a decision or a sanction, by whom it restricts; or, with a report, a decision by whoever reported."""

    decision_id: int | None = None
    sanction_id: int | None = None
    report_id: int | None = None

    def __str__(self) -> str:
        if self.sanction_id:
            return f"s{self.sanction_id}"
        return f"r{self.report_id}-{self.decision_id}" if self.report_id else f"d{self.decision_id}"


def token_of(key: Key) -> str:
    return f"{key}.{tokens.signature(PURPOSE, str(key))}"


def appeal_path(decision_id: int | None = None, sanction_id: int | None = None, report_id: int | None = None) -> str:
    """The address to contest, without the host. Letters call it: `{{ base_url }}{{ appeal_path(decision_id=decision_id) }}`."""
    return path_for("appeals.by_link", token=token_of(Key(decision_id, sanction_id, report_id)))


def read_link(token: str) -> Key:
    """What the link contests, or NotFound: forged and never made look the same. It is not used up: it shows the answer too."""
    key, _dot, signed = token.rpartition(".")
    if not (token.isascii() and hmac.compare_digest(tokens.signature(PURPOSE, key), signed)):
        raise NotFound
    first, _dash, second = key[1:].partition("-")
    if key[0] == "r":
        return Key(decision_id=int(second), report_id=int(first))
    return Key(sanction_id=int(first)) if key[0] == "s" else Key(decision_id=int(first))


# --- Words ---------------------------------------------------------------------------------------------------------------


def how_to_contest(told_at: datetime) -> str:
    """What every statement of reasons says of redress, with its last day."""
    return _(
        "Vous pouvez faire un recours jusqu’au %(day)s, gratuitement, par le lien de la lettre ou depuis votre compte. "
        "Une autre personne que celle qui a décidé le lira et vous répondra par écrit. "
        "Vous pouvez aussi saisir le tribunal administratif, en général dans les deux mois. "
        "Le Défenseur des droits peut vous aider gratuitement.",
        day=day_in_words(last_day(told_at)),
    )


def outside() -> list[tuple[str, str]]:
    """Who else can be asked once we said no: (what they can do, address). Sources: code de justice administrative R421-1, code
    des relations entre le public et l’administration L411-2, loi organique 2011-333, RGPD article 77."""
    return [
        (
            _(
                "Le Défenseur des droits aide gratuitement dans un désaccord avec un service public. "
                "Lui écrire n’allonge pas le délai du tribunal."
            ),
            "https://www.defenseurdesdroits.fr",
        ),
        (
            _(
                "Le tribunal administratif peut annuler la décision d’une collectivité. "
                "Le délai est en général de deux mois après la décision. "
                "Si votre recours est arrivé pendant ces deux mois, "
                "un nouveau délai de deux mois commence quand vous recevez notre réponse."
            ),
            "https://citoyens.telerecours.fr",
        ),
        (
            _(
                "La CNIL reçoit les plaintes sur l’usage de vos données personnelles. "
                "Écrivez d’abord au territoire, qui a un mois pour vous répondre."
            ),
            "https://www.cnil.fr/fr/plaintes",
        ),
    ]
