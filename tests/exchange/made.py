"""Files made as the site makes them."""

import io


def table_of(write, rows: list[list], columns: list[str], title: str = "T") -> bytes:
    out = io.BytesIO()
    with write(out, columns, title) as put:
        for row in rows:
            put(row)
    return out.getvalue()
