"""Contents as the rows of lists show them: kind, title, territory, one figure, one date. Templates use these as filters."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from flask import Flask

from app.contents.kinds import kind_label, url_of
from app.contents.models import Content, Link, LinkNature, Phase, State
from app.core import formats
from app.core.i18n import _, _l

# The nature of a link as it reads from the page it starts on, and from the page it leads to.
NATURES = {
    LinkNature.DOCUMENTS: (_l("Documente"), _l("Documenté par")),
    LinkNature.INSPIRED_BY: (_l("S’inspire de"), _l("A inspiré")),
    LinkNature.REUSES: (_l("Réutilise"), _l("Réutilisé par")),
    LinkNature.FOLLOWS: (_l("Fait suite à"), _l("A pour suite")),
    LinkNature.ANSWERS: (_l("Répond à"), _l("A pour réponse")),
    LinkNature.EVALUATES: (_l("Évalue"), _l("Évalué par")),
}


@dataclass(frozen=True)
class Row:
    kind_label: str
    title: str
    url: str
    territory_name: str = ""
    summary: str = ""
    moment: str | None = None
    state: State | None = None
    figure: str = ""
    date: str = ""
    facts: Sequence[str] = field(default_factory=tuple)
    opens_at: datetime | None = None
    closes_at: datetime | None = None


def content_row(content: Content, figure: str = "", facts: Sequence[str] = (), kind: str = "") -> Row:
    """Any content; needs its territory loaded, not its body. A project is neither open nor closed: its maturity says where it is."""
    moment = content.moment if content.kind != "project" else None
    return Row(
        kind_label=kind or kind_label(content),
        title=content.title,
        url=url_of(content),
        territory_name=content.territory.short_name if content.territory else _("Région"),
        summary=content.summary,
        moment=moment,
        state=content.state,
        figure=figure,
        date=dated(content, moment),
        facts=facts,
        opens_at=content.opens_at,
        closes_at=content.closes_at,
    )


def dated(content: Content, moment: str | None) -> str:
    """The one date of a row: when it opens, until when it is open, when it was closed; else, when it was published."""
    if moment is None:
        return _("Publié le %(day)s", day=formats.day(content.published_at)) if content.published_at else ""
    if moment == "soon" and content.opens_at:
        said = formats.opens_on(content.opens_at)
    elif content.closes_at:
        said = formats.closed_on(content.closes_at) if moment == "closed" else formats.until(content.closes_at)
    else:
        return ""
    return said[0].upper() + said[1:]


def link_row(end: tuple[Link, Content, bool]) -> Row:
    """The other end of a link, introduced by the link's nature; why, when and by whom they were linked."""
    link, other, outward = end
    told = content_row(other, kind=f"{nature_label(link.nature, outward)}\u00a0· {kind_label(other)}")
    day = formats.day(link.created_at)
    made = _("Lié le %(day)s par %(name)s", day=day, name=link.author.name) if link.author else _("Lié le %(day)s", day=day)
    return replace(told, summary=link.note or told.summary, facts=[made], date="")


def nature_label(nature: LinkNature, outward: bool) -> str:
    return str(NATURES[nature][0 if outward else 1])


@dataclass(frozen=True)
class PhaseRow:
    name: str
    dates: str
    is_done: bool
    is_current: bool
    note: str


def phase_dates(phase: Phase) -> str:
    """« Du 2 novembre au 1er décembre 2026 », « Le 3 mars 2027 », in the hour of Paris; the last day is the one on which it still holds."""
    if phase.opens_at and phase.closes_at:
        said = formats.span(phase.opens_at, last_day(phase.closes_at))
        return said[:1].upper() + said[1:]
    if phase.opens_at:
        return _("À partir du %(first)s", first=formats.day(phase.opens_at))
    return _("Jusqu’au %(last)s", last=formats.day(last_day(phase.closes_at))) if phase.closes_at else ""


def last_day(closes_at: datetime) -> datetime:
    """Closing at midnight means open the whole day before."""
    from datetime import timedelta

    return closes_at - timedelta(microseconds=1)


def phase_row(phase: Phase) -> PhaseRow:
    return PhaseRow(phase.name, phase_dates(phase), phase.is_done, phase.is_current and not phase.is_done, phase.note)


def init_app(app: Flask) -> None:
    app.add_template_filter(content_row)
    app.add_template_filter(link_row)
    app.add_template_filter(phase_row)
    app.add_template_global(phase_dates)
