from secrets import randbelow

from flask import Blueprint, redirect, request, url_for

from app.api import listing, negotiated
from app.comments import queries as comments
from app.comments.views import may_in, next_change
from app.consultations import queries
from app.consultations.exporting import COLUMNS, table_rows
from app.consultations.models import Consultation
from app.consultations.proposals import queries as proposals
from app.consultations.proposals.describe import proposal_summary
from app.contents import queries as contents
from app.contents.models import Content
from app.core import pagecache
from app.core.db import db
from app.core.pages import PER_PAGE, Page, asked_page, paginate
from app.core.permissions import me, require

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
    consultation = queries.get_consultation(consultation_id)
    require("consultation.read", consultation)
    asked = request.args.get("sort", "recent")
    sort = asked if asked in proposals.SORTS else "recent"
    seed = asked_seed()
    if sort == "random" and seed is None:  # the order is in the address: the same for whoever opens it, page after page
        kept = {name: request.args[name] for name in ("section",) if name in request.args}
        return redirect(url_for(request.endpoint, consultation_id=consultation, sort=sort, seed=1 + randbelow(proposals.SEEDS), **kept))
    sections = proposals.sections_of(consultation)
    section = next((each for each in sections if each.key == request.args.get("section")), None)
    counts = proposals.counts_by_section(consultation, me())
    query = proposals.proposals_of(consultation, me(), sort=sort, seed=seed or 1, section_id=section.id if section else None)
    number = asked_page()
    rows = db.execute(query.limit(PER_PAGE).offset((number - 1) * PER_PAGE)).all()
    page: Page = Page(rows, counts.get(section.id, 0) if section else sum(counts.values()), number, args={"consultation_id": consultation})
    phases = contents.phases_of(consultation)
    tallies = contents.figures_of(proposal.id for proposal, _count in rows)
    titles = {each.id: each.title for each in sections}
    if consultation.is_public:
        pagecache.public(
            f"content:{consultation.id}", f"territory:{consultation.territory_id}", until=next_change(phases, consultation.closes_at)
        )
    return negotiated(
        page,
        describe=lambda row: proposal_summary(row[0], consultation, tallies[row[0].id], row[1], titles),
        template="consultations/show.html",
        table=lambda: (COLUMNS, table_rows(consultation)),
        filename=consultation.slug,
        consultation=consultation,
        phases=phases,
        sections=sections,
        counts=counts,
        section=section,
        sort=sort,
        seed=seed,
        tallies=tallies,
        votes=contents.votes_of(me(), [proposal.id for proposal, _count in rows]),
        participants=contents.participants_in([consultation.id]).get(consultation.id, 0) if wants_page() else 0,
        links=contents.links_of(consultation, me()) if wants_page() else [],
        may=may_in(consultation, phases, consultation),
        draft=proposals.draft_of(me(), consultation) if wants_page() else None,
    )


def wants_page() -> bool:
    return not request.path.endswith((".json", ".csv"))


def asked_seed() -> int | None:
    """The order at random that the address names, between 1 and `SEEDS`."""
    raw = request.args.get("seed", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 4 and 1 <= int(raw) <= proposals.SEEDS else None
