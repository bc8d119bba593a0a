from app.core.text import plain
from app.debates.models import Debate


def declare() -> None:
    from app.search.registry import Document, searchable

    @searchable(Debate)
    def debate_document(debate: Debate) -> Document:
        body = " ".join(filter(None, [plain(debate.body_html), debate.asked, debate.becomes, plain(debate.conclusion_html)]))
        return Document.of(debate, body=body)
