"""What an agent asks of the queue, as its address says it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode

CAUSES = ("gate", "report", "edit")
CLAIMS = ("mine", "free")
LONGEST_QUERY = 100
WORDS = 5


@dataclass(frozen=True)
class Filters:
    """Empty: everything that waits. What an address holds that is none of these is left out, never an error."""

    everywhere: bool = False  # all of the agent's territories, beside a case of one of them
    activity: int | None = None  # the consultation or debate it belongs to
    kind: str = ""
    cause: str = ""
    reason: int | None = None  # the article of the charter named in a report
    late: bool = False
    claim: str = ""
    campaign: int | None = None
    q: str = ""

    @property
    def words(self) -> list[str]:
        return self.q.split()[:WORDS]

    @property
    def args(self) -> dict[str, Any]:
        """What an address carries of this; nothing for what is not asked."""
        found = {name: value for name, value in asdict(self).items() if value}
        return {name: 1 if value is True else value for name, value in found.items()}

    @property
    def query(self) -> str:
        return urlencode(self.args)

    @property
    def is_narrow(self) -> bool:
        """Does it ask for anything less than everything?"""
        return bool(self.args.keys() - {"everywhere"})

    def but(self, **changes: Any) -> "Filters":
        return replace(self, **changes)


def read(args: Mapping[str, str], kinds: Mapping[str, Any]) -> Filters:
    """The filters an address asks for."""
    return Filters(
        everywhere=args.get("everywhere") == "1",
        activity=a_number(args.get("activity")),
        kind=args.get("kind", "") if args.get("kind") in kinds else "",
        cause=args.get("cause", "") if args.get("cause") in CAUSES else "",
        reason=a_number(args.get("reason")),
        late=args.get("late") == "1",
        claim=args.get("claim", "") if args.get("claim") in CLAIMS else "",
        campaign=a_number(args.get("campaign")),
        q=" ".join(args.get("q", "").replace("\0", " ").split())[:LONGEST_QUERY],
    )


def a_number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
