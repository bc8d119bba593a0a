"""U02: what a name may do to a reader, a header, a disk."""

import pytest
from werkzeug.http import parse_options_header

from app.files.naming import clean_name, disposition

NAMES = {
    "rapport.pdf": "rapport.pdf",
    "Rapport Final.PDF": "Rapport Final.pdf",
    "../../etc/passwd": "passwd.pdf",
    "C:\\Users\\zoe\\plan.pdf": "plan.pdf",
    "мой файл.pdf": "мой файл.pdf",
    "мой.exe": "мой.exe.pdf",
    "a\x00.pdf": "a.pdf",
    "a\r\nSet-Cookie: x=1.pdf": "a Set-Cookie x=1.pdf",
    "facture\u202efdp.exe": "facturefdp.exe.pdf",
    'a"b<c>|d?*.pdf': "a b c d .pdf".replace(" .", "."),
    "con.pdf": "_con.pdf",
    "NUL": "_NUL.pdf",
    "lpt1.txt.pdf": "_lpt1.txt.pdf",
    ".htaccess": "htaccess.pdf",
    "...": "fichier.pdf",
    ".pdf": "fichier.pdf",
    "": "fichier.pdf",
    None: "fichier.pdf",
    "e\u0301te\u0301.pdf": "été.pdf",
    "👩‍👩‍👧.pdf": "👩‍👩‍👧.pdf",
    "\ud800.pdf": "fichier.pdf",
    "x" * 300 + ".pdf": "x" * 120 + ".pdf",
    "<script>alert(1)</script>.pdf": "script.pdf",
}


@pytest.mark.no_database
@pytest.mark.parametrize("given", NAMES)
def test_a_name_is_cleaned(given):
    assert clean_name(given, ("pdf",)) == NAMES[given]


@pytest.mark.no_database
@pytest.mark.parametrize("given", NAMES)
def test_the_header_carries_the_exact_name(given):
    name = clean_name(given, ("pdf",))
    header = disposition("attachment", name)
    assert header.isascii()
    assert not set(header) & {"\r", "\n", "\x00"}
    kind, options = parse_options_header(header)
    assert (kind, options["filename"]) == ("attachment", name)
