"""U04, G05, S03: files and sources that mean harm. What cannot be taken is told, row by row; the rest is taken; nothing breaks.

Seen red: a section too long was a page of refusal instead of a preview, and an import that never ended; `"\\ud800"`, a cost of 10^40,
a key that is a list stopped the worker at each try; one address like `http://[` in a feed, all that the source had to say.
"""

import io
import json
import re
import zipfile

import pytest
from sqlalchemy import select

from app.contents.models import Content
from app.core.db import db
from app.core.errors import DomainError
from app.core.fetch import Fetched
from app.exchange import harvest, importing, readers, tables, writers
from app.exchange.models import HarvestSource, ImportState, SheetImport
from app.initiatives.models import Step
from tests.exchange.made import table_of
from tests.factories import make_person

GOOD = {"titre": "Un marché", "contexte": "Au bourg."}
FACTS = {"kind": "initiative", "title": "Un jury", "facts": {}}
DEEP: list = []
for _n in range(400):
    DEEP = [DEEP]
BAD = {
    "a section too long for a page": {"titre": "Long", "contexte": "mot " * 20_000},
    "half a sign": {"titre": "Un \ud800 demi", "contexte": "x"},
    "half a sign in a name": {"titre": "Un", "source": "\ud800", "identifiant": "\ud800", "thematique": "\ud800", "territoire": "\ud800"},
    "a NUL": {"titre": "Un\x00", "identifiant": "a\x00b", "territoire": "x\x00", "thematique": "\x00"},
    "a cost no column holds": {"titre": "Cher", "cout en euros": "9" * 300, "cout": "1e300", "cost_euros": "1e300"},
    "a place that is nowhere": {"titre": "Loin", "latitude": "nan", "longitude": "1e308"},
    "a key that is a list": FACTS | {"sections": [{"key": [1], "source": "x"}]},
    "a kind that is a list": FACTS | {"kind": [["x"]], "terms": {"theme": [[1], {"label": [2]}]}},
    "numbers past all": FACTS | {"facts": {"cost_euros": 10**40, "issued_year": 1e300, "latitude": 1e308, "longitude": -1e308}},
    "texts that are things": FACTS | {"title": {"a": 1}, "summary": [1], "steps": [1, {"when": [1]}], "sources": [{"url": {"a": 1}, "title": 3}]},
    "lists in lists": FACTS | {"facts": {"x": DEEP}, "terms": {"theme": DEEP}},
    "a name too long": FACTS | {"identifier": "x" * 5_000, "title": "t" * 5_000},
    "a language and a url of nobody": FACTS | {"language": "\ud800", "url": "http://[", "sources": [{"title": "x", "url": "http://["}]},
}  # fmt: skip


@pytest.fixture
def curator(app):
    return make_person(roles=[("curator", None)])


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("target", [Step.DRAFT, Step.PUBLISHED])
def test_one_bad_row_is_told_and_the_others_come_in(client, curator, run_worker, name, target):
    rows = [GOOD, BAD[name], GOOD | {"titre": "Un jardin"}]
    kept = importing.prepare(json.loads(json.dumps(rows)), name="fiches.json", by=curator, target=target, replaces=False)
    db.commit()
    client.log_in(curator)
    assert client.get(f"/gestion/region/catalogue/imports/{kept.id}").status_code == 200
    importing.confirm(db.get(SheetImport, kept.id))
    db.commit()
    run_worker("sheet_import")
    db.expire_all()
    done = db.scalars(select(SheetImport).execution_options(populate_existing=True)).one()
    assert done.state == ImportState.DONE
    assert [line["did"] for line in done.report][::2] == ["new", "new"]
    assert {"Un marché", "Un jardin"} <= set(db.scalars(select(Content.title)))
    assert client.get(f"/gestion/region/catalogue/imports/{kept.id}").status_code == 200
    for path in ("/catalogue/", "/donnees/catalogue.json", "/donnees/catalogue.csv", "/donnees/catalogue.ods",
                 "/donnees/catalogue.xlsx", "/donnees/catalogue.jsonld", "/catalogue/flux.atom", "/api/v1/catalogue", "/catalogue/carte.json", "/catalogue/carte"):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert b"NaN" not in answer.data, path


@pytest.mark.parametrize("name", [name for name in BAD if "facts" in BAD[name]])
def test_one_bad_thing_of_a_source_leaves_the_others(curator, monkeypatch, name):
    bad = BAD[name] | {"identifier": BAD[name].get("identifier", "https://nord.example/2")}
    items = [FACTS | {"title": title, "identifier": f"https://nord.example/{n}"} for n, title in ((1, "Un marché"), (3, "Un jardin"))]
    items.insert(1, bad)
    monkeypatch.setattr(readers, "fetch", lambda url, **_: Fetched(200, url, {}, json.dumps({"pages": 1, "items": items}).encode()))
    taken_from(curator, "beffroi")


