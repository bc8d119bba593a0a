"""Dates, durations, figures and spaces as a French reader expects them; pure functions, and the Jinja filters of the same names.

Times come in aware, in UTC, and are shown in Europe/Paris. Words are msgids; the order of a date is French.
Spaces: U+202F inside numbers and before ; ! ? % and units, U+00A0 before a colon and between what must not part in a date or an hour.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask
from markupsafe import Markup

from app.core import clock
from app.core.i18n import _, ngettext

LOCALE = "fr"
NARROW = "\u202f"
FIXED = "\u00a0"

FILTERS = [
    "day",
    "moment",
    "hour",
    "iso",
    "ago",
    "since",
    "left",
    "until",
    "days_left",
    "days_until",
    "opens_on",
    "number",
    "percent",
    "shares",
    "parts",
    "size",
    "typo",
]


def init_app(app: Flask) -> None:
    app.add_template_global(lambda: clock.now(), "now")
    for name in FILTERS:
        app.jinja_env.filters[name] = globals()[name]


def _paris(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"a time without its zone: {value}")
    return value.astimezone(clock.PARIS)


def _date(value: date | datetime) -> date:
    return _paris(value).date() if isinstance(value, datetime) else value


# --- Dates -------------------------------------------------------------------------------------------


def day(value: date | datetime | None, style: Literal["long", "short", "full"] = "long") -> str:
    """« 4 novembre 2026 », short « 4 novembre », full « mercredi 4 novembre 2026 »; the first is « 1er »; a day stays with its month."""
    return "" if value is None else _day(_date(value), style)


@lru_cache(4096)
def _day(value: date, style: str) -> str:
    pattern = {"long": "d MMMM y", "short": "d MMMM", "full": "EEEE d MMMM y"}[style]
    text: str = format_date(value, pattern, locale=LOCALE)
    return re.sub(r"\b(\d\d?) (?=\D)", lambda found: ("1er" if found[1] == "1" else found[1]) + FIXED, text)


def span(first: date | datetime, last: date | datetime) -> str:
    """« du 2 novembre au 1er décembre 2026 », « du 2 au 9 novembre 2026 », « le 2 novembre 2026 »: what both ends share is said once."""
    begins, ends = _date(first), _date(last)
    if begins == ends:
        return _("le %(day)s", day=day(ends))
    if begins.year != ends.year:
        opening = day(begins)
    elif begins.month != ends.month:
        opening = day(begins, "short")
    else:
        opening = day(begins, "short").partition(FIXED)[0]
    return _("du %(first)s au %(last)s", first=opening, last=day(ends))


def hour(value: datetime) -> str:
    """« 23 h 59 », « 9 h »."""
    local = _paris(value)
    return f"{local.hour}{FIXED}h" + (f"{FIXED}{local.minute:02}" if local.minute else "")


def moment(value: datetime | None) -> str:
    """« mardi 1er décembre 2026 à 23 h 59 »."""
    return "" if value is None else _("%(day)s à %(clock)s", day=day(value, "full"), clock=hour(value))


def iso(value: date | datetime | None) -> str:
    """For the `datetime` attribute of <time>."""
    if value is None:
        return ""
    return _paris(value).isoformat(timespec="seconds") if isinstance(value, datetime) else value.isoformat()


def ago(value: datetime | None, at: datetime | None = None) -> str:
    """« à l’instant », « il y a 12 min », « il y a 21 h », « hier », « il y a 3 jours », then the date itself after a month."""
    if value is None:
        return ""
    at = at or clock.now()
    seconds = max(0, (at - value).total_seconds())
    if seconds < 60:
        return _("à l’instant")
    if seconds < 3600:
        return _("il y a %(n)s\u00a0min", n=int(seconds // 60))
    if seconds < 24 * 3600:
        return _("il y a %(n)s\u00a0h", n=int(seconds // 3600))
    days = (_date(at) - _date(value)).days
    if days < 2:
        return _("hier")
    return _("il y a %(n)s\u00a0jours", n=days) if days <= 30 else _("le %(day)s", day=day(value))


def since(value: datetime, at: datetime | None = None) -> str:
    """How long it has lasted: « moins d’une minute », « 12 minutes », « 21 heures », « 3 jours »."""
    minutes = int(max(0, ((at or clock.now()) - value).total_seconds()) // 60)
    if minutes < 1:
        return _("moins d’une minute")
    if minutes < 60:
        return ngettext("%(num)d minute", "%(num)d minutes", minutes)
    if minutes < 48 * 60:
        return ngettext("%(num)d heure", "%(num)d heures", minutes // 60)
    return ngettext("%(num)d jour", "%(num)d jours", minutes // (24 * 60))


def _last_day(closes_at: date | datetime) -> date:
    """The last day on which one may take part: bounds are half-open, so midnight belongs to the day before."""
    if isinstance(closes_at, datetime):
        return (_paris(closes_at) - timedelta(seconds=1)).date()
    return closes_at


def _is_past(closes_at: date | datetime, at: datetime) -> bool:
    return closes_at <= at if isinstance(closes_at, datetime) else closes_at < _date(at)


def days_left(closes_at: date | datetime | None, at: datetime | None = None) -> int | None:
    """Whole days until the last day: 0 on the last day, 1 on its eve, None when it is past or has no end."""
    at = at or clock.now()
    if closes_at is None or _is_past(closes_at, at):
        return None
    return max(0, (_last_day(closes_at) - _date(at)).days)


def days_until(opens_at: date | datetime, at: datetime | None = None) -> int:
    """Whole days on the calendar until something begins; 0 today and after."""
    return max(0, (_date(opens_at) - _date(at or clock.now())).days)


def left(closes_at: date | datetime | None, at: datetime | None = None) -> str:
    """« encore 9 jours », « jusqu’à demain, 23 h 59 », « jusqu’à ce soir, minuit », « encore 25 min », « terminé »."""
    if closes_at is None:
        return _("sans date de fin")
    at = at or clock.now()
    days = days_left(closes_at, at)
    if days is None:
        return _("terminé")
    if days > 1:
        return _("encore %(n)s\u00a0jours", n=days)
    if not isinstance(closes_at, datetime):
        return _("jusqu’à demain") if days else _("jusqu’à aujourd’hui")
    rest = (closes_at - at).total_seconds()
    if rest < 3600:
        return _("encore %(n)s\u00a0min", n=max(1, int(rest // 60)))
    if _last_day(closes_at) < _date(closes_at):
        return _("jusqu’à demain, minuit") if days else _("jusqu’à ce soir, minuit")
    clocked = hour(closes_at)
    return _("jusqu’à demain, %(clock)s", clock=clocked) if days else _("jusqu’à aujourd’hui, %(clock)s", clock=clocked)


def until(closes_at: date | datetime | None) -> str:
    """« jusqu’au 1er décembre », with the year when it is not this one."""
    if closes_at is None:
        return _("sans date de fin")
    return _("jusqu’au %(day)s", day=near_day(_last_day(closes_at)))


def closed_on(closes_at: date | datetime) -> str:
    """« clos le 1er décembre »: the last day on which one could take part, with the year when it is not this one."""
    return _("clos le %(day)s", day=near_day(_last_day(closes_at)))


def opens_on(opens_at: date | datetime) -> str:
    """« ouvre le 4 janvier », with the year when it is not this one."""
    return _("ouvre le %(day)s", day=near_day(opens_at))


def near_day(value: date | datetime) -> str:
    """« 1er décembre », with the year when it is not this one."""
    return day(value, "short" if _date(value).year == _date(clock.now()).year else "long")


def next_change(value: datetime, at: datetime | None = None) -> datetime:
    """When `ago(value)` or `left(value)` will next say something else; a cached page that shows one ends then."""
    at = at or clock.now()
    local = _paris(at)
    midnight = datetime(local.year, local.month, local.day, tzinfo=clock.PARIS) + timedelta(days=1)
    distance = abs((value - at).total_seconds())
    step = 60 if distance <= 3600 else 3600 if distance <= 24 * 3600 else None
    if step is None:
        return midnight.astimezone(UTC)
    # The next whole minute or hour counted from the value itself.
    past = (at - value).total_seconds() % step
    return min(at + timedelta(seconds=step - past), midnight.astimezone(UTC))


# --- Figures -----------------------------------------------------------------------------------------


def number(value: float | None) -> str:
    """1312 → « 1 312 », 0.5 → « 0,5 »."""
    if value is None:
        return ""
    if isinstance(value, int):  # pages are full of them, and Babel takes its time
        return f"{value:,}".replace(",", NARROW)
    return str(format_decimal(value, locale=LOCALE))


def percent(share: float, digits: int = 0) -> str:
    """0.77 → « 77 % ». What exists but rounds to nothing is « moins de 1 % », so that nobody is told they are zero."""
    if digits == 0 and 0 < share < 0.005:
        return _("moins de 1\u202f%%", n=1)
    pattern = "#,##0" if not digits else f"#,##0.{'0' * digits}"
    return f"{format_decimal(share * 100, pattern, locale=LOCALE)}{NARROW}%"


def shares(counts: Sequence[int]) -> list[int]:
    """Whole percentages that add up to 100, by largest remainder; all zero when there is nothing."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    floors = [count * 100 // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda i: (-(counts[i] * 100 % total), i))
    for i in by_remainder[: 100 - sum(floors)]:
        floors[i] += 1
    return floors


