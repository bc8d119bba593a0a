"""What a French reader sees of a date, a figure, a space."""

from datetime import UTC, date, datetime, timedelta

import pytest
from markupsafe import Markup

from app.core import clock, formats

NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)  # noon in Paris, in winter


def at(text):
    return datetime.fromisoformat(text)


def test_a_day_is_written_in_full_and_the_first_is_premier():
    assert formats.day(date(2026, 11, 4)) == "4\u00a0novembre 2026"
    assert formats.day(date(2026, 12, 1)) == "1er\u00a0décembre 2026"
    assert formats.day(date(2026, 12, 1), "short") == "1er\u00a0décembre"
    assert formats.day(date(2026, 12, 21), "short") == "21\u00a0décembre"
    assert formats.day(date(2026, 12, 1), "full") == "mardi 1er\u00a0décembre 2026"
    assert formats.day(None) == ""


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 11, 2), date(2026, 12, 1), "du 2\u00a0novembre au 1er\u00a0décembre 2026"),
        (date(2027, 2, 23), date(2027, 2, 28), "du 23 au 28\u00a0février 2027"),
        (date(2027, 2, 1), date(2027, 2, 28), "du 1er au 28\u00a0février 2027"),
        (date(2026, 12, 9), date(2027, 2, 23), "du 9\u00a0décembre 2026 au 23\u00a0février 2027"),
        (date(2027, 3, 18), date(2027, 3, 18), "le 18\u00a0mars 2027"),
        (at("2027-03-17T23:00:00+00:00"), at("2027-03-18T22:59:59+00:00"), "le 18\u00a0mars 2027"),  # a whole day in Paris
    ],
)
def test_from_one_day_to_another_says_once_what_both_share(first, last, said):
    assert formats.span(first, last) == said


def test_times_are_shown_in_paris_in_winter_and_in_summer():
    assert formats.moment(at("2026-12-01T22:59:00+00:00")) == "mardi 1er\u00a0décembre 2026 à 23\u00a0h\u00a059"
    assert formats.moment(at("2026-07-14T22:00:00+00:00")) == "mercredi 15\u00a0juillet 2026 à 0\u00a0h"
    assert formats.day(at("2026-12-31T23:30:00+00:00")) == "1er\u00a0janvier 2027"
    assert formats.iso(at("2026-12-01T22:59:00+00:00")) == "2026-12-01T23:59:00+01:00"


def test_a_time_without_its_zone_is_a_mistake():
    with pytest.raises(ValueError, match="zone"):
        formats.moment(at("2026-12-01T22:59:00"))


@pytest.mark.parametrize(
    ("elapsed", "said"),
    [
        (timedelta(seconds=-5), "à l’instant"),
        (timedelta(seconds=59), "à l’instant"),
        (timedelta(minutes=1), "il y a 1\u00a0min"),
        (timedelta(minutes=59, seconds=59), "il y a 59\u00a0min"),
        (timedelta(hours=21), "il y a 21\u00a0h"),
        (timedelta(hours=25), "hier"),
        (timedelta(hours=36, minutes=1), "il y a 2\u00a0jours"),
        (timedelta(days=3), "il y a 3\u00a0jours"),
        (timedelta(days=30), "il y a 30\u00a0jours"),
        (timedelta(days=45), "le 8\u00a0octobre 2026"),
    ],
)
def test_ages_in_plain_words(elapsed, said):
    assert formats.ago(NOON - elapsed, at=NOON) == said


@pytest.mark.parametrize(
    ("closes", "said", "days"),
    [
        ("2026-11-22T10:59:00+00:00", "terminé", None),
        ("2026-11-22T11:00:00+00:00", "terminé", None),  # half-open: closed at the very second
        ("2026-11-22T11:25:00+00:00", "encore 25\u00a0min", 0),
        ("2026-11-22T17:00:00+00:00", "jusqu’à aujourd’hui, 18\u00a0h", 0),
        ("2026-11-22T23:00:00+00:00", "jusqu’à ce soir, minuit", 0),
        ("2026-11-23T22:59:00+00:00", "jusqu’à demain, 23\u00a0h\u00a059", 1),
        ("2026-11-23T23:00:00+00:00", "jusqu’à demain, minuit", 1),
        ("2026-12-01T22:59:00+00:00", "encore 9\u00a0jours", 9),
        ("2026-12-01T23:00:00+00:00", "encore 9\u00a0jours", 9),
    ],
)
def test_time_left_in_plain_words(closes, said, days):
    assert formats.left(at(closes), at=NOON) == said
    assert formats.days_left(at(closes), at=NOON) == days


def test_what_closes_at_midnight_ends_the_evening_before():
    assert formats.until(datetime(2099, 11, 30, 23, 0, tzinfo=UTC)) == "jusqu’au 30\u00a0novembre 2099"
    assert formats.left(None) == formats.until(None) == "sans date de fin"
    assert formats.left(date(2026, 11, 22), at=NOON) == "jusqu’à aujourd’hui"
    assert formats.left(date(2026, 11, 21), at=NOON) == "terminé"


def test_a_day_may_last_25_hours():
    """Clocks go back on 25 October 2026: days are counted on the calendar, not in seconds."""
    eve = at("2026-10-24T21:30:00+00:00")  # 23:30 in Paris
    assert formats.days_left(at("2026-10-25T22:30:00+00:00"), at=eve) == 1
    assert formats.ago(eve, at=at("2026-10-25T22:31:00+00:00")) == "hier"


