"""What the spaces where people take part share (consultations, debates): three answers, dates, a conclusion."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Person
from app.audit.services import record
from app.contents import queries
from app.contents import services as contents
from app.contents.models import Content, Phase, State
from app.core import clock, formats
from app.core.db import db
from app.core.errors import DomainError
from app.core.i18n import _, _l
from app.core.text import Cleaned, RichText, markdown, one_line, plain, tidy

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
        if closes_at is None:
            return ""
        local = closes_at.astimezone(clock.PARIS)
        if (local.hour, local.minute) == (0, 0):
            text = _("%(day)s à minuit", day=formats.day(closes_at - timedelta(seconds=1), "full"))
        else:
            text = formats.moment(closes_at)
        return text[:1].upper() + text[1:]

    @property
    def asked_html(self) -> Cleaned:
        return markdown(self.asked)

    @property
    def becomes_html(self) -> Cleaned:
        return markdown(self.becomes)


def set_answers(space, *, asked: str, becomes: str, open_to: str) -> None:
    space.asked, space.becomes, space.open_to = tidy(asked), tidy(becomes), one_line(open_to)


def publish(space: Content, *, by: Person | None) -> None:
    """Show it. A space without dates would stay open for ever: its first dates come before."""
    if not queries.phases_of(space):
        raise DomainError(_("Donnez d’abord les dates : sans elles, personne ne sait jusqu’à quand participer."))
    contents.change_state(space, State.PUBLISHED, by=by)


def set_dates(space: Content, phases: Iterable[Phase], *, by: Person | None) -> None:
    """Replace the phases. Once the space is public, a change of dates goes to the register: people were told otherwise."""
    before = dates_of(queries.phases_of(space))
    contents.set_phases(space, phases)
    after = dates_of(queries.phases_of(space))
    if space.published_at is not None and after != before:
        detail = {"before": before, "after": after}
        record(
            "space.dates_changed",
            subject=f"content:{space.id}",
            actor_id=by.id if by else None,
            territory_id=space.territory_id,
            detail=detail,
        )


def dates_of(phases: Iterable[Phase]) -> list[str]:
    """One line a phase, as the register keeps them."""
    return [
        " | ".join(
            [
                p.name,
                p.opens_at.isoformat() if p.opens_at else "",
                p.closes_at.isoformat() if p.closes_at else "",
                ",".join(sorted(p.allows)),
            ]
        )
        for p in phases
    ]


def copies_of(space: Content, *, without: int | None = None) -> list[Phase]:
    """The phases of a space, as new rows: `set_dates` replaces them all."""
    return [
        Phase(name=p.name, note=p.note, opens_at=p.opens_at, closes_at=p.closes_at, allows=list(p.allows))
        for p in queries.phases_of(space)
        if p.id != without
    ]


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


def conclude(space, *, body: str, by: Person) -> None:
    """Say what came out of it, once it is closed. May be written again."""
    if space.moment != "closed":
        raise DomainError(_("Attendez la clôture, ou fermez maintenant : on ne conclut pas pendant que les gens parlent encore."))
    text = markdown(body)
    if not plain(text):
        raise DomainError(_("Écrivez la conclusion."), field="body")
    space.conclusion_source, space.conclusion_html = tidy(body), text
    space.concluded_at = clock.now()
    db.flush()


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
