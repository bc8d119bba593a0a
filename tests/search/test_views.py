from datetime import UTC, datetime

import pytest

from app.contents import services as contents
from app.contents.models import State
from app.core import outbox
from app.core.db import db
from app.projects.models import Project
from tests.factories import make_content, make_person, make_territory

pytestmark = pytest.mark.usefixtures("index")


def found(client, address):
    return client.get(address).get_json()


def titles(client, query="", **more):
    return [item["title"] for item in client.get("/recherche.json", query_string={"q": query, **more}).get_json()["items"]]


def test_a_published_change_is_found_after_the_worker_has_passed(client, run_worker):
    project = make_content(Project, title="Plan vélo", territory=make_territory(short_name="Tourcoing", slug="tourcoing"))
    assert titles(client, "velos") == []
    run_worker("search")
    assert titles(client, "velos") == ["Plan vélo"]
    contents.edit(db.merge(project), by=None, title="Plan marche", summary="", body="À pied.")
    db.commit()
    run_worker("search")
    assert titles(client, "velos") == []
    assert titles(client, "marches") == ["Plan marche"]