def parts(tally: Any) -> list[tuple[str, str, float, float]]:
    """What a bar of opinions is drawn from, for agree, mixed, disagree: figure, share, and where it begins and how wide it is, in %."""
    counts = [(tally.get(name) if isinstance(tally, Mapping) else getattr(tally, name, 0)) or 0 for name in ("agree", "mixed", "disagree")]
    total, x, drawn = sum(counts) or 1, 0.0, []
    for count, share in zip(counts, shares(counts), strict=True):
        width = 100 * count / total
        said = f"{share}{NARROW}%" if share or not count else percent(0.001)
        drawn.append((number(count), said, round(x, 2), round(width, 2)))
        x += width
    return drawn


def size(octets: int) -> str:
    """640000 → « 640 ko »; thousands of 1,000, as French file managers and the law of units say."""
    if octets < 1000:
        return ngettext("%(num)s\u00a0octet", "%(num)s\u00a0octets", octets)
    value = float(octets)
    for unit in ("ko", "Mo", "Go", "To"):
        value /= 1000
        if value < 999.5 or unit == "To":
            break
    return f"{number(round(value, 1) if value < 10 else round(value))}{FIXED}{unit}"


# --- Spaces ------------------------------------------------------------------------------------------

_ADDRESS = re.compile(r"(\b(?:https?://|www\.|mailto:)\S+)")
_CONCERNED = re.compile(r"[;:!?«»%€']|\d[ \u00a0]\d")
_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0]\d{3})+(?!\d)")
_SPACING = [
    (re.compile(r"«[ \u00a0\u202f]*"), "«" + NARROW),
    (re.compile(r"[ \u00a0\u202f]*»"), NARROW + "»"),
    (re.compile(r"(?<=\S)[ \u00a0]+(?=[;!?])"), NARROW),
    (re.compile(r"(?<=[^\W\d_])(?=[!?]+(?:[\s\u202f»)]|$))"), NARROW),
    (re.compile(r"(?<=\S)[ \u202f]+(?=:(?:\s|$))"), FIXED),
    (re.compile(r"(?<=\d)[ \u00a0](?=[%€])"), NARROW),
    (re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])"), "’"),
]


def typo(text: str | None) -> str:
    """French spacing of a plain text that a person typed; addresses are left alone, and so is what is already HTML."""
    if text is None or isinstance(text, Markup):
        return text or ""
    if not _CONCERNED.search(text):
        return text
    parts = _ADDRESS.split(text) if "http" in text or "www." in text or "mailto:" in text else [text]
    for i in range(0, len(parts), 2):
        parts[i] = _THOUSANDS.sub(lambda found: re.sub(r"[ \u00a0]", NARROW, found[0]), parts[i])
        for pattern, replacement in _SPACING:
            parts[i] = pattern.sub(replacement, parts[i])
    return "".join(parts)
