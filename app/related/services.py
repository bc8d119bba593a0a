"""What can happen to links made by hand, and to what is suggested. Nothing shows on a page before both sides agree."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, select, update

from app.accounts.models import Person, Role, RoleName
from app.audit import services as audit
from app.contents import links
from app.contents.kinds import kind_label
from app.contents.models import Content, Link, LinkNature, LinkState
from app.contents.rows import nature_label
from app.core import clock
from app.core.db import db
from app.core.errors import DomainError
from app.core.formats import day
from app.core.i18n import _
from app.core.text import one_line
from app.core.urls import path_for
from app.notifications import services as notifications
from app.related import queries, registry
from app.related.models import Suggestion, SuggestionState

BY_HAND = (LinkNature.INSPIRED_BY, LinkNature.REUSES, LinkNature.FOLLOWS, LinkNature.DOCUMENTS, LinkNature.EVALUATES)
LONGEST_NOTE = 300


def place_name(content: Content) -> str:
    return content.territory.short_name if content.territory else _("la région")


def tie(origin: Content, target: Content, nature: str, *, by: Person, own: Collection[int], note: str = "") -> LinkState:
    """Link two pages, where `by` answers for those in `own` (ids, one at least): accepted at once if that is both of them,
    else proposed to the other's team, who are told. Gives the state the link has now.
    """
    if LinkNature(nature) not in BY_HAND:
        raise DomainError(_("Choisissez la nature du lien."), field="nature")
    for each in (origin, target):
        if registry.permission_of(each.kind) is None:
            kind = kind_label(each)
            sentence = _(
                "Une page de ce type ne se lie pas : %(kind)s. Liez un projet, une consultation, un débat ou une fiche.", kind=kind
            )
            raise DomainError(sentence, field="target")
    asked = next((each for each in (origin, target) if each.id not in own), None)
    if not all(each.is_public for each in (origin, target) if asked is not None or each.id not in own):
        raise DomainError(_("Une des deux pages n’est pas publiée. Liez-les quand elles le seront."), field="target")
    made = links.link(origin, target, nature, author=by, note=one_line(note)[:LONGEST_NOTE], asked=asked)
    if made is None:
        return take_up(origin, target, nature, by=by, own=own)
    answer_suggestion_of(origin, target, by=by)
    if asked is None:
        return LinkState.ACCEPTED
    tell_asked(queries.get_link(made), asked, by=by)
    return LinkState.PROPOSED


def take_up(origin: Content, target: Content, nature: str, *, by: Person, own: Collection[int]) -> LinkState:
    """The same link was made, proposed or dismissed before: what the other side proposed, or we once dismissed, is accepted now."""
    row = queries.find_link(origin.id, target.id, nature)
    if row is None:
        raise DomainError(_("Ce lien vient d’être retiré. Recommencez."))
    if row.state == LinkState.ACCEPTED:
        raise DomainError(_("Ces deux pages sont déjà liées ainsi."), field="target")
    if row.asked_id in own:
        answer(row, accepted=True, by=by, after=row.state)
        return LinkState.ACCEPTED
    if row.state == LinkState.PROPOSED:
        raise DomainError(_("Ce lien est déjà proposé : l’autre équipe n’a pas encore répondu."), field="target")
    raise DomainError(_("L’autre équipe a écarté ce lien le %(day)s.", day=day(row.answered_at)), field="target")


def answer(row: Link, *, accepted: bool, by: Person, after: LinkState = LinkState.PROPOSED) -> None:
    """By the team of the end that was asked: an act of power over another's proposal, so it is in the register."""
    asked = row.target if row.asked_id == row.to_id else row.origin
    if accepted and not (row.origin.is_public and row.target.is_public):
        raise DomainError(_("Une des deux pages n’est plus publiée. Attendez qu’elle le soit à nouveau, ou écartez le lien."))
    links.answer(row, accepted=accepted, by=by, after=after)
    record("link.accepted" if accepted else "link.dismissed", row, asked, by)
    tell_author(row, asked, accepted=accepted, by=by)


def remove(row: Link, *, by: Person, of: Content) -> None:
    """Untie, or take back what was proposed. `of`: the end that `by` answers for. The other side's consent is not needed to part."""
    if row.state == LinkState.ACCEPTED and row.asked_id is not None:
        record("link.removed", row, of, by)
    links.unlink(row)


def record(act: str, row: Link, of: Content, by: Person) -> None:
    detail = {"from": row.from_id, "to": row.to_id, "nature": row.nature}
    audit.record(act, territory_id=of.territory_id, actor_id=by.id, subject=f"content:{of.id}", detail=detail)


# --- Telling -----------------------------------------------------------------------------------------------------------------


def team_asked(content: Content) -> list[Person]:
    """Who is told that a link to this page is proposed: its territory's managers; without any, or for the region, the curators."""
    holders = select(Person).join(Role, Role.person_id == Person.id).where(Person.closed_at.is_(None)).order_by(Person.id)
    managers = holders.where(Role.name == RoleName.MANAGER, Role.territory_id == content.territory_id)
    curators = holders.where(Role.name == RoleName.CURATOR, Role.territory_id.is_(None))
    found = db.scalars(managers).all() if content.territory_id else []
    return list(found or db.scalars(curators).all())


def tell_asked(row: Link, asked: Content, *, by: Person) -> None:
    other = row.end_other_than(asked.id)
    words: dict[str, Any] = {
        "title": asked.title,
        "other": other.title,
        "place": place_name(other),
        "nature": nature_label(row.nature, asked.id == row.from_id),
        "note": row.note,
    }
    for person in team_asked(asked):
        if person.id != by.id:
            url = path_for("related.show", content_id=asked.id)
            notifications.notify(person, "link_proposed", url=url, content_id=asked.id, **words)


def tell_author(row: Link, asked: Content, *, accepted: bool, by: Person) -> None:
    author = row.author
    if author is None or author.id == by.id:
        return
    mine = row.end_other_than(asked.id)
    words: dict[str, Any] = {"title": mine.title, "other": asked.title, "place": place_name(asked)}
    url = path_for("contents.show", content_id=mine.id)
    notifications.notify(author, "link_accepted" if accepted else "link_dismissed", mail=False, url=url, content_id=mine.id, **words)


# --- Suggestions -------------------------------------------------------------------------------------------------------------


def answer_suggestion_of(one: Content, other: Content, *, by: Person) -> None:
    """What was suggested is done, by whichever way."""
    first, second = sorted((one.id, other.id))
    settle(Suggestion.one_id == first, Suggestion.other_id == second, state=SuggestionState.ACCEPTED, by=by)


def dismiss(suggestion: Suggestion, *, by: Person) -> None:
    """For good: the pair keeps its row, and the worker never suggests it again."""
    if not settle(Suggestion.id == suggestion.id, state=SuggestionState.DISMISSED, by=by):
        raise DomainError(_("Quelqu’un a répondu à cette suggestion entre-temps."))


def settle(*criteria: ColumnElement[bool], state: SuggestionState, by: Person) -> bool:
    """Of two answers at once, the first holds."""
    answered = {"state": state, "answered_by_id": by.id, "answered_at": clock.now()}
    query = update(Suggestion).where(*criteria, Suggestion.state == SuggestionState.WAITING).values(answered).returning(Suggestion.id)
    return db.execute(query).scalar() is not None
