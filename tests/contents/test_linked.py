"""Linked data of contents: hostile words stay words, names are those on the page, what is not public says nothing."""

import json
import re

import pytest

from app.consultations.models import Consultation
from app.contents import linked
from app.contents.models import State, Voice
from app.core.db import db
from app.core.linked_data import described
from app.projects.models import Project
from tests.factories import make_content, make_person, make_territory, restrict
from tests.participation import fresh, make_consultation, make_debate, make_proposal

SCRIPT = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
HOSTILE = [
    "Un titre </script><script>alert(1)</script>",
    "<!--<script>",
    "</ScRiPt\t><svg onload=alert(1)>",
    "\u2028\u2029 & 'simple' \"double\" \\ %s {{ 7*7 }}",
    "]]> --> </script",
]


@pytest.mark.parametrize("title", HOSTILE)
def test_x08_no_title_nor_name_ends_its_own_script(client, title):
    """attacks.md X08 (C, X): seen red with `json.dumps` printed as it is instead of Jinja's escapes."""
    place = make_territory(name=title, short_name=title, intro=title)
    author = make_person(name=title)
    consultation = make_consultation(territory=place, title=title, summary=title)
    made = [
        consultation,
        make_debate(territory=place, title=title, summary=title),
        make_content(Project, territory=place, title=title, summary=title, project_kind="consultation"),
        make_proposal(consultation, title=title, author=author),
    ]
    kinds = ("consultations", "debats", "projets", "propositions")
    paths = [f"/{kind}/{each.id}" for kind, each in zip(kinds, made, strict=True)] + [
        f"/territoires/{place.slug}/",
        "/participer",
        "/projets/",
    ]
    for path in paths:
        page = client.get(path)
        assert page.status_code == 200, path
        (inside,) = SCRIPT.findall(page.text)
        assert not set("<>&") & set(inside)
        json.loads(inside)
        assert page.text.lower().count("<script") == 2, path  # the site's own file, and this
    about = json.loads(SCRIPT.findall(client.get(paths[3]).text)[0])
    assert about["name"] == made[3].title
    assert about["author"] == {"@type": "Person", "name": author.name}


def test_what_is_not_public_says_nothing_and_a_closed_account_has_no_name(app, client):
    place = make_territory()
    consultation, debate = make_consultation(territory=place), make_debate(territory=place)
    proposal = make_proposal(consultation)
    draft = make_content(Consultation, territory=place, state=State.DRAFT, asked="a", becomes="b")
    with app.test_request_context():
        assert described("consultation", draft) is None
    proposal.byline, proposal.author_id = linked.NOBODY, None
    db.commit()
    page = client.get(f"/propositions/{proposal.id}")
    assert "author" not in json.loads(SCRIPT.findall(page.text)[0])
    for content, state in ((proposal, State.HIDDEN), (debate, State.REMOVED)):
        restrict(fresh(content), state)
        db.commit()
        assert linked.posting(fresh(content), {}) is None


def test_an_official_voice_is_an_organisation(app):
    place = make_territory(name="Commune de Lomme")
    proposal = make_proposal(make_consultation(territory=place))
    proposal.voice, proposal.byline = Voice.OFFICIAL, "Mairie"
    assert linked.author_of(proposal) == {"@type": "Organization", "name": "Mairie"}
