from typing import Any

from flask import current_app, url_for

from app.core.i18n import _
from app.core.linked_data import absolute, describes
from app.territories.linked import organization


@describes("site")
def site_data() -> dict[str, Any]:
    """The whole site, and how to search it."""
    asked = absolute(url_for("search.results")) + "?q={search_term_string}"
    region = current_app.config.get("REGION_NAME") or "Nord – Pas-de-Calais"
    return {
        "@type": "WebSite",
        "@id": absolute("/"),
        "url": absolute("/"),
        "name": "Beffroi",
        "description": _("La plateforme de participation des territoires du %(region)s.", region=region),
        "inLanguage": "fr",
        "publisher": organization(None),
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": asked},
            "query-input": "required name=search_term_string",
        },
    }
