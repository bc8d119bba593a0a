"""Tables and JSON given away, a row at a time: each `with` gives the function that writes the next row, and holds no other.

XlsxWriter writes XLSX, a row at a time. ODS by hand, three short files in an archive: the libraries for it make an object of each
cell, and 3,500 sheets took odfdo a minute of CPU. A text is always a text cell, which no spreadsheet takes for a formula or a
link; numbers stay numbers.
"""

import io
import itertools
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Any
from xml.sax.saxutils import quoteattr

from flask import current_app

from app.api.tables import csv_writer

CSV = "text/csv"
JSON = "application/json"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_IN_XLSX_CELL = 32_767  # signs: what Excel opens
LEVEL = 4  # of compression: beyond, a tenth smaller for twice the time
_controls = bytes(sign for sign in range(32) if sign not in b"\t\n\r")

Put = Callable[[Any], None]
Table = Callable[[IO[bytes], Sequence[str], str], AbstractContextManager[Put]]  # (file, headings, title) → what writes a row


@contextmanager
def json_items(out: IO[bytes]) -> Iterator[Put]:
    """`{"items": […]}`, an object a line."""
    between = b""

    def put(about: Any) -> None:
        nonlocal between
        out.write(between + current_app.json.dumps(about, separators=(",", ":")).encode())
        between = b",\n"

    out.write(b'{"items":[')
    yield put
    out.write(b"]}\n")


@contextmanager
def csv_table(out: IO[bytes], columns: Sequence[str], _title: str) -> Iterator[Put]:
    text = io.TextIOWrapper(out, "utf-8-sig", "replace", newline="")
    try:
        yield csv_writer(text, columns)
        text.flush()
    finally:
        text.detach()


@contextmanager
def package(out: IO[bytes], parts: dict[str, str], last: str) -> Iterator[Callable[[str], None]]:
    """An archive of these small parts, then of the one that is written as it comes. Signs that XML cannot hold are left out."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name, text in parts.items():
            archive.writestr(name, text, zipfile.ZIP_STORED)
        with archive.open(last, "w") as content:

            def write(text: str) -> None:
                content.write(xml_of(text))

            yield write


# --- OpenDocument 1.3 ------------------------------------------------------------------------------------------------------

ODS_NAMES = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text", "manifest"))
ODS_PARTS = {
    "mimetype": ODS,  # first and as it is, so that programs know the file by its first bytes
    "META-INF/manifest.xml": f'<?xml version="1.0" encoding="UTF-8"?><manifest:manifest {ODS_NAMES} manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODS}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>',
}
_spaces = re.compile("(?m)^ +| {2,}")  # a reader of OpenDocument takes a run of spaces for one


@contextmanager
def ods_table(out: IO[bytes], columns: Sequence[str], title: str) -> Iterator[Put]:
    with package(out, ODS_PARTS, "content.xml") as write:

        def put(row: Sequence[Any]) -> None:
            write(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>")

        write(
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {ODS_NAMES} office:version="1.3"><office:body>'
            f"<office:spreadsheet><table:table table:name={quoteattr(title)}>"
        )
        put(columns)
        yield put
        write("</table:table></office:spreadsheet></office:body></office:document-content>")


def ods_cell(value: Any) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    if is_number(value):
        return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
    words = escaped(str(value))
    if "  " in words or "\n " in words or words.startswith(" "):
        words = _spaces.sub(lambda run: f'<text:s text:c="{len(run[0])}"/>', words)
    lines = words.replace("\n", "</text:p><text:p>")
    return f'<table:table-cell office:value-type="string"><text:p>{lines}</text:p></table:table-cell>'


# --- Office Open XML -------------------------------------------------------------------------------------------------------


@contextmanager
def xlsx_table(out: IO[bytes], columns: Sequence[str], title: str) -> Iterator[Put]:
    from xlsxwriter import Workbook  # here: forty modules that each start would load for one file

    options = {f"strings_to_{kind}": False for kind in ("formulas", "urls", "numbers")}
    whole = io.BytesIO()  # it would leave its archive open on a disk that is full
    with Workbook(whole, {"constant_memory": True, **options}) as book:
        sheet = book.add_worksheet(title[:31])
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, 24)
        for n, column in enumerate(columns):
            sheet.write_string(0, n, column, bold)
        lines = itertools.count(1)

        def put(row: Sequence[Any]) -> None:
            line = next(lines)
            for n, value in enumerate(row):
                if is_number(value):
                    sheet.write_number(line, n, value)
                elif value is not None and value != "":
                    sheet.write_string(line, n, xml_of(str(value)[:MOST_IN_XLSX_CELL]).decode())

        yield put
    out.write(whole.getbuffer())


# --- What they share -------------------------------------------------------------------------------------------------------


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def xml_of(text: str) -> bytes:
    """In UTF-8, without what no XML may hold: control signs, lone surrogates, the two that are no characters."""
    return text.encode("utf-8", "ignore").translate(None, _controls).replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b"")


def escaped(text: str) -> str:
    """Of XML, outside of attributes. Three replacements cost less than a table of signs."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
