"""Why two pages may have to do with each other: said in words beside each suggestion, and weighed in its order.

Nothing of it is stored but the likeness of the texts: themes are renamed, publics merged, territories join others.
"""

from collections.abc import Iterable, Mapping, Sequence

from app.contents.models import Content, Term
from app.contents.queries import terms_of
from app.core.i18n import _, ngettext

ALIKE = 0.20  # likeness from which the texts themselves are a reason
WEIGHTS = {"theme": 0.10, "public": 0.05, "place": 0.05}  # added to the likeness of the texts

MOST = 2  # themes or publics named

Terms = Mapping[str, Sequence[Term]]


def shared(one: Terms, other: Terms, vocabulary: str) -> list[Term]:
    there = {term.id for term in other.get(vocabulary, ())}
    return [term for term in one.get(vocabulary, ()) if term.id in there]


def near_place(one: Content, other: Content) -> str:
    """The place both are of: the same territory, or the intercommunality that both are part of.

    Needs the territories, and of `other`'s what it is part of.
    """
    mine = {one.territory.id, one.territory.parent_id} - {None} if one.territory else set()
    place = other.territory
    theirs = {each.id: each.short_name for each in (place, place.parent if place else None) if each is not None}
    return next((name for number, name in theirs.items() if number in mine), "")


def score(one: Content, other: Content, likeness: float, terms: Mapping[int, Terms]) -> float:
    mine, theirs = terms.get(one.id, {}), terms.get(other.id, {})
    extra = sum(WEIGHTS[name] for name in ("theme", "public") if shared(mine, theirs, name))
    is_told = one.space_id is None or one.space_id != other.space_id  # of two pages of one consultation the place says nothing
    return likeness + extra + (WEIGHTS["place"] if is_told and near_place(one, other) else 0)


def between(one: Content, other: Content, likeness: float, terms: Mapping[int, Terms]) -> list[str]:
    """« textes proches », « même thème : mobilité », « même public : jeunes », « près d’ici : Métropole lilloise »."""
    mine, theirs = terms.get(one.id, {}), terms.get(other.id, {})
    found = [_("textes proches")] if likeness >= ALIKE else []
    if themes := shared(mine, theirs, "theme"):
        found.append(ngettext("même thème\u00a0: %(names)s", "mêmes thèmes\u00a0: %(names)s", len(themes), names=named(themes)))
    if publics := shared(mine, theirs, "public"):
        found.append(_("même public\u00a0: %(names)s", names=named(publics)))
    if one.space_id is not None and one.space_id == other.space_id:
        found.append(_("même consultation"))
    elif place := near_place(one, other):
        same = one.territory_id == other.territory_id
        found.append(_("même territoire\u00a0: %(name)s", name=place) if same else _("lieux proches\u00a0: %(name)s", name=place))
    return found or [_("quelques mots en commun")]


def named(terms: Iterable[Term]) -> str:
    return ", ".join(term.label[:1].lower() + term.label[1:] for term in list(terms)[:MOST])


def told(pairs: Sequence[tuple[Content, Content, float]]) -> list[list[str]]:
    """The reasons of each (one, other, likeness). One query, however many."""
    terms = terms_of({each.id for one, other, _likeness in pairs for each in (one, other)})
    return [between(one, other, likeness, terms) for one, other, likeness in pairs]
