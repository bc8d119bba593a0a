"""Tables taken in: CSV, ODS, XLSX and JSON, within bounds. Spreadsheets are read by python-calamine: it runs no formula and opens
nothing else.
"""

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from app.api.tables import exact
from app.core.errors import DomainError
from app.core.i18n import _
from app.core.logs import log
from app.exchange import calamine

MOST_ROWS, MOST_COLUMNS, MOST_IN_CELL = 5_000, 200, 100_000
PATIENCE = 60  # seconds for a spreadsheet to be read
DEEPEST = 20  # lists in lists, in JSON
UNPACKED, ENTRIES = 60_000_000, 2_000  # octets and files inside of a spreadsheet


_unkept = re.compile("[\x00\ud800-\udfff]")


def read_table(raw: bytes, name: str) -> list[dict[str, Any]]:
    """The rows of a file, each a mapping from heading to text, or the objects of a JSON file. Refuses with a sentence on field "file"."""
    ending = name.rsplit(".", 1)[-1].lower()
    try:
        if ending == "json":
            return read_json(raw)
        if ending in {"xlsx", "ods"}:
            return with_headings(read_spreadsheet(raw))
        if ending in {"csv", "txt", "tsv"}:
            return with_headings(read_csv(raw))
    except DomainError as error:
        raise DomainError(error.message, "file") from error
    raise DomainError(_("Envoyez un fichier CSV, ODS, XLSX ou JSON."), "file")


def read_json(raw: bytes) -> list[dict[str, Any]]:
    """A list of objects, or the `items` of one of our own answers."""
    try:
        found = json.loads(decoded(raw))
        if any(isinstance(each, float) and not isfinite(each) for level in levels(found) for each in level):
            raise ValueError("Python reads NaN and 1e999; PostgreSQL keeps neither")
    except (ValueError, RecursionError) as error:
        raise DomainError(_("Ce fichier n’est pas du JSON que l’on peut lire : vérifiez qu’il est entier.")) from error
    rows = found.get("items") if isinstance(found, dict) else found
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DomainError(_("Ce fichier JSON doit contenir une liste de fiches."))
    return bounded(rows)


def levels(thing: Any) -> Iterator[list[Any]]:
    """What JSON holds, level by level. Nested deeper than anything of ours, it is refused: whoever follows it down falls."""
    level = [thing]
    for _depth in range(DEEPEST):
        yield level
        level = [inner for each in level if isinstance(each, dict | list) for inner in (each.values() if isinstance(each, dict) else each)]
        if not level:
            return
    raise DomainError(_("Ce fichier JSON imbrique trop de listes : il ne vient pas d’un catalogue."))


def check_signs(row: Mapping[str, Any]) -> None:
    """Refuse what no database keeps: NUL, half of a sign."""
    if any(isinstance(each, str) and _unkept.search(each) for level in levels(dict(row)) for each in level):
        raise DomainError(_("Cette ligne contient un signe qui ne peut pas être enregistré. Retirez-le et renvoyez."))


def decoded(raw: bytes) -> str:
    """UTF-8, or what French spreadsheets write where they do not say."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def read_csv(raw: bytes) -> list[list[str]]:
    text = decoded(raw)
    first = text.split("\n", 1)[0]
    delimiter = max(";\t,", key=first.count)
    csv.field_size_limit(MOST_IN_CELL * 4)
    try:
        return [[exact(cell) for cell in row] for row in bounded_lines(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))]
    except csv.Error as error:
        raise DomainError(_("Ce fichier CSV est abîmé : un guillemet n’est pas refermé, ou une case est trop longue.")) from error


def bounded_lines(lines: Iterable[list[Any]]) -> Iterable[list[Any]]:
    for number, row in enumerate(lines):
        if number > MOST_ROWS:
            raise too_many()
        yield row


def read_spreadsheet(raw: bytes) -> list[list[str]]:
    """The first sheet. What it would weigh unpacked is counted before anything is unpacked; what it would weigh read, nobody knows
    before: a process of its own reads it, and falls alone."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            parts = package.infolist()
            if len(parts) > ENTRIES or sum(part.file_size for part in parts) > UNPACKED:
                raise DomainError(_("Ce classeur est trop grand une fois ouvert. Gardez une seule feuille, et enregistrez-la en CSV."))
        command = [sys.executable, "-I", calamine.__file__, str(MOST_ROWS + 2), str(MOST_COLUMNS + 1)]
        read = subprocess.run(command, input=raw, capture_output=True, timeout=PATIENCE, check=True)  # noqa: S603 -- ours, and no shell
    except (zipfile.BadZipFile, ValueError, subprocess.SubprocessError) as error:
        log.info("spreadsheet refused", error=type(error).__name__)
        raise DomainError(_("Ce classeur ne s’ouvre pas. Enregistrez-le à nouveau, en ODS, XLSX ou CSV.")) from error
    return list(bounded_lines(json.loads(read.stdout)))


def with_headings(rows: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Lines under their headings; empty lines are no rows."""
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if len(filled) < 2:
        raise DomainError(_("Ce fichier n’a pas de ligne sous ses titres de colonnes."))
    headings = [cell.strip() for cell in filled[0]]
    if len(headings) > MOST_COLUMNS:
        raise DomainError(_("%(most)s colonnes au plus.", most=MOST_COLUMNS))
    return bounded([dict(zip(headings, row, strict=False)) for row in filled[1:]])


def bounded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(rows) > MOST_ROWS:
        raise too_many()
    for row in rows:
        if len(row) > MOST_COLUMNS or any(len(str(value)) > MOST_IN_CELL for value in row.values()):
            raise DomainError(_("Une case est trop longue : %(most)s signes au plus.", most=MOST_IN_CELL))
    return rows


def too_many() -> DomainError:
    return DomainError(_("%(most)s fiches au plus dans un fichier : coupez-le en deux.", most=MOST_ROWS))
