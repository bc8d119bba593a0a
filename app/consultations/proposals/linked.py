from typing import Any

from app.consultations.models import Consultation
from app.consultations.proposals.models import Proposal
from app.contents.kinds import url_of
from app.contents.linked import posting
from app.contents.queries import Figures
from app.core.linked_data import absolute, describes


@describes("proposal")
def proposal_data(proposal: Proposal, consultation: Consultation, *, votes: Figures, arguments: int) -> dict[str, Any] | None:
    """`votes` and `arguments` as the page counts them."""
    about = posting(proposal, {"AgreeAction": votes.agree, "DisagreeAction": votes.disagree, "CommentAction": arguments})
    if about is not None:
        about["isPartOf"] = {"@type": "WebPage", "name": consultation.title, "url": absolute(url_of(consultation))}
    return about
