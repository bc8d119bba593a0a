"""What each author will read, before anybody decides: made by the very templates that will be sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.contents import kinds, redactions
from app.contents.models import State
from app.core import clock
from app.moderation import services as moderation
from app.moderation.models import RESTRICTIVE, Case, Verdict
from app.moderation.redress import how_to_contest
from app.moderation.statements import rule_of
from app.notifications.services import words
from app.territories.models import CharterArticle


@dataclass(frozen=True)
class Letter:
    """`title` and `text` as on the author's page; both empty when nobody is told: nothing changes, or there is no account."""

    case: Case
    title: str = ""
    text: str = ""


def preview(cases: Sequence[Case], *, verdict: Verdict, article: CharterArticle | None, reasons: str) -> list[Letter]:
    return [letter_about(case, verdict, article, reasons) for case in cases]


def letter_about(case: Case, verdict: Verdict, article: CharterArticle | None, reasons: str) -> Letter:
    """What a restriction states, the rule and how to contest, is in it: the statement itself is not written yet."""
    content = case.content
    after = moderation.AFTER[verdict].get(content.state)
    if content.author is None or content.author.closed_at or after is None or (verdict == Verdict.KEEP and after == content.state):
        return Letter(case)
    context = {
        "name": content.author.name,
        "title": content.title,
        "kind": kinds.kind_label(content),
        "text": redactions.written(content)[1],
        "reasons": reasons,
        "rule": rule_of(article, content.territory) if verdict in RESTRICTIVE else "",
        "redress": how_to_contest(clock.now()) if verdict in RESTRICTIVE else "",
        "place": "",
        "was_public": after == State.REMOVED,
        "url": "",
    }
    return Letter(case, *words(f"decision_{verdict.value}", context))
