"""A program of its own, that reads one spreadsheet and imports nothing of ours: `python -I calamine.py ROWS COLUMNS < file > rows.json`.

A spreadsheet of one kilobyte may say that its last cell is in row 1,048,576 and column XFD. Its reader makes room for all that
lies between, and aborts its whole process when there is none: it does so here, within bounds, where nothing else falls with it.
"""

import json
import resource
import sys
from datetime import date, datetime
from io import BytesIO
from typing import Any

MEMORY, SECONDS = 768 * 1024 * 1024, 20  # octets of address space; of CPU


def main() -> None:
    rows, columns = (int(given) for given in sys.argv[1:])
    for limit, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (most, most))
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read())).get_sheet_by_index(0)
    found = [[as_text(cell) for cell in row[:columns]] for row in sheet.to_python(nrows=rows)]
    json.dump(found, sys.stdout)


def as_text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return (cell.date() if (cell.hour, cell.minute, cell.second) == (0, 0, 0) else cell).isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


if __name__ == "__main__":
    main()
