from datetime import UTC, datetime

import pytest
from flask import Blueprint, Flask

from app.api import listing, negotiated
from app.api.text import Json
from app.core.pages import Page

pytestmark = pytest.mark.no_database
MOMENT = datetime(2026, 11, 4, 8, 30, tzinfo=UTC)


@pytest.fixture
def lists():
    """An application of one list, of 45 things, twenty a page."""
    app = Flask(__name__)
    app.json = Json(app)
    app.jinja_env.globals["page"] = None
    blueprint = Blueprint("things", __name__)

    @listing(blueprint, "/choses/", csv=True)
    def index():
        page = Page(items=["é", "=1"], total=45, number=2)
        return negotiated(
            page,
            describe=lambda thing: {"kind": "thing", "title": thing, "published_at": MOMENT},
            template=app.jinja_env.from_string("{{ page.total }} {{ facets }} {{ word }}"),
            table=lambda: (["titre"], [["é"], ["=1"]]),
            filename="choses",
            more={"facets": {"kind": []}},
            word="mot",
        )

    app.register_blueprint(blueprint)
    return app.test_client()


def test_the_same_list_in_three_forms(lists):
    assert lists.get("/choses/").text == "45 {&#39;kind&#39;: []} mot" or "45 {" in lists.get("/choses/").text
    assert lists.get("/choses.json").json == {
        "total": 45,
        "page": 2,
        "pages": 3,
        "items": [{"kind": "thing", "title": title, "published_at": "2026-11-04T08:30:00Z"} for title in ("é", "=1")],
        "facets": {"kind": []},
    }
    assert lists.get("/choses.csv").data.decode("utf-8-sig") == "titre\r\né\r\n'=1\r\n"


def test_json_is_written_in_the_order_it_is_said_and_in_its_own_letters(lists):
    assert lists.get("/choses.json").text.startswith('{"total":45,"page":2,"pages":3,"items":[{"kind":"thing","title":"é"')
