"""The page of a project, as a visitor reads it."""

from app.core import pagecache
from app.projects.models import Project
from tests.factories import make_content, make_territory
from tests.participation import CLOSES, OPENS, make_debate


def test_the_page_says_what_can_still_be_done_and_for_how_long(client, at, monkeypatch):
    """Kept in front, it ends when what it leads to opens or closes: seen red with the project's own dates alone."""
    territory = make_territory()
    project = make_content(Project, territory=territory)
    make_debate(territory=territory, project_id=project.id, opens_at=OPENS, closes_at=CLOSES)
    ends = []
    monkeypatch.setattr(pagecache, "public", lambda *names, until=None: ends.append(until))
    at(OPENS)
    assert "Participer à ce projet" in client.get(f"/projets/{project.id}").text
    assert ends[0] == CLOSES
    at(CLOSES)
    assert "Ce qui a été demandé" in client.get(f"/projets/{project.id}").text
