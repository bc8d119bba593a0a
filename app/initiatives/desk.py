"""The lists of the curators' desk. Features below and beside add theirs:

    desk.view("broken", _l("Liens en panne"), broken_sheets, help=_l("…"), detail=broken_of)

`ids` gives a SELECT of sheet ids; `detail`, for the ids of one page, the line shown under each title.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from app.accounts.models import Person
from app.core.db import db
from app.core.i18n import _l, ngettext
from app.initiatives import queries
from app.initiatives.models import Step


@dataclass(frozen=True)
class View:
    key: str
    label: Any
    ids: Callable[[], Select[int]]
    help: Any  # what these are, and what to do; shown above the list, and when it is empty
    order: str = "waiting"
    detail: Callable[[Sequence[int]], Mapping[int, str]] | None = None


_views: dict[str, View] = {}


def view(key: str, label: Any, ids: Callable[[], Select[int]], *, help: Any, order: str = "waiting", detail=None) -> None:
    """Add a list to the desk, after those that are there."""
    assert order in queries.ORDERS
    _views[key] = View(key, label, ids, help, order, detail)


def views() -> dict[str, View]:
    return dict(_views)


def counts() -> dict[str, int]:
    """How many sheets each list holds. One query."""
    columns = [select(func.count()).select_from(each.ids().subquery()).scalar_subquery().label(key) for key, each in _views.items()]
    return dict(db.execute(select(*columns)).mappings().one())


def in_words(_ids: Sequence[int | None], _person: Person) -> dict[int | None, str]:
    """What the back office says of the region's catalogue. One query."""
    waiting = queries.overview()["waiting"]
    return {None: ngettext("%(num)d fiche à relire", "%(num)d fiches à relire", waiting)} if waiting else {}


view(
    "proposed",
    _l("Proposées"),
    lambda: queries.at_step(Step.PROPOSED),
    help=_l("Elles attendent un curateur, la plus ancienne d’abord. Prenez-en une : les autres sauront que vous la lisez."),
)
view("review", _l("En relecture"), lambda: queries.at_step(Step.REVIEW), help=_l("Un curateur les lit."))
view(
    "answers",
    _l("Réponses à lire"),
    queries.with_answers,
    help=_l("L’auteur a répondu à une remarque. Lisez, puis marquez la remarque résolue."),
)
view(
    "due",
    _l("À rafraîchir"),
    queries.due,
    order="review",
    help=_l("Leur date de relecture est passée. Demandez des nouvelles, corrigez, puis confirmez que la fiche est à jour."),
)
view(
    "weak",
    _l("Les moins complètes"),
    queries.weak,
    order="score",
    help=_l("Publiées, avec moins de six critères sur dix. La moins complète vient d’abord."),
)
view(
    "unlinked",
    _l("Liées à rien"),
    queries.unlinked,
    order="updated",
    help=_l("Publiées, sans lien avec un projet, un outil ou une autre fiche : personne ne les rencontre en chemin."),
)
view(
    "promoters",
    _l("Porteurs hors liste"),
    queries.promoter_in_words,
    help=_l("Le porteur est écrit à la main. Ajoutez-le à la liste, ou choisissez-le dans la fiche."),
)
view(
    "published",
    _l("Publiées"),
    lambda: queries.at_step(Step.PUBLISHED),
    order="updated",
    help=_l("La mise à jour la plus ancienne d’abord."),
)
view("draft", _l("Brouillons"), lambda: queries.at_step(Step.DRAFT), help=_l("Leurs auteurs y travaillent encore."))
view("archived", _l("Archivées"), lambda: queries.at_step(Step.ARCHIVED), help=_l("Hors des listes ; leur adresse répond toujours."))
