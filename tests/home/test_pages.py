"""The front page and the page of a territory: what they cost, and in which order they list."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import Markup

from app.comments.models import Argument
from app.consultations.models import Consultation
from app.core import clock
from app.debates.models import Debate
from app.home import queries
from tests.factories import make_content, make_person, make_territory

NOW = clock.now()


@pytest.fixture
def tourcoing():
    return make_territory(name="Tourcoing", short_name="Tourcoing", slug="tourcoing")


def days(number):
    return NOW + timedelta(days=number) if number is not None else None


def activity(territory, opens=None, closes=None, model=Debate, **values):
    return make_content(model, territory=territory, opens_at=days(opens), closes_at=days(closes), **values)


def fill(territory):
    """One of each kind at each moment, with someone in it."""
    for model in (Consultation, Debate):
        for opens, closes in ((None, 5), (3, 9), (-9, -2)):
            space = activity(territory, opens, closes, model)
            make_content(Argument, parent_id=space.id, space_id=space.id, territory=territory, author=make_person(), side="for")


@pytest.mark.parametrize("path", ["/", "/territoires/tourcoing/"])
def test_longer_lists_cost_no_more_queries_and_twelve_at_most(client, count_queries, tourcoing, path):
    fill(tourcoing)
    counts = []
    for _ in range(2):
        count_queries.clear()
        assert client.get(path).status_code == 200
        counts.append(len(count_queries))
        fill(tourcoing)
    assert counts[0] == counts[1] <= 12


def test_three_lists_in_one_query(count_queries, tourcoing):
    last, first, never = activity(tourcoing, closes=9), activity(tourcoing, closes=2), activity(tourcoing)
    later, sooner = activity(tourcoing, opens=8), activity(tourcoing, opens=1, closes=3)
    old, recent = activity(tourcoing, closes=-8), activity(tourcoing, opens=-9, closes=-1)
    elsewhere = activity(make_territory(), closes=1)
    count_queries.clear()
    found = queries.by_moment(9, 9, 9, tourcoing.id)
    assert len(count_queries) == 1
    assert found == {"open": [first, last, never], "soon": [sooner, later], "closed": [recent, old]}
    assert elsewhere in queries.by_moment(9, 9, 9)["open"]
    assert queries.by_moment(2, 1, 1, tourcoing.id) == {"open": [first, last], "soon": [sooner], "closed": [recent]}


def test_each_list_says_since_when_or_until_when(client, tourcoing, monkeypatch):
    """Of what is coming a visitor could not tell the day, nor of what is over."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 22, 11, tzinfo=UTC))
    for title, opens, closes in (("En cours", 1, 28), ("À venir", 28, 30), ("Ce midi", 22, 30), ("Fini", 1, 10)):
        hour = 12 if opens == 22 else 8
        dates = {"opens_at": datetime(2026, 11, opens, hour, tzinfo=UTC), "closes_at": datetime(2026, 11, closes, 8, tzinfo=UTC)}
        make_content(Debate, title=title, territory=tourcoing, **dates)
    for path in ("/", "/territoires/tourcoing/"):
        lines = [" ".join(re.sub("<[^>]+>", " ", row).split()) for row in re.findall(r"<li.*?</ul>", client.get(path).text, re.S)]
        said = "\n".join(lines)
        for words in (
            "6 jours Ouvert Débat · Tourcoing En cours Un texte. Jusqu’au 28 novembre",
            "dans 6 jours Bientôt Débat · Tourcoing À venir Un texte. Ouvre le 28 novembre",
            "aujourd’hui Bientôt Débat · Tourcoing Ce midi Un texte. Ouvre le 22 novembre",
            "Clos Débat · Tourcoing Fini Un texte. Conclusion pas encore publiée Clos le 10 novembre",
        ):
            assert words in said


@pytest.mark.parametrize("model", [Consultation, Debate])
def test_what_is_over_says_what_came_out_of_it(client, tourcoing, model):
    """Rather than what was asked: « ce que cela a donné » is what the list promises. Not of the headings, not before the end."""
    said = Markup("<h3>Ce que la ville retient</h3>\n<p>La rue <strong>ferme</strong> le samedi.</p>\n<p>Dès mars.</p>")
    for closes in (-2, 3):
        activity(tourcoing, closes=closes, model=model, summary=f"La question, {closes}.", conclusion_html=said)
    for path in ("/", "/territoires/tourcoing/", "/participer?state=closed"):
        page = client.get(path).text
        assert page.count("La rue ferme le samedi. Dès mars.") == 1
        assert "La question, -2." not in page
        assert "Ce que la ville retient" not in page
        assert "Conclusion pas encore publiée" not in page


def test_the_list_of_territories_says_where_something_is_open(client, count_queries, tourcoing):
    """Seen red without `openings.register`."""
    for closes, model in ((5, Debate), (None, Consultation), (-2, Debate)):
        activity(tourcoing, closes=closes, model=model)
    activity(tourcoing, opens=3)
    quiet = make_territory(name="Roubaix")
    activity(quiet, closes=-2)
    count_queries.clear()
    page = client.get("/territoires/").text
    assert page.count("en cours") == 1
    assert "2 consultations et débats en cours" in page
    assert len(count_queries) <= 4
    counted = {place["id"]: place["open"] for place in client.get("/territoires.json").json["items"]}
    assert (counted[tourcoing.id], counted[quiet.id]) == (2, 0)
