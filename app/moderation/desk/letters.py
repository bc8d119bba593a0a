"""What each author will read, before anybody decides: made by the very templates that will be sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.contents import kinds
from app.contents.models import State
from app.moderation import services as moderation
from app.moderation.models import Case, Verdict
from app.notifications.services import words
from app.territories.models import CharterArticle


@dataclass(frozen=True)
class Letter:
    """`title` and `text` as on the author's page; both empty when nobody is told: nothing changes, or there is no account."""

    case: Case
    title: str = ""
    text: str = ""


def preview(cases: Sequence[Case], *, verdict: Verdict, article: CharterArticle | None, reasons: str) -> list[Letter]:
    return [letter_about(case, verdict, reasons) for case in cases]


def letter_about(case: Case, verdict: Verdict, reasons: str) -> Letter:
    content = case.content
    after = moderation.AFTER[verdict].get(content.state)
    if content.author is None or content.author.closed_at or after is None or (verdict == Verdict.KEEP and after == content.state):
        return Letter(case)
    context = {
        "name": content.author.name,
        "title": content.title,
        "kind": kinds.kind_label(content),
        "text": content.body_source or content.summary,
        "reasons": reasons,
        "place": "",
        "was_public": after == State.REMOVED,
        "url": "",
    }
    return Letter(case, *words(f"decision_{verdict.value}", context))
