"""The front page and the page of a territory: what they cost, and in which order they list."""

from datetime import timedelta

import pytest

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
