"""Places, for programs: the public body that a commune or an intercommunality is, and the area it answers for."""

from collections.abc import Sequence
from typing import Any

from flask import url_for

from app.core.i18n import _
from app.core.linked_data import absolute, describes, list_data
from app.territories.models import Territory


def organization(territory: Territory | None) -> dict[str, Any]:
    """Who publishes, as other pages name it; None is the region."""
    if territory is None:
        return {"@type": "Organization", "name": _("Équipe régionale de la participation"), "url": absolute("/")}
    where = absolute(url_for("territories.show", slug=territory.slug))
    return {"@type": "GovernmentOrganization", "@id": where, "name": territory.name, "url": where}


def area(territory: Territory) -> dict[str, Any]:
    """INSEE numbers communes, SIREN intercommunalities."""
    number = ("INSEE", territory.insee) if territory.insee else ("SIREN", territory.siren)
    identifier = {"identifier": {"@type": "PropertyValue", "propertyID": number[0], "value": number[1]}} if number[1] else {}
    return {"@type": "AdministrativeArea", "name": territory.short_name, **identifier}


@describes("territory")
def territory_data(territory: Territory, children: Sequence[Territory]) -> dict[str, Any]:
    """Needs the one it is part of. Its address for letters stays on the page: nothing here is for writing to anyone."""
    about = {**organization(territory), "description": territory.intro, "areaServed": area(territory)}
    if territory.logo_url:
        about["logo"] = absolute(territory.logo_url)
    if territory.parent:
        about["parentOrganization"] = organization(territory.parent)
    if children:
        about["subOrganization"] = [organization(each) for each in children]
    return about


@describes("territories")
def territories_data(name: str, tree: Sequence[tuple[Territory, Sequence[Territory]]]) -> dict[str, Any]:
    places = [each for root, children in tree for each in (root, *children)]
    paths = [url_for("territories.show", slug=each.slug) for each in places]
    return list_data(name, url_for("territories.index"), paths, len(places))
