"""Proposals and arguments for programs: the same words in JSON, CSV and the export."""

from typing import Any

from flask import url_for

from app.comments.models import Argument
from app.consultations.proposals.models import Proposal
from app.contents.models import Content
from app.contents.queries import Figures


def votes(tally: Figures) -> dict[str, int]:
    return {"agree": tally.agree, "mixed": tally.mixed, "disagree": tally.disagree, "imported": tally.imported}


def proposal_summary(proposal: Proposal, consultation: Content, tally: Figures, arguments: int, sections: dict[int, str]) -> dict[str, Any]:
    return {
        "kind": proposal.kind,
        "id": proposal.id,
        "title": proposal.title,
        "url": url_for("proposals.show", proposal_id=proposal),
        "territory": consultation.territory.slug if consultation.territory else None,
        "state": consultation.moment,
        "published_at": proposal.published_at,
        "source": proposal.source,
        "excerpt": proposal.summary,
        "section": sections.get(proposal.section_id or 0),
        "is_official": proposal.is_official,
        "byline": proposal.byline,
        "votes": votes(tally),
        "arguments": arguments,
    }


def argument_whole(argument: Argument, tally: Figures) -> dict[str, Any]:
    return {
        "kind": argument.kind,
        "id": argument.id,
        "side": argument.side,
        "title": argument.title,
        "byline": argument.byline,
        "published_at": argument.published_at,
        "source": argument.source,
        "body": argument.body_html,
        "votes": votes(tally),
    }
