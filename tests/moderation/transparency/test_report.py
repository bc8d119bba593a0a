"""The report of a month, recomputed by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core import clock
from app.core.db import db
from app.moderation.models import Decision, Verdict
from app.moderation.sanctions.models import Sanction, SanctionKind, SanctionState
from app.moderation.transparency import figures
from app.moderation.transparency.calendars import Month, get_month, monday
from tests.factories import make_person, save
from tests.moderation.transparency.made import make_decision, make_desk

MONTH = datetime(2026, 10, 14, 9, tzinfo=UTC)


def report(client, place, month="2026-10", ending=".json"):
    found = client.get(f"/territoires/{place.slug}/moderation/{month}{ending}")
    return found.json if ending else found


@pytest.fixture
def october(at):
    """Ten decisions of one to ten hours, a refusal among them; one of September, one elsewhere."""
    place, debate, agent, article = make_desk()
    _other, another_debate, another_agent, _ = make_desk()
    at(MONTH)
    for hours in range(1, 10):
        make_decision(debate, agent, waited=timedelta(hours=hours))
    make_decision(debate, agent, Verdict.REFUSE, article=article, waited=timedelta(hours=10))
    make_decision(another_debate, another_agent, waited=timedelta(hours=99))
    old = make_decision(debate, agent, waited=timedelta(hours=99))
    old.at = datetime(2026, 9, 30, 21, 59, tzinfo=UTC)  # 23:59 in Paris: still September
    db.commit()
    at(datetime(2026, 11, 20, tzinfo=UTC))
    return place


def test_what_a_month_comes_to(client, october):
    told = report(client, october)
    assert told["decided"] == 10
    assert told["outcomes"] == {"publie": 9, "refuse": 1}
    assert told["reasons"] == {"Injures et attaques": 1}
    assert (told["median_hours"], told["ninetieth_percentile_hours"], told["in_time"]) == (5.5, 9.0, 10)
    assert (told["promised_hours"], told["automated"]) == ([24], 0)
    assert told["twelve_months"]["2026-09"] == 1
    assert report(client, october, "2026-09")["decided"] == 1
    region = client.get("/transparence/moderation/2026-10.json").json
    assert (region["decided"], region["ninetieth_percentile_hours"]) == (11, 10.0)


def test_the_page_says_it_in_a_sentence_then_a_table(client, october):
    page = report(client, october, ending="").text.replace("\u202f", " ").replace("\u00a0", " ")
    assert "La modération en octobre 2026" in page
    assert "10 décisions ont été prises." in page
    assert "Neuf sur dix ont attendu 9 heures au plus." in page
    assert '<table class="bf-bars">' in page


def test_a_month_with_nothing_says_so(client, october):
    assert "Aucune décision n’a été prise ce mois-ci." in report(client, october, "2026-08", "").text
    assert report(client, october, "2026-08")["median_hours"] is None


@pytest.mark.parametrize("month", ["2026-12", "2026-13", "2019-01", "2026-1", "x", "２０２６-１０", "2026-10-01"])
def test_a_month_that_is_none_is_no_page(client, october, month):
    assert report(client, october, month, "").status_code == 404


def test_few_sanctions_are_not_told_apart(client, october, at):
    """Four suspensions would name four people; five may be counted; a part of two is not told even so."""
    one, other = make_person(), make_person()

    def punish(kind=SanctionKind.SUSPENSION):
        values = {
            "person_id": make_person().id,
            "territory_id": october.id,
            "kind": kind,
            "state": SanctionState.CONFIRMED,
            "facts": "Faits.",
        }
        people = {"proposed_by_id": one.id, "read_by_id": other.id}
        save(Sanction(**values, **people, read_at=MONTH, starts_at=MONTH, ends_at=MONTH + timedelta(days=9)))

    assert report(client, october)["sanctions"] == 0
    for _ in range(4):
        punish()
    told = report(client, october)
    assert (told["sanctions"], told["sanctions_by_kind"]) == (None, {})
    assert "Moins de cinq sanctions" in report(client, october, ending="").text
    punish()
    assert report(client, october)["sanctions_by_kind"] == {"suspension": 5}
    punish(SanctionKind.WARNING)
    told = report(client, october)
    assert (told["sanctions"], told["sanctions_by_kind"]) == (6, {})


def test_the_queries_of_a_report_do_not_grow(client, october, count_queries, at):
    report(client, october, ending="")
    count_queries.clear()
    report(client, october, ending="")
    few = len(count_queries)
    assert few <= 12
    for decision in db.query(Decision).all():
        decision.at = MONTH
    db.commit()
    count_queries.clear()
    report(client, october, ending="")
    assert len(count_queries) == few


def test_small_sums():
    assert (figures.middle([]), figures.ninth_tenth([])) == (None, None)
    assert (figures.middle([1, 2, 9]), figures.ninth_tenth([1, 2, 9])) == (2, 9)
    assert figures.ninth_tenth(list(range(1, 11))) == 9
    assert figures.masked({"a": 3, "b": 0}) == (None, {})
    assert figures.masked({"a": 7, "b": 0}) == (7, {"a": 7})
    assert figures.masked({"a": 7, "b": 2}) == (9, {})


def test_kappa_is_that_of_the_article():
    """The example that textbooks take from Cohen's definition: 20 and 15 agreements of 50, p = 0.7, e = 0.5, kappa = 0.4."""
    pairs = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}
    assert figures.agreement(pairs) == pytest.approx(0.7)
    assert figures.kappa(pairs) == pytest.approx(0.4)
    assert figures.kappa({("yes", "yes"): 29}) is None
    assert figures.kappa({("yes", "yes"): 99}) is None, "chance explains all"


def test_months_and_weeks_are_those_of_paris():
    october = get_month("2026-10")
    assert (october.starts, october.ends) == (datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC))
    assert october.plus(3) == Month(2027, 1)
    assert october.plus(-10) == Month(2025, 12)
    assert october.name == "octobre 2026"
    assert monday(clock.today()).weekday() == 0
