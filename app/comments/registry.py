"""Which kinds take arguments, votes and replies: features say so for theirs."""

argued: set[str] = set()
voted: set[str] = {"argument"}
replied: set[str] = {"argument"}
answered: set[str] = set()  # by the territory only
acts = {"argument": "argue", "comment": "comment"}  # by which act each was written: while it is open, it may be edited


def take_arguments(*kinds: str) -> None:
    argued.update(kinds)


def take_votes(*kinds: str) -> None:
    voted.update(kinds)


def take_replies(*kinds: str) -> None:
    """A page that takes them must show them."""
    replied.update(kinds)


def take_answers(*kinds: str) -> None:
    """The territory answers these in its own voice; nobody else replies to them. Their page must show it."""
    answered.update(kinds)
