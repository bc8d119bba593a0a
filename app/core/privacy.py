"""Personal data, declared table by table: what a person's export gives, what an erasure does, what is kept and why.

Every model states `__personal__`; a test fails on a table that says nothing. Accounts read these declarations to
export and to erase, so that no feature has to remember.
"""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Personal:
    """`of`: the column that names the person. `export`: columns they receive. `erase`: "delete" the rows, "blank" the
    columns in `blanks` (to the value given), or "keep" them, for the reason and the time said in `kept`."""

    of: str
    export: tuple[str, ...] = ()
    erase: Literal["delete", "blank", "keep"] = "delete"
    blanks: dict[str, object] = field(default_factory=dict)
    kept: str = ""

    def __post_init__(self):
        assert (self.erase == "keep") == bool(self.kept), "what is kept is kept for a stated reason, and only then"
        assert (self.erase == "blank") == bool(self.blanks)


NOTHING_PERSONAL: tuple[Personal, ...] = ()


def personal(*declarations: Personal) -> tuple[Personal, ...]:
    return declarations
