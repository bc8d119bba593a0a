from collections.abc import Sequence
from dataclasses import dataclass, replace
from secrets import randbelow
from sys import getsizeof
from typing import Any

from flask import Blueprint, redirect, request, url_for

from app.accounts.models import Person
from app.api import listing, negotiated
from app.comments import queries as comments
from app.comments.reading import EVERYONE, pagination
from app.comments.views import May, may_in, next_change
from app.consultations import queries
from app.consultations.exporting import COLUMNS, table_rows
from app.consultations.models import Consultation
from app.consultations.proposals import queries as proposals
from app.consultations.proposals.describe import proposal_summary
from app.consultations.proposals.models import Section
from app.contents import queries as contents
from app.contents import spaces
from app.contents.models import Content, Phase, State
from app.core import pagecache, shapes
from app.core.db import db, let_go
from app.core.i18n import _
from app.core.pages import PER_PAGE, Page, asked_page, paginate
from app.core.permissions import can, me, require

consultations = Blueprint("consultations", __name__, template_folder="templates")


def address(content: Content) -> str:
    return url_for("consultations.show", consultation_id=content)


@listing(consultations, "/consultations/")
def index():
    moment = request.args.get("state", "")
    page = paginate(queries.public_consultations(moment))
    figures = comments.figures_in([each.id for each in page.items])
    pagecache.public("region", until=contents.next_boundary(*page.items))
    return negotiated(
        page,
        describe=lambda consultation: describe(consultation, figures[consultation.id]),
        template="consultations/index.html",
        figures=figures,
        moment=moment,
    )


def describe(consultation: Consultation, counts: dict[str, int]) -> dict:
    return {
        "kind": consultation.kind,
        "id": consultation.id,
        "title": consultation.title,
        "url": address(consultation),
        "territory": consultation.territory.slug if consultation.territory else None,
        "state": consultation.moment,
        "published_at": consultation.published_at,
        "opens_at": consultation.opens_at,
        "closes_at": consultation.closes_at,
        "source": consultation.source,
        "excerpt": consultation.summary,
        "proposals": counts.get("proposal", 0),
        "arguments": counts.get("argument", 0),
    }


@listing(consultations, "/consultations/<ref:consultation_id>", csv=True)
def show(consultation_id):
    consultation, phases, sections = pagecache.kept(
        ("consultation", consultation_id), lambda: subject(consultation_id), size=lambda made: getsizeof(made[0].body_html) + 20_000
    )
    require("consultation.read", consultation)
    asked = request.args.get("sort", "recent")
    sort = asked if asked in proposals.SORTS else "recent"
    seed = asked_seed()
    if sort == "random" and seed is None:  # the order is in the address: the same for whoever opens it, page after page
        kept = {name: request.args[name] for name in ("section",) if name in request.args}
        return redirect(url_for(request.endpoint, consultation_id=consultation, sort=sort, seed=1 + randbelow(proposals.SEEDS), **kept))
    section = next((each for each in sections if each.key == request.args.get("section")), None)
    asked_for = Asked(sort, seed, section, asked_page())
    if request.path.endswith((".json", ".csv")):
        return as_data(consultation, phases, sections, asked_for)
    may = may_in(consultation, phases, consultation)

    def build(viewer: Person) -> Made:
        return page_of(consultation, phases, sections, asked_for, viewer, may=may)

    name = ("consultation page", consultation.id, "fr", may, sort, seed, section.key if section else "", asked_for.number)
    shape, ids, page = pagecache.kept(name, lambda: build(EVERYONE), size=lambda made: getsizeof(made[0]))
    voted, states = proposals.deeds_of(me(), consultation, ids)
    if State.PENDING in states:
        shape, ids, page = build(me())
    return shapes.page(shape, slots(consultation, page, voted, State.DRAFT in states))