@pytest.mark.parametrize("link", ["http://[", "http://a:b/", "javascript:alert(1)", "//[::/", "http://\u2100.example/"])
def test_a_feed_with_a_broken_address_brings_the_others(curator, monkeypatch, link):
    entry = "<item><guid>{0}</guid><title>{1}</title><link>{2}</link><description>Du texte &lt;a href='{2}'&gt;ici&lt;/a&gt;.</description></item>"
    items = (
        entry.format(n, title, link if n == 2 else f"https://nord.example/{n}")
        for n, title in enumerate(("Un marché", "Autre", "Un jardin"))
    )
    body = f"<rss><channel>{''.join(items)}{entry.format(9, 'Deux', link)}</channel></rss>".encode()
    monkeypatch.setattr(readers, "fetch", lambda url, **_: Fetched(200, url, {}, body))
    taken_from(curator, "feed")


def taken_from(curator, kind: str) -> None:
    source = harvest.save_source(
        None, by=curator, name="Ailleurs", kind=kind, url="https://nord.example/x", territory=None, every_hours=24, is_active=True
    )
    db.commit()
    harvest.run(source.id)
    db.expire_all()
    after = db.scalars(select(HarvestSource).execution_options(populate_existing=True)).one()
    assert after.problem == ""
    assert {"Un marché", "Un jardin"} <= set(db.scalars(select(Content.title)))


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999", "[" * 200 + "]" * 200, "[" * 990 + "]" * 990, "[" * 100_000])
def test_json_that_cannot_be_kept_is_refused(client, curator, value):
    """Seen red without `levels` in tables.read_json: PostgreSQL refuses NaN, and what is nested 900 deep cannot be written again."""
    client.log_in(curator)
    sent = {"file": (io.BytesIO(f'[{{"titre": "Un", "x": {value}}}]'.encode()), "fiches.json"), "target": "draft"}
    answer = client.post("/gestion/region/catalogue/imports", data=sent)
    assert answer.status_code == 422
    assert "JSON" in answer.text


def repeated(rows: int, columns: int) -> bytes:
    """A table of one cell, said to be there so many times."""
    out = io.BytesIO()
    cell = f'<table:table-cell table:number-columns-repeated="{columns}" office:value-type="string"><text:p>A</text:p></table:table-cell>'
    with zipfile.ZipFile(io.BytesIO(table_of(writers.ods_table, [], ["A"]))) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            written = before.read(name).decode().replace("<table:table-row>", f'<table:table-row table:number-rows-repeated="{rows}">')
            after.writestr(name, re.sub(r"<table:table-cell.*?</table:table-cell>", cell, written))
    return out.getvalue()


def cornered(corner: str) -> bytes:
    """Two cells: the first, and the last there can be."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(table_of(writers.xlsx_table, [["b"]], ["a"]))) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            row = f'<row r="1048576"><c r="{corner}" t="inlineStr"><is><t>z</t></is></c></row></sheetData>'
            after.writestr(name, before.read(name).decode().replace("</sheetData>", row))
    return out.getvalue()


@pytest.mark.parametrize(
    ("raw", "name"),
    [(repeated(5_000, 16_384), "a.ods"), (repeated(1_048_576, 200), "a.ods"), (cornered("XFD1048576"), "a.xlsx"), (cornered("ZZZZZZ1"), "a.xlsx")],
    ids=["repeated cells", "repeated rows", "last corner", "no corner"],
)  # fmt: skip
def test_a_spreadsheet_that_claims_the_whole_grid_is_refused_and_nothing_falls(raw, name):
    """One kilobyte each. Seen red with calamine in this process: it aborts, or takes all the memory there is."""
    with pytest.raises(DomainError, match=r"ne s’ouvre pas|fiches au plus|colonnes au plus"):
        tables.read_table(raw, name)


def test_a_file_is_read_with_no_transaction_open(client, curator, monkeypatch):
    """Other people write meanwhile. Seen red without `apart` in exchange.admin.received."""
    client.log_in(curator)
    seen = []
    monkeypatch.setattr(tables, "read_table", lambda raw, name: seen.append(db().in_transaction()) or [GOOD])
    sent = {"file": (io.BytesIO(b"titre\nUn"), "fiches.csv"), "target": "draft"}
    assert client.post("/gestion/region/catalogue/imports", data=sent).status_code == 302
    assert seen == [False]
