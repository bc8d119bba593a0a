"""What the spaces where people take part share (consultations, debates): three answers, dates, a conclusion."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zlib import crc32

from sqlalchemy import Select, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Person
from app.audit.models import AuditEntry
from app.audit.services import record
from app.contents import queries
from app.contents import services as contents
from app.contents.models import Content, Phase, State, Voice, Vote
from app.core import clock, formats
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.i18n import _, _l, ngettext
from app.core.text import Cleaned, RichText, markdown, one_line, plain, tidy

DATES_CHANGED = "space.dates_changed"  # in the register
ACTS = {
    "propose": _l("Proposer"),
    "argue": _l("Donner des arguments et des sources"),
    "vote": _l("Donner son avis"),
    "comment": _l("Répondre aux arguments"),
}


class SpaceMixin:
    """The columns that make a page answer: what is asked, until when, what will be done with my answer."""

    asked: Mapped[str] = mapped_column(default="")
    open_to: Mapped[str] = mapped_column(default="")  # who may take part, in words; shown with the dates
    becomes: Mapped[str] = mapped_column(default="")  # what will be done with the answers: Markdown, two sentences
    conclusion_source: Mapped[str] = mapped_column(default="")
    conclusion_html: Mapped[str] = mapped_column(RichText, default="")
    concluded_at: Mapped[datetime | None]

    @property
    def deadline(self) -> str:
        """« Mardi 1er décembre 2026 à minuit », the last day on which one may take part; empty without an end."""
        closes_at: datetime | None = self.closes_at  # type: ignore[attr-defined]
        text = end_in_words(closes_at) if closes_at else ""
        return text[:1].upper() + text[1:]

    @property
    def asked_html(self) -> Cleaned:
        return markdown(self.asked)

    @property
    def becomes_html(self) -> Cleaned:
        return markdown(self.becomes)


def end_in_words(closes_at: datetime) -> str:
    """« mardi 1er décembre 2026 à minuit »: midnight belongs to the day that it ends."""
    local = closes_at.astimezone(clock.PARIS)
    if (local.hour, local.minute) == (0, 0):
        return _("%(day)s à minuit", day=formats.day(closes_at - timedelta(seconds=1), "full"))
    return formats.moment(closes_at)


def set_answers(space, *, asked: str, becomes: str, open_to: str) -> None:
    space.asked, space.becomes, space.open_to = tidy(asked), tidy(becomes), one_line(open_to)


def publish(space: Content, *, by: Person | None) -> None:
    """Show it. A space without dates would stay open for ever: its first dates come before."""
    if not queries.phases_of(space):
        raise DomainError(_("Donnez d’abord les dates : sans elles, personne ne sait jusqu’à quand participer."))
    contents.change_state(space, State.PUBLISHED, by=by)


# --- Dates -------------------------------------------------------------------------------------------------------------------


def set_dates(space: Content, phases: Iterable[Phase], *, by: Person | None) -> None:
    """Replace the phases. Once the space is public, a change of dates goes to the register: people were told otherwise."""
    before, end_before = dates_of(queries.phases_of(space)), space.closes_at
    contents.set_phases(space, phases)
    after = dates_of(queries.phases_of(space))
    if space.published_at is not None and after != before:
        detail: dict[str, Any] = {"before": before, "after": after}
        if space.closes_at != end_before:
            detail |= {"end_before": iso(end_before), "end_after": iso(space.closes_at), "taken_part": taken_part(space)}
        actor_id = by.id if by else None
        record(DATES_CHANGED, subject=f"content:{space.id}", actor_id=actor_id, territory_id=space.territory_id, detail=detail)


def dates_of(phases: Iterable[Phase]) -> list[str]:
    """One line a phase, as the register keeps them."""
    return [" | ".join([p.name, iso(p.opens_at), iso(p.closes_at), ",".join(sorted(p.allows))]) for p in phases]


def iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def copies_of(space: Content, *, without: int | None = None) -> list[Phase]:
    """The phases of a space, to be changed and given to `set_dates`: ours until the end of the transaction.

    Of two agents who change them at once, the second begins with what the first did.
    """
    db.execute(select(Content.id).where(Content.id == space.id).with_for_update())
    fresh = db.scalars(queries.phases_under(), {"content_id": space.id}, execution_options={"populate_existing": True})
    return [
        Phase(id=p.id, name=p.name, note=p.note, opens_at=p.opens_at, closes_at=p.closes_at, allows=list(p.allows))
        for p in fresh
        if p.id != without
    ]


def change_phase(space: Content, phase_id: int, *, by: Person, seen: int, **said: Any) -> None:
    """Say otherwise what a phase is, in place. `seen`: its `version_of` when it was read; an older one is a Conflict."""
    phases = copies_of(space)
    phase = next((each for each in phases if each.id == phase_id), None)
    if phase is None:
        raise Conflict(_("Quelqu’un a retiré cette phase pendant que vous écriviez. Ce que vous avez écrit est ci-dessous."))
    if version_of(phase) != seen:
        raise Conflict(_("Quelqu’un a modifié cette phase pendant que vous écriviez. Comparez, puis renvoyez."))
    for name, value in said.items():
        setattr(phase, name, value)
    set_dates(space, phases, by=by)


def version_of(phase: Phase) -> int:
    return fingerprint(*dates_of([phase]), phase.note)


def fingerprint(*said: str) -> int:
    """A number that moves with what is said, where no column counts versions: for forms to remember which they read."""
    return crc32("\n".join(said).encode()) % 10**8


def taken_part(space: Content) -> int:
    """How many accounts wrote or voted in it, or in what is in it."""
    inside = or_(Content.space_id == space.id, and_(Content.project_id == space.id, Content.space_id.is_not(None)))
    wrote = select(Content.author_id).where(inside, Content.voice == Voice.CITIZEN, Content.state != State.DRAFT)
    voted = select(Vote.person_id).join(Content, Content.id == Vote.content_id).where(or_(inside, Content.id == space.id))
    people = wrote.where(Content.author_id.is_not(None)).union(voted.where(Vote.person_id.is_not(None))).subquery()
    return db.scalar(select(func.count()).select_from(people)) or 0


@dataclass(frozen=True)
class EndMoved:
    """Another end than the one people had been told of when they took part."""

    at: datetime
    before: datetime | None  # None: there was none
    people: int  # who had

    def sentence(self) -> str:
        when = formats.day(self.at)
        said = (
            _("La date de fin a changé le %(when)s : avant, c’était le %(end)s.", when=when, end=end_in_words(self.before))
            if self.before
            else _("Une date de fin a été donnée le %(when)s : avant, il n’y en avait pas.", when=when)
        )
        already = ngettext("%(num)s personne avait déjà participé.", "%(num)s personnes avaient déjà participé.", self.people)
        return f"{said} {already}"


def ends_moved(space: Content) -> list[EndMoved]:
    """Each time the end changed once somebody had taken part, the latest first: a page says it to whoever reads it (H04). One query."""
    found = []
    for at, detail in db.execute(changes_of_dates(), {"subject": f"content:{space.id}"}):
        facts = json.loads(detail)
        if facts.get("taken_part"):
            before = facts["end_before"]
            found.append(EndMoved(at, datetime.fromisoformat(before) if before else None, facts["taken_part"]))
    return found


@cache
def changes_of_dates() -> Select[datetime, str]:
    query = select(AuditEntry.at, AuditEntry.detail).where(AuditEntry.subject == bindparam("subject"), AuditEntry.act == DATES_CHANGED)
    return query.order_by(AuditEntry.id.desc())


# --- Closing and concluding --------------------------------------------------------------------------------------------------


def close(space: Content, *, by: Person | None) -> None:
    """End now what people may do: the phases that run stop here, those to come no longer allow anything."""
    now = clock.now()
    phases = copies_of(space)
    if not any(p.allows and (p.closes_at is None or p.closes_at > now) for p in phases):
        raise DomainError(_("C’est déjà clos."))
    for phase in phases:
        if not phase.allows or (phase.closes_at and phase.closes_at <= now):
            continue
        if phase.opens_at and phase.opens_at >= now:
            phase.allows = []
        else:
            phase.closes_at = now
    set_dates(space, phases, by=by)


def conclude(space, *, body: str, by: Person, seen: int | None = None) -> None:
    """Say what came out of it, once it is closed. May be written again. `seen`: the `fingerprint` of the conclusion that was read."""
    if space.moment != "closed":
        raise DomainError(_("Attendez la clôture, ou fermez maintenant : on ne conclut pas pendant que les gens parlent encore."))
    text = markdown(body)
    if not plain(text):
        raise DomainError(_("Écrivez la conclusion."), field="body")
    if seen is not None and seen != fingerprint(space.conclusion_source):
        raise Conflict(_("Quelqu’un a écrit la conclusion pendant que vous l’écriviez. Comparez, puis renvoyez la vôtre."))
    space.conclusion_source, space.conclusion_html = tidy(body), text
    space.concluded_at = clock.now()
    db.flush()


def to_conclude(kind: type[Content], ids: Sequence[int | None], _person: Person) -> dict[int | None, str]:
    """What the back office says of each of these territories where something of this kind is over and nothing came out of it yet."""
    query = select(kind.territory_id, func.count(kind.id)).where(kind.territory_id.in_(ids), kind.is_public, kind.closes_at <= clock.now())
    query = query.where(kind.concluded_at.is_(None)).group_by(kind.territory_id)  # type: ignore[attr-defined]
    return {territory_id: _("%(n)s à conclure", n=count) for territory_id, count in db.execute(query)}


def move_to_project(space: Content, project: Content | None) -> None:
    """What is in the space goes with it; so does what is public of it."""
    project_id = project.id if project else None
    if space.project_id == project_id:
        return
    space.project_id = project_id
    db.execute(
        update(Content).where(Content.space_id == space.id).values(project_id=project_id).execution_options(synchronize_session="fetch")
    )
    contents.settle_visibility(space)
