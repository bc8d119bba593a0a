"""The list of communes and intercommunalities of the two departments: codes, names, populations (see data/README.md)."""

import csv
import gzip
from dataclasses import dataclass
from functools import cache

from sqlalchemy import select

from app.core import stamps
from app.core.db import db
from app.core.text import slugify
from app.territories.models import Territory, TerritoryKind
from app.territories.services import DATA


@dataclass(frozen=True)
class Place:
    code: str
    kind: TerritoryKind
    name: str
    population: int
    part_of: str  # SIREN of the intercommunality, or nothing


def read(name: str) -> list[dict[str, str]]:
    with gzip.open(DATA / name, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def places() -> dict[str, Place]:
    """By INSEE or SIREN code."""
    epcis = [Place(row["siren"], TerritoryKind.EPCI, row["name"], int(row["population"]), "") for row in read("epci.csv.gz")]
    communes = [
        Place(row["insee"], TerritoryKind.COMMUNE, row["name"], int(row["population"] or 0), row["epci_siren"])
        for row in read("communes.csv.gz")
    ]
    return {place.code: place for place in [*epcis, *communes]}


def enter_all() -> tuple[int, int]:
    """Enter what is missing, as places without a space of their own; complete what is there. Returns (entered, completed)."""
    known = list(db.scalars(select(Territory)))
    by_code = {code: each for each in known for code in (each.insee, each.siren) if code}
    slugs = {each.slug for each in known}
    entered = completed = 0
    for place in places().values():  # intercommunalities come first
        row = by_code.get(place.code)
        if row is None:
            slug = slugify(place.name)
            slug = slug if slug not in slugs else f"{slug}-{place.code}"
            slugs.add(slug)
            row = Territory(slug=slug, name=place.name, short_name=place.name, kind=place.kind, is_pilot=False, population=place.population)
            row.insee, row.siren = (None, place.code) if place.kind == TerritoryKind.EPCI else (place.code, None)
            db.add(row)
            by_code[place.code] = row
            entered += 1
        elif row.population is None:
            row.population = place.population
            completed += 1
    db.flush()
    for place in places().values():
        row, parent = by_code[place.code], by_code.get(place.part_of)
        if parent is not None and row.parent_id is None:
            row.parent_id = parent.id
    db.flush()
    stamps.bump("region")
    return entered, completed
