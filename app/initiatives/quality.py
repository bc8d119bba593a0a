"""How complete a sheet is: named criteria, each with what to do next.

All but one are counted when the sheet is written (`points`), so that lists sort by them; whether a sheet was read again
in time is for the clock to say, in Python here and in SQL in `queries.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.contents import queries as contents
from app.core.i18n import _l
from app.core.text import plain
from app.initiatives.models import AnySheet

DESCRIBED = {"initiative": 900, "document": 300, "tool": 400}  # signs of text, all sections together
STATED = 60  # signs: under that, a section says nothing yet


@dataclass(frozen=True)
class Around:
    """What is known of a sheet outside of its own row: the terms it carries by list, its images and its other files."""

    terms: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    images: Sequence[Any] = ()
    documents: Sequence[Any] = ()


@dataclass(frozen=True)
class Criterion:
    key: str
    label: Any
    todo: Any  # what to do next
    anchor: str  # the field of the form where it is done; "files" is the page of images and documents
    is_met: Callable[[Any, Around], bool]
    by_clock: bool = False


@dataclass(frozen=True)
class Meter:
    met: list[Criterion]
    missing: list[Criterion]

    @property
    def total(self) -> int:
        return len(self.met) + len(self.missing)

    @property
    def percent(self) -> int:
        return 100 * len(self.met) // self.total


def says(sheet: AnySheet, *keys: str) -> bool:
    """Does one of these sections say something?"""
    return any(len(plain(section["html"])) >= STATED for section in sheet.sections if section["key"] in keys)


def described(sheet: AnySheet, _around: Around) -> bool:
    return bool(sheet.summary) and sum(len(plain(section["html"])) for section in sheet.sections) >= DESCRIBED[sheet.kind]


def reachable(contact: Mapping[str, str]) -> bool:
    return bool(contact.get("email") or contact.get("phone"))


def is_pictured(_sheet: AnySheet, around: Around) -> bool:
    return bool(around.images) and all(image.alt for image in around.images)


DESCRIPTION = Criterion(
    "description", _l("Description"), _l("Racontez davantage : ce qui se passait, ce que vous avez fait."), "summary", described
)
SOURCE = Criterion(
    "source",
    _l("Source"),
    _l("Citez au moins une source : un bilan, un article, un entretien."),
    "sources_text",
    lambda s, a: bool(s.sources),
)
THEME = Criterion("theme", _l("Thème"), _l("Choisissez au moins un thème."), "theme", lambda s, a: bool(a.terms.get("theme")))
FRESH = Criterion(
    "fresh",
    _l("Relue à temps"),
    _l("Relisez la fiche, puis confirmez qu’elle est à jour."),
    "review",
    lambda s, a: not s.is_due,
    by_clock=True,
)
IMAGE = Criterion("image", _l("Image décrite"), _l("Ajoutez une image, avec un texte qui dit ce qu’elle montre."), "files", is_pictured)
LICENCE = Criterion(
    "licence",
    _l("Licence"),
    _l("Dites sous quelle licence on peut s’en servir."),
    "licence",
    lambda s, a: bool(s.licence or a.terms.get("licence")),
)

CRITERIA: dict[str, tuple[Criterion, ...]] = {
    "initiative": (
        DESCRIPTION,
        Criterion("dates", _l("Dates"), _l("Donnez au moins la date de début."), "started_on", lambda s, a: s.started_on is not None),
        Criterion(
            "results",
            _l("Résultats"),
            _l("Dites ce qui a changé, même un peu, avec un chiffre."),
            "results",
            lambda s, a: says(s, "results"),
        ),
        Criterion(
            "lessons",
            _l("Leçons"),
            _l("Dites ce qu’il faut refaire et ce qu’il faut éviter."),
            "pitfalls",
            lambda s, a: says(s, "practices") and says(s, "pitfalls"),
        ),
        Criterion(
            "cost",
            _l("Coût"),
            _l("Donnez le coût, même approché ; « gratuit » en est un."),
            "cost",
            lambda s, a: bool(s.cost) or s.cost_euros is not None,
        ),
        SOURCE,
        Criterion(
            "contact",
            _l("Contact"),
            _l("Donnez une personne à qui écrire ou téléphoner."),
            "contacts",
            lambda s, a: any(map(reachable, s.contacts)),
        ),
        Criterion(
            "place",
            _l("Lieu"),
            _l("Placez l’initiative sur la carte : un lieu, une latitude, une longitude."),
            "place",
            lambda s, a: bool(s.place) and s.latitude is not None,
        ),
        IMAGE,
        FRESH,
    ),
    "document": (
        DESCRIPTION,
        Criterion("writer", _l("Auteur"), _l("Dites qui l’a écrit."), "writer", lambda s, a: bool(s.writer)),
        Criterion("dates", _l("Date"), _l("Donnez au moins l’année."), "issued_year", lambda s, a: bool(s.issued_year or s.issued_on)),
        Criterion(
            "nature",
            _l("Nature"),
            _l("Dites si c’est un guide, un rapport, une charte…"),
            "document_kind",
            lambda s, a: bool(a.terms.get("document_kind")),
        ),
        LICENCE,
        Criterion(
            "access",
            _l("Accès"),
            _l("Joignez le fichier, ou donnez l’adresse où le lire."),
            "address",
            lambda s, a: bool(s.address or a.documents),
        ),
        SOURCE,
        THEME,
        FRESH,
    ),
    "tool": (
        DESCRIPTION,
        Criterion("price", _l("Prix"), _l("Dites combien il coûte ; « gratuit » est une réponse."), "price", lambda s, a: bool(s.price)),
        LICENCE,
        Criterion(
            "accessibility",
            _l("Accessibilité"),
            _l("Dites qui peut s’en servir, et qui ne le peut pas."),
            "accessibility",
            lambda s, a: says(s, "accessibility"),
        ),
        Criterion(
            "hosting",
            _l("Hébergement"),
            _l("Dites où sont les données et qui fait marcher l’outil."),
            "hosting",
            lambda s, a: bool(s.hosting),
        ),
        Criterion("users", _l("Usage"), _l("Dites qui s’en sert, et ce qu’ils en pensent."), "users", lambda s, a: says(s, "users")),
        SOURCE,
        THEME,
        FRESH,
    ),
}
TOTALS = {kind: len(criteria) for kind, criteria in CRITERIA.items()}


def around(sheet: AnySheet) -> Around:
    """Read what surrounds a sheet: two queries."""
    from app.initiatives.queries import files_of

    images, documents = files_of(sheet)
    return Around(contents.terms_of([sheet.id])[sheet.id], images, documents)


def meter_of(sheet: AnySheet, near: Around) -> Meter:
    """The criteria met and those that are not, in their order."""
    criteria = CRITERIA[sheet.kind]
    met = [each for each in criteria if each.is_met(sheet, near)]
    return Meter(met, [each for each in criteria if each not in met])


def measure(sheet: AnySheet, near: Around | None = None) -> None:
    """Count again what the sheet meets, and keep it for the lists. Called by whatever writes a sheet, its terms or its files.
    `near`: what is around one that was just made."""
    near = around(sheet) if near is None else near
    sheet.points = sum(each.is_met(sheet, near) for each in CRITERIA[sheet.kind] if not each.by_clock)
