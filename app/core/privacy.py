"""Personal data, declared table by table: what a person's export gives, what an erasure does, what is kept and why.

Every model states `__personal__`; a test fails on a table that says nothing. Accounts read these declarations to
export and to erase, so that no feature has to remember.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from app.core import clock


@dataclass(frozen=True)
class Personal:
    """`of`: the column that names the person. `export`: columns they receive. `erase`: "delete" the rows, "blank" the
    columns in `blanks` (to the value given), or "keep" them, for the reason said in `kept`. `years`: how long even so; the
    package's `retention` forgets then, and reads the number here (0: as long as the row, or the account)."""

    of: str
    export: tuple[str, ...] = ()
    erase: Literal["delete", "blank", "keep"] = "delete"
    blanks: dict[str, object] = field(default_factory=dict)
    kept: str = ""
    years: int = 0

    def __post_init__(self):
        assert (self.erase == "keep") == bool(self.kept), "what is kept is kept for a stated reason, and only then"
        assert (self.erase == "blank") == bool(self.blanks)

    @property
    def reason(self) -> str:
        """What is kept and why, then for how long."""
        return f"{self.kept} Durée : {'un an' if self.years == 1 else f'{self.years} ans'}." if self.years else self.kept


NOTHING_PERSONAL: tuple[Personal, ...] = ()


def personal(*declarations: Personal) -> tuple[Personal, ...]:
    return declarations


def kept_since(model: Any, of: str) -> datetime:
    """The moment before which what this column names is no longer kept, as the table declares it."""
    return clock.from_now(days=-365 * years_kept(model, of))


def years_kept(model: Any, of: str) -> int:
    years = next(each.years for each in model.__personal__ if each.of == of)
    assert years, f"{model.__name__}.{of} says no time"
    return years
