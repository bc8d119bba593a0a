from typing import Any

from app.contents.linked import posting
from app.core.linked_data import describes
from app.debates.models import Debate


@describes("debate")
def debate_data(debate: Debate, *, arguments: int) -> dict[str, Any] | None:
    return posting(debate, {"CommentAction": arguments})
