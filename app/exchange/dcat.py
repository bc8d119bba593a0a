"""The catalogue described in DCAT-AP (https://semiceu.github.io/DCAT-AP/), which data.gouv.fr harvests.

One data set, its files; the vocabularies are those the European profile asks for: languages and file types of the Publications
Office, frequencies of the same, the licence of Etalab.
"""

from typing import Any

from flask import current_app
from sqlalchemy import func, select

from app.contents.models import Content
from app.contents.queries import published
from app.core.db import db
from app.core.i18n import _
from app.exchange.citing import LICENCE
from app.exchange.whole import FORMS
from app.initiatives.models import KINDS

AUTHORITY = "http://publications.europa.eu/resource/authority"
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def catalogue() -> dict[str, Any]:
    """dcat:Catalog, with the data set of all that is published and its distributions."""
    base = current_app.config["BASE_URL"]
    first, last = db.execute(
        select(func.min(Content.published_at), func.max(Content.updated_at)).where(published(), Content.kind.in_(KINDS))
    ).one()
    publisher = {"@id": f"{base}/#region", "@type": "foaf:Organization", "foaf:name": said(_("Équipe régionale de la participation"))}
    dates = {"dct:issued": moment(first), "dct:modified": moment(last)} if first else {}
    dataset = {
        "@id": f"{base}/donnees/catalogue",
        "@type": "dcat:Dataset",
        "dct:identifier": f"{base}/donnees/catalogue",
        "dct:title": said(_("Catalogue régional des démarches de participation")),
        "dct:description": said(
            _("Les initiatives, documents de référence et outils publiés par les territoires : méthode, résultats, écueils, coût, sources.")
        ),
        "dct:publisher": {"@id": publisher["@id"]},
        "dct:language": {"@id": f"{AUTHORITY}/language/FRA"},
        "dct:accrualPeriodicity": {"@id": f"{AUTHORITY}/frequency/CONT"},
        "dct:spatial": {"@id": f"{AUTHORITY}/country/FRA"},
        "dcat:theme": {"@id": f"{AUTHORITY}/data-theme/GOVE"},
        "dcat:keyword": [said(word) for word in (_("participation citoyenne"), _("consultation"), _("démocratie locale"))],
        "dcat:landingPage": {"@id": f"{base}/catalogue/"},
        **dates,
        "dcat:distribution": [distribution(base, ending) for ending in FORMS],
    }
    return {
        "@context": CONTEXT,
        "@id": f"{base}/donnees/catalogue.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": said(_("Données ouvertes de la participation")),
        "dct:description": said(_("Ce que la plateforme publie pour qui veut s’en servir.")),
        "dct:publisher": publisher,
        "dct:license": {"@id": LICENCE},
        "dct:language": {"@id": f"{AUTHORITY}/language/FRA"},
        "foaf:homepage": {"@id": base + "/"},
        **dates,
        "dcat:dataset": [dataset],
    }


def distribution(base: str, ending: str) -> dict[str, Any]:
    kind = ending.upper()
    address = f"{base}/donnees/catalogue.{ending}"
    return {
        "@id": address,
        "@type": "dcat:Distribution",
        "dct:title": said(f"{_('Le catalogue')}, {kind}"),
        "dcat:accessURL": {"@id": address},
        "dcat:downloadURL": {"@id": address},
        "dct:format": {"@id": f"{AUTHORITY}/file-type/{kind}"},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{FORMS[ending].media_type}"},
        "dct:license": {"@id": LICENCE},
    }


def said(text: Any) -> dict[str, str]:
    return {"@value": str(text), "@language": "fr"}


def moment(at: Any) -> dict[str, str]:
    return {"@value": at.isoformat(), "@type": "xsd:dateTime"}
