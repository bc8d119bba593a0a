"""What any content says of itself to programs; each feature adds what its kind is. Nothing of what is not public."""

from typing import Any

from flask import url_for

from app.contents.kinds import permalink, url_of
from app.contents.models import Content, Voice
from app.core.linked_data import absolute, describes, list_data
from app.core.pages import Page
from app.territories.linked import organization

NOBODY = "Compte fermé"  # what an erased account signs: no name


def identity(content: Content) -> dict[str, Any]:
    """The permanent address, the one where it is read, what it is called."""
    return {
        "@id": absolute(permalink(content)),
        "url": absolute(url_of(content)),
        "name": content.title,
        "description": content.summary,
        "inLanguage": content.language,
    }


def author_of(content: Content) -> dict[str, Any] | None:
    """Who signs, as the page shows it: a person by their public name and nothing else; else whose page it is."""
    if content.voice == Voice.CITIZEN:
        return {"@type": "Person", "name": content.byline} if content.byline not in ("", NOBODY) else None
    return {"@type": "Organization", "name": content.byline} if content.byline else organization(content.territory)


def posting(content: Content, counts: dict[str, int]) -> dict[str, Any] | None:
    """What people discuss: who wrote it, when, and how many did what (`counts`: an action of schema.org → how many)."""
    if not content.is_public:
        return None
    about = identity(content)
    words = about.pop("description")
    return {
        "@type": "DiscussionForumPosting",
        **about,
        "headline": content.title[:110],
        "text": words,
        "author": author_of(content),
        "publisher": organization(content.territory),
        "datePublished": content.published_at,
        "dateModified": content.updated_at,
        "commentCount": counts.get("CommentAction", 0),
        "interactionStatistic": [
            {"@type": "InteractionCounter", "interactionType": f"https://schema.org/{action}", "userInteractionCount": count}
            for action, count in counts.items()
        ],
    }


@describes("contents")
def contents_data(name: str, page: Page[Content], endpoint: str, **filters: str | None) -> dict[str, Any]:
    """A page of a list of contents, at the address that has these filters and no other word."""
    address: dict[str, Any] = {**filters, "page": page.number if page.number > 1 else None}
    here = url_for(endpoint, **address)
    return list_data(name, here, [url_of(each) for each in page.items], page.total, (page.number - 1) * page.per_page + 1)
