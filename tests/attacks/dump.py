"""The whole database as plain values, to compare before and after."""

from typing import Any

from app.core.db import Base


def dump(connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in the order of its key."""
    return {
        table.name: [tuple(map(repr, row)) for row in connection.execute(table.select().order_by(*table.primary_key.columns))]
        for table in Base.metadata.sorted_tables
    }


def changes(before, after) -> dict[str, int]:
    """Tables that differ, with how many rows came or went."""
    return {name: len(set(before[name]) ^ set(after[name])) for name in before if before[name] != after[name]}
