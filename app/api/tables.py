"""CSV that opens in a French spreadsheet and runs nothing there.

UTF-8 with its mark, semicolons, CR LF. A text that a spreadsheet would take for a formula (it starts with = + - @, a tab, a
carriage return, a line feed, or their full-width twins) is preceded by an apostrophe, which spreadsheets take to mean "this is
text". So that nothing is lost, apostrophes before such a sign get one more: `exact(harmless(text)) == text`, always. Numbers stay
numbers: -5 is not a formula.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, TextIO

from flask import Response

from app.core.text import slugify

FORMULA = "=+\\-@\t\r\n＝＋－＠"
_risky = re.compile(f"'*[{FORMULA}]")
_quoted = re.compile(f"'+[{FORMULA}]")

Row = Mapping[str, Any] | Sequence[Any]  # values by column, or in the order of the columns


def harmless(text: str) -> str:
    """The text as a cell that is never a formula."""
    return f"'{text}" if _risky.match(text) else text


def exact(cell: str) -> str:
    """The text that `harmless` was given: for who reads our CSV with a program."""
    return cell[1:] if _quoted.match(cell) else cell


def cell(value: Any) -> Any:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, int | float) and not isinstance(value, Enum):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return harmless(str(value.value if isinstance(value, Enum) else value))


def csv_writer(out: TextIO, columns: Sequence[str]) -> Callable[[Row], None]:
    """Write the headings; what it returns writes one row after the other."""
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([harmless(str(column)) for column in columns])

    def put(row: Row) -> None:
        values = [row.get(column) for column in columns] if isinstance(row, Mapping) else row
        writer.writerow([cell(value) for value in values])

    return put


def write_csv(rows: Iterable[Row], columns: Sequence[str]) -> str:
    out = io.StringIO(newline="")
    put = csv_writer(out, columns)
    for row in rows:
        put(row)
    return out.getvalue()


def csv_response(rows: Iterable[Row], columns: Sequence[str], filename: str) -> Response:
    """A file to save."""
    body = write_csv(rows, columns).encode("utf-8-sig", "replace")
    response = Response(body, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{slugify(filename) or "liste"}.csv"'
    return response
