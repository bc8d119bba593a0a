"""What every public page says of itself to programs (JSON-LD): one script that parses, of an honest type, at the address of the page."""

import json
import re
from urllib.parse import quote, urlsplit

import pytest

from tests.pages.names import NAMES

pytestmark = [pytest.mark.no_database]
SCRIPT = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
SLUG = re.compile(r"(/\d+)-[a-z0-9-]+")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
# People's own pages, forms, and what robots are asked to leave.
SILENT = {"profile", "log in", "register", "registered", "forgotten", "forgotten, sent", "report", "missing"}
SILENT |= {"search, empty", "search", "search, nothing", "search, filtered", "search, inside"}
TYPES = {
    "front": "WebSite",
    "territory": "GovernmentOrganization",
    "project": "Project",
    "consultation": "Event",
    "proposal": "DiscussionForumPosting",
    "debate": "DiscussionForumPosting",
    "sheet": "Article",
    "document": "DigitalDocument",
    "tool": "SoftwareApplication",
    "catalogue": "CollectionPage",
    "participate": "CollectionPage",
    "consultations": "CollectionPage",
    "debates": "CollectionPage",
    "projects": "CollectionPage",
    "territories": "CollectionPage",
}
VISITED = [name for role, name in NAMES if role == "visitor"]


def said_by(page: str) -> dict:
    (inside,) = SCRIPT.findall(page)
    return json.loads(inside)


@pytest.mark.parametrize("name", VISITED)
def test_a_public_page_describes_itself_once_at_its_own_address(site, name):
    answer = site.read("visitor", name)
    if name in SILENT:
        assert SCRIPT.findall(answer.text) == []
        return
    about = said_by(answer.text)
    assert about["@context"] == "https://schema.org"
    assert about["@type"] == TYPES.get(name.split(",")[0], "WebPage")
    assert about["name"].strip()
    here = urlsplit(about["url"])
    assert f"{here.scheme}://{here.netloc}" == site.app.config["BASE_URL"]
    assert SLUG.sub(r"\1", here.path) == SLUG.sub(r"\1", quote(answer.request.path))  # the number leads there, the words complete it
    assert said_by(site.client("visitor").get(f"{here.path}?{here.query}").text)["url"] == about["url"]
    assert EMAIL.search(json.dumps(about)) is None
    for item in about.get("mainEntity", {}).get("itemListElement", []):
        assert site.client("visitor").get(urlsplit(item["url"]).path).status_code == 200


def test_a_list_keeps_its_filters_and_its_page_and_no_other_word(site):
    read = lambda path: said_by(site.client("visitor").get(path).text)
    base = site.app.config["BASE_URL"]
    assert read("/participer?state=closed&utm=x")["url"] == f"{base}/participer?state=closed"
    assert read("/consultations/?state=nothing")["url"] == f"{base}/consultations/"
    assert read("/catalogue/?kind=tool&sort=date&x=y")["url"] == f"{base}/catalogue/?kind=tool"
    second = read("/catalogue/?page=2")
    assert second["url"] == f"{base}/catalogue/?page=2"
    assert second["mainEntity"]["itemListElement"][0]["position"] == 21
    assert second["mainEntity"]["numberOfItems"] > 20


def test_counts_and_dates_are_those_of_the_page(site):
    proposal = said_by(site.read("visitor", "proposal").text)
    counted = {each["interactionType"].rsplit("/", 1)[1]: each["userInteractionCount"] for each in proposal["interactionStatistic"]}
    shown = site.client("visitor").get(site.pages["visitor"]["proposal"] + ".json", follow_redirects=True).json
    assert counted == {
        "AgreeAction": shown["votes"]["agree"],
        "DisagreeAction": shown["votes"]["disagree"],
        "CommentAction": shown["total"],
    }
    assert (proposal["commentCount"], proposal["datePublished"]) == (shown["total"], shown["published_at"])
    assert proposal["author"]["name"] == shown["byline"]
    consultation = said_by(site.read("visitor", "consultation").text)
    assert consultation["startDate"] < consultation["endDate"]
    assert consultation["organizer"]["@type"] == "GovernmentOrganization"
    assert said_by(site.read("visitor", "front").text)["potentialAction"]["target"]["urlTemplate"].endswith(
        "/recherche?q={search_term_string}"
    )
