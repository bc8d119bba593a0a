"""I06: a cell is never a formula, and nothing is lost."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api import csv_response, exact, harmless
from app.api.tables import write_csv
from tests.conftest import shared

pytestmark = pytest.mark.no_database
RISKY = ["=1+1", "+33 6", "-5", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x", "=HYPERLINK('http://x')", "'=1", "''=1"]


@pytest.mark.parametrize("text", RISKY)
def test_what_a_spreadsheet_would_run_is_text(text):
    assert harmless(text) == "'" + text
    assert exact(harmless(text)) == text


@pytest.mark.parametrize("text", ["", "Bonjour", "'", "l’eau", "'abc", "1 = 1", "5", "a-b", "é=", "''"])
def test_other_texts_are_left_alone(text):
    assert harmless(text) == exact(text) == text


@given(st.text(alphabet="'=+-@\t\r\n＝aé;\" ", max_size=8) | st.text())
def test_any_text_comes_back(text):
    assert exact(harmless(text)) == text


def test_a_table_comes_back_through_a_file():
    texts = [*RISKY, 'a;"b"\n c', "x\x00y", *json.loads(shared("corpus/hostile/naughty-strings.json").read_text())]
    content = write_csv([[text] for text in texts], ["Texte"])
    rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=";"))
    assert [row[0] if row else "" for row in rows[1:]] == [harmless(text) for text in texts]
    assert [exact(row[0]) if row else "" for row in rows[1:]] == texts


def test_values_are_written_for_people_and_programs():
    moment = datetime(2026, 11, 4, 8, 30, tzinfo=UTC)
    row = {"n": -5, "share": 0.5, "yes": True, "at": moment, "none": None, "name": "Zoé"}
    assert write_csv([row, list(row.values())], list(row)).split("\r\n")[1:3] == ["-5;0.5;oui;2026-11-04T08:30:00Z;;Zoé"] * 2


def test_the_answer_is_a_file_that_spreadsheets_read_as_utf_8():
    answer = csv_response([["Zoé"]], ["Prénom"], 'Liste des élus; x="1"\r\n')
    assert answer.get_data() == b"\xef\xbb\xbf" + "Prénom\r\nZoé\r\n".encode()
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="liste-des-elus-x-1.csv"'