@pytest.mark.parametrize(
    "elapsed", [timedelta(seconds=90), timedelta(minutes=59), timedelta(hours=5), timedelta(days=4), timedelta(hours=23, minutes=59)]
)
def test_next_change_is_when_the_words_change(elapsed):
    value = NOON - elapsed
    change = formats.next_change(value, at=NOON)
    assert change > NOON
    assert formats.ago(value, at=change - timedelta(milliseconds=1)) == formats.ago(value, at=NOON)


@pytest.mark.parametrize("rest", [timedelta(minutes=25, seconds=30), timedelta(hours=6), timedelta(days=9)])
def test_next_change_of_what_is_left(rest):
    value = NOON + rest
    change = formats.next_change(value, at=NOON)
    assert NOON < change <= NOON + timedelta(days=1)
    assert formats.left(value, at=change - timedelta(milliseconds=1)) == formats.left(value, at=NOON)


def test_figures():
    assert formats.number(1312) == "1\u202f312"
    assert formats.number(0.5) == "0,5"
    assert formats.number(None) == ""
    assert formats.percent(0.77) == "77\u202f%"
    assert formats.percent(0.001) == "moins de 1\u202f%"
    assert formats.percent(0) == "0\u202f%"
    assert formats.percent(0.1234, 1) == "12,3\u202f%"


@pytest.mark.parametrize("counts", [[312, 54, 41], [1, 1, 1], [0, 0, 1], [1, 999, 1], [2, 2, 3]])
def test_shares_always_add_up(counts):
    assert sum(formats.shares(counts)) == 100
    assert all(share >= 0 for share in formats.shares(counts))


def test_shares_of_nothing_are_nothing():
    assert formats.shares([0, 0, 0]) == [0, 0, 0]
    assert formats.shares([312, 54, 41]) == [77, 13, 10]


def test_sizes():
    assert formats.size(1) == "1\u00a0octet"
    assert formats.size(640_000) == "640\u00a0ko"
    assert formats.size(999_900) == "1\u00a0Mo"
    assert formats.size(1_340_000) == "1,3\u00a0Mo"
    assert formats.size(5_000_000_000_000_000) == "5\u202f000\u00a0To"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Pourquoi ?", "Pourquoi\u202f?"),
        ("Pourquoi?", "Pourquoi\u202f?"),
        ("« Ici »", "«\u202fIci\u202f»"),
        ("«Ici»", "«\u202fIci\u202f»"),
        ("Voici : deux", "Voici\u00a0: deux"),
        ("à 9:30 ; http://x.fr/?a=b", "à 9:30\u202f; http://x.fr/?a=b"),
        ("1 312 personnes, 77 %", "1\u202f312 personnes, 77\u202f%"),
        ("en 2024 150 personnes", "en 2024 150 personnes"),
        ("06 39 98 21 07", "06 39 98 21 07"),
        ("l'eau d'ici", "l’eau d’ici"),
        (None, ""),
    ],
)
def test_french_spaces(typed, shown):
    assert formats.typo(typed) == shown


def test_spacing_is_stable_and_leaves_html_alone():
    once = formats.typo("Est-ce « vrai » ? Oui : 1 000 000 €!")
    assert formats.typo(once) == once
    assert formats.typo(Markup("<b>Oui ?</b>")) == "<b>Oui ?</b>"


def test_days_until_something_opens():
    assert formats.days_until(at("2026-11-22T23:00:00+00:00"), at=NOON) == 1  # midnight: it opens tomorrow
    assert formats.days_until(at("2026-11-22T12:00:00+00:00"), at=NOON) == 0
    assert formats.days_until(date(2026, 11, 1), at=NOON) == 0


def test_openings_and_closings_say_the_year_when_it_is_another(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOON)
    assert formats.opens_on(at("2026-12-04T08:00:00+00:00")) == "ouvre le 4\u00a0décembre"
    assert formats.opens_on(at("2026-12-31T23:00:00+00:00")) == "ouvre le 1er\u00a0janvier 2027"
    assert formats.closed_on(at("2026-10-31T23:00:00+00:00")) == "clos le 31\u00a0octobre"  # midnight: the day before was the last
    assert formats.closed_on(at("2025-10-31T12:00:00+00:00")) == "clos le 31\u00a0octobre 2025"


def test_a_bar_of_opinions_begins_where_the_last_one_ends():
    bar = formats.parts({"agree": 312, "mixed": 54, "disagree": 41})
    assert [(figure, share) for figure, share, _, _ in bar] == [("312", "77\u202f%"), ("54", "13\u202f%"), ("41", "10\u202f%")]
    assert bar[1][2] == pytest.approx(bar[0][3])
    assert sum(width for *_, width in bar) == pytest.approx(100, abs=0.02)
    assert formats.parts({"agree": 9999, "mixed": 1, "disagree": 0})[1][1] == "moins de 1\u202f%"
    assert [width for *_, width in formats.parts({"agree": 0})] == [0, 0, 0]


@pytest.mark.parametrize(
    ("elapsed", "said"),
    [
        (timedelta(seconds=-5), "moins d’une minute"),
        (timedelta(seconds=59), "moins d’une minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=47), "47 heures"),
        (timedelta(days=5), "5 jours"),
    ],
)
def test_how_long_it_has_lasted(elapsed, said):
    now = at("2026-12-01T12:00:00+00:00")
    assert formats.since(now - elapsed, now) == said
