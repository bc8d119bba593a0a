"""Small sums, each with its definition. Nothing here knows the database."""

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TypeVar

SMALL = 5  # a group of people smaller than this is not told apart
ENOUGH = 30  # pairs of verdicts, below which chance moves kappa more than people do
T = TypeVar("T")


def middle(values: Sequence[float]) -> float | None:
    """The median."""
    return median(values) if values else None


def ninth_tenth(values: Sequence[float]) -> float | None:
    """The 90th percentile by the nearest rank: the smallest value that at least nine in ten do not pass."""
    return sorted(values)[math.ceil(0.9 * len(values)) - 1] if values else None


def agreement(pairs: Mapping[tuple[T, T], int]) -> float | None:
    """The share of pairs whose two verdicts are the same."""
    total = sum(pairs.values())
    return sum(count for (one, other), count in pairs.items() if one == other) / total if total else None


def kappa(pairs: Mapping[tuple[T, T], int]) -> float | None:
    """Cohen's kappa: (p − e) / (1 − e), p the share of agreement, e the share that chance alone would give.

    J. Cohen, « A coefficient of agreement for nominal scales », Educational and Psychological Measurement 20 (1960), p. 37-46.
    None below `ENOUGH` pairs, and where everybody always says the same: chance then explains all.
    """
    total, observed = sum(pairs.values()), agreement(pairs)
    if observed is None or total < ENOUGH:
        return None
    firsts: dict[T, int] = {}
    seconds: dict[T, int] = {}
    for (one, other), count in pairs.items():
        firsts[one] = firsts.get(one, 0) + count
        seconds[other] = seconds.get(other, 0) + count
    expected = sum(count * seconds.get(verdict, 0) for verdict, count in firsts.items()) / total**2
    return (observed - expected) / (1 - expected) if expected < 1 else None


def masked(counts: Mapping[T, int]) -> tuple[int | None, dict[T, int]]:
    """Of counts of people: the total, None when it is small; and the parts, none at all if one of them is small.

    A single part that is left out is found by subtraction: all are shown, or none.
    """
    shown = {key: count for key, count in counts.items() if count}
    total = sum(shown.values())
    if 0 < total < SMALL:
        return None, {}
    return total, shown if all(count >= SMALL for count in shown.values()) else {}
