"""Tables and JSON given away, a row at a time: each `with` gives the function that writes the next row, and holds no other.

By hand for ODS and XLSX, which ask for a few short files in an archive: libraries make an object of each cell, or cost three
times the CPU. A text is always a text cell, which no spreadsheet takes for a formula or a link; numbers stay numbers.
"""

import io
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

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
XLSX_PARTS = {
    "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    # The second style is that of the headings: bold.
    "xl/styles.xml": f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/>'
    '</border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="2">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" '
    'applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
_code = re.compile("_(?=x[0-9A-Fa-f]{4}_)")  # a reader takes _x000D_ for the sign of that number


@contextmanager
def xlsx_table(out: IO[bytes], columns: Sequence[str], title: str) -> Iterator[Put]:
    book = (
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name={quoteattr(title[:31])} sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    with package(out, XLSX_PARTS | {"xl/workbook.xml": book}, "xl/worksheets/sheet1.xml") as write:

        def put(row: Sequence[Any]) -> None:
            write(f"<row>{''.join(map(xlsx_cell, row))}</row>")

        headings = "".join(xlsx_cell(column, style=' s="1"') for column in columns)
        write(
            f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
            f'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols><col min="1" max="{len(columns)}" width="24" '
            f'customWidth="1"/></cols><sheetData><row>{headings}</row>'
        )
        yield put
        write("</sheetData></worksheet>")


def xlsx_cell(value: Any, style: str = "") -> str:
    if value is None or value == "":
        return "<c/>"
    if is_number(value):
        return f"<c><v>{value}</v></c>"
    words = escaped(str(value)[:MOST_IN_XLSX_CELL])
    if "_x" in words:
        words = _code.sub("_x005F_", words)
    return f'<c{style} t="inlineStr"><is><t xml:space="preserve">{words}</t></is></c>'


# --- What they share -------------------------------------------------------------------------------------------------------


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def xml_of(text: str) -> bytes:
    """In UTF-8, without what no XML may hold: control signs, lone surrogates, the two that are no characters."""
    return text.encode("utf-8", "ignore").translate(None, _controls).replace(b"\xef\xbf\xbe", b"").replace(b"\xef\xbf\xbf", b"")


def escaped(text: str) -> str:
    """Of XML, outside of attributes. Three replacements cost less than a table of signs."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