def slots(consultation: Consultation, page: Page, voted: int, draft: bool) -> dict[str, str]:
    """What is the reader's own."""
    own: Any = shapes.macros("consultations/_own.html")
    found = {}
    if voted:
        found["note"] = own.note(voted)
    if draft:
        found["propose"] = _("Reprendre mon brouillon")
    if page.pages > 1:
        found["pages"] = pagination(page, _("Pages de propositions"))
    if consultation.territory and can("consultation.edit", consultation):
        place = consultation.territory.slug
        found["manage"] = own.manage(url_for("consultations_admin.edit", territory_slug=place, content_id=consultation.id))
    return found


@dataclass(frozen=True)
class Asked:
    """Which list the address asks for."""

    sort: str
    seed: int | None
    section: Section | None
    number: int


Made = tuple[shapes.Shape, list[int], Page]


def subject(consultation_id: int) -> tuple[Consultation, Sequence[Phase], Sequence[Section]]:
    """What the page is about."""
    consultation = queries.get_consultation(consultation_id)
    phases, sections = contents.phases_of(consultation), proposals.sections_of(consultation)
    tell(consultation, phases)
    let_go(consultation, consultation.territory, consultation.project, *phases, *sections)
    return consultation, phases, sections


def tell(consultation: Consultation, phases: Sequence[Phase], *others: Content) -> None:
    """What moves a page that shows this consultation, the counts in it, and these others."""
    if consultation.is_public:
        names = [f"content:{each.id}" for each in (consultation, *others)]
        until = next_change(phases, consultation.closes_at)
        pagecache.public(*names, f"counts:{consultation.id}", f"territory:{consultation.territory_id}", until=until)


def rows_for(consultation: Consultation, asked: Asked, viewer: Person) -> tuple[Page, dict[int | None, int]]:
    """The page of proposals asked for, each with its number of arguments; and how many there are in each section."""
    wanted = asked.section.id if asked.section else None
    counts = proposals.counts_by_section(consultation, viewer)
    query = proposals.proposals_of(consultation, viewer, sort=asked.sort, seed=asked.seed or 1, section_id=wanted)
    rows = db.execute(query.limit(PER_PAGE).offset((asked.number - 1) * PER_PAGE)).all()
    total = counts.get(wanted, 0) if asked.section else sum(counts.values())
    return Page(rows, total, asked.number, args={"consultation_id": consultation}), counts


def as_data(consultation: Consultation, phases: Sequence[Phase], sections: Sequence[Section], asked: Asked):
    """The same list, as JSON or CSV."""
    page, _counts = rows_for(consultation, asked, me())
    tallies = contents.figures_of(proposal.id for proposal, _count in page.items)
    titles = {each.id: each.title for each in sections}
    tell(consultation, phases)
    return negotiated(
        page,
        describe=lambda row: proposal_summary(row[0], consultation, tallies[row[0].id], row[1], titles),
        template="",
        table=lambda: (COLUMNS, table_rows(consultation)),
        filename=consultation.slug,
    )


def page_of(
    consultation: Consultation,
    phases: Sequence[Phase],
    sections: Sequence[Section],
    asked: Asked,
    viewer: Person,
    *,
    may: May,
) -> Made:
    """All of the page, with slots for what is the reader's own."""
    page, counts = rows_for(consultation, asked, viewer)
    ids = [proposal.id for proposal, _count in page.items]
    links = contents.links_of(consultation)
    tell(consultation, phases, *(other for _link, other, _outward in links))
    shape = shapes.shape(
        "consultations/show.html",
        consultation=consultation,
        phases=phases,
        moved=spaces.ends_moved(consultation),
        sections=sections,
        page=page,
        counts=counts,
        section=asked.section,
        sort=asked.sort,
        seed=asked.seed,
        tallies=contents.figures_of(ids),
        participants=contents.participants_in([consultation.id]).get(consultation.id, 0),
        links=links,
        may=may,
    )
    return shape, ids, replace(page, items=())


def asked_seed() -> int | None:
    """The order at random that the address names, between 1 and `SEEDS`."""
    raw = request.args.get("seed", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 4 and 1 <= int(raw) <= proposals.SEEDS else None
