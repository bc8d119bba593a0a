"""Territories with their charter and legal pages, and the lists that sheets choose from."""

from typing import Any

from sqlalchemy import select

from app.contents import services as contents
from app.contents import vocabularies
from app.contents.models import Term, Vocabulary
from app.core.db import db
from app.demo.story import Story
from app.initiatives.labels import VOCABULARIES
from app.territories import queries, services

OPENING = -660  # the day the region opened, before everything the data tells
LISTS = {
    "theme": "themes",
    "approach": "approaches",
    "level": "levels",
    "public": "publics",
    "promoter": "promoters",
    "document_kind": "document_kinds",
    "licence": "licences",
}


def plan(story: Story) -> None:
    charters = charters_by_key(story.read("charter.toml")["charters"])
    pages = story.read("legal.toml")["pages"]
    morning = story.start_of(OPENING)
    story.plan(morning, make_lists)
    for row in story.read("territories.toml")["territories"]:
        story.plan(story.moment(OPENING, "opening"), open_space, row, charters[row.get("charter", "default")], pages)


def charters_by_key(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A charter that starts from another keeps its articles, except those it numbers."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        articles = {article["number"]: article for article in found[row["from"]]["articles"]} if "from" in row else {}
        articles |= {article["number"]: article for article in row["articles"]}
        found[row["key"]] = {**row, "articles": [articles[number] for number in sorted(articles)]}
    return found


def make_lists(story: Story) -> None:
    lists = story.read("vocabularies.toml")
    for key, name in LISTS.items():
        contents.ensure_vocabulary(key, str(VOCABULARIES[key]), {term["key"]: term["label"] for term in lists[name]})
    query = select(Vocabulary.key, Term).join(Vocabulary, Term.vocabulary_id == Vocabulary.id)
    story.terms |= {(key, term.key): term for key, term in db.execute(query)}
    for row in lists["licences"]:
        if "uri" in row:
            vocabularies.describe_term(story.terms["licence", row["key"]], note="", uri=row["uri"], by=None)


def open_space(story: Story, row: dict[str, Any], charter: dict[str, Any], pages: list[dict[str, str]]) -> None:
    own = {page["key"]: page for page in pages if page.get("territory") in (None, row["key"])}  # the exception comes after the default
    place = services.create_territory(
        name=row["name"],
        short_name=row["short_name"],
        slug=row["key"],
        kind=row["kind"],
        insee=row.get("insee"),
        population=row.get("population"),
        parent=story.places.get(row.get("parent", "")),
        intro=row["intro"],
        welcome=row["welcome"],
        accent=row["accent"],
        contact_email=row["email"],
        charter=charter,
        pages=list(own.values()),
        by_id=story.people["nadine-caron"].id,
    )
    story.places[row["key"]] = place
    story.articles |= {(row["key"], article.number): article for article in queries.charter_of(place.id)}
