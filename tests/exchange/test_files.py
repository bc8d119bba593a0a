"""Sheets out to files and in again: nothing lost, nothing run, bad rows told and the others taken."""

import io
import json
import re
import zipfile

import pytest
from sqlalchemy import select

from app.contents import services as contents
from app.contents.models import Content, State, Voice
from app.core.db import db
from app.core.errors import DomainError
from app.exchange import importing, rows, tables, writers
from app.exchange.models import ImportState, SheetImport
from app.initiatives import queries, services
from app.initiatives.models import Initiative, Step
from tests.exchange.made import table_of
from tests.factories import make_person, make_territory

FULL = {
    "context": "Un quartier **sans** commerce.",
    "results": "- 30 % de monde en plus\n- un marché",
    "pitfalls": "Trop court.",
}


@pytest.fixture
def curator():
    return make_person(roles=[("curator", None)])


@pytest.fixture
def sheet(app, curator):
    contents.ensure_vocabulary("theme", "Thèmes", {"mobilite": "Mobilité", "ecole": "École"})
    place = make_territory(name="Tourcoing", short_name="Tourcoing", slug="tourcoing", insee="59599")
    from app.contents.queries import terms_in

    made = services.create_sheet(
        "initiative",
        by=curator,
        territory=place,
        title="=Budget; « participatif »",
        summary="Les habitants\u00a0choisissent.",
        sections=FULL,
        terms=terms_in("theme"),
        promoter="Ville",
        place="Hôtel de ville",
        latitude=50.7236,
        longitude=3.1612,
        cost_euros=12000,
        steps=[{"when": "mars 2024", "what": "réunion : première"}],
        sources=[{"title": "Bilan", "url": "https://exemple.fr/bilan"}],
    )
    services.publish(made, by=curator)
    db.commit()
    return made


def the_import() -> SheetImport:
    return db.scalars(select(SheetImport).execution_options(populate_existing=True)).one()


def said_by(made) -> dict:
    return {
        "title": made.title,
        "summary": made.summary,
        "sections": [(s["key"], s["source"]) for s in made.sections],
        "facts": {name: getattr(made, name) for name in ("promoter", "place", "latitude", "longitude", "cost_euros", "steps", "sources")},
        "territory": made.territory_id,
        "terms": sorted(term.key for term in services.terms_held(made)),
    }


@pytest.mark.parametrize("ending", ["csv", "ods", "xlsx", "json"])
def test_a_sheet_goes_out_and_comes_back_the_same(client, curator, sheet, run_worker, ending):
    """Into an installation that does not have it: its identifier is changed, as another site's would be."""
    before = said_by(sheet)
    given = client.get(f"/donnees/catalogue.{ending}", buffered=True)
    read = tables.read_table(given.data, f"catalogue.{ending}")
    assert len(read) == 1
    for row in read:
        for name in ("identifiant", "identifier"):
            if name in row:
                row[name] = "https://ailleurs.example/contributions/7"
        row.pop("page", None)
        row.pop("url", None)
    kept = importing.prepare(read, name=f"catalogue.{ending}", by=curator, target=Step.PUBLISHED, replaces=False)
    importing.confirm(kept)
    db.commit()
    run_worker("sheet_import")
    (line,) = the_import().report
    assert (line["did"], line["why"]) == ("new", "")
    copy = queries.get_sheet(line["sheet_id"])
    assert said_by(copy) == before
    assert (copy.state, copy.source) == (State.PUBLISHED, "https://ailleurs.example/contributions/7")


@pytest.mark.parametrize(("write", "ending"), [(writers.ods_table, "ods"), (writers.xlsx_table, "xlsx")])
def test_a_table_gives_back_every_sign_it_was_given(write, ending):
    """Lines, runs of spaces, what XML reserves, what a spreadsheet would compute: text stays text, numbers numbers."""
    words = [
        "=1+1",
        "a & b <c> \"d\" 'e'",
        "one\ntwo\n\nfour",
        "  two before,  two within",
        "é 🐈 ﷽",
        "]]>",
        "{=cmd}",
        "0012",
        "_x0041_ _x000D_",
    ]
    rows = [[each, number, None] for number, each in enumerate(words, 1)]
    read = tables.read_table(table_of(write, rows, ["mots", "nombre", "rien"], 'Un « titre » & "<autre>"'), f"t.{ending}")
    assert [(row["mots"], row["nombre"]) for row in read] == [(each, str(number)) for number, each in enumerate(words, 1)]


@pytest.mark.parametrize(("write", "ending"), [(writers.ods_table, "ods"), (writers.xlsx_table, "xlsx")])
def test_signs_that_xml_cannot_hold_are_left_out(write, ending):
    read = tables.read_table(table_of(write, [["a\x00b\x0bc\ud800d\ufffe\uffff"]], ["mots"]), f"t.{ending}")
    assert read[0]["mots"] == "abcd"


def test_our_own_file_sent_back_makes_nothing_new(client, curator, sheet):
    read = tables.read_table(client.get("/donnees/catalogue.csv", buffered=True).data, "c.csv")
    kept = importing.prepare(read, name="c.csv", by=curator, target=Step.DRAFT, replaces=True)
    (plan,) = importing.preview(kept)
    assert (plan.did, plan.sheet_id) == ("changed", sheet.id)
    line = importing.told(plan, by=curator, target=Step.DRAFT)
    assert line["did"] == "same"
    assert db.get(Content, sheet.id).revision == 1


def test_a_row_that_cannot_be_taken_is_told_and_the_others_are_taken(client, curator, run_worker, app):
    client.log_in(curator)
    text = "titre;nature;en_une_phrase;theme;debut\nUne fiche;initiative;Oui.;Inconnu;31/12/2023\n;outil;;;\nAutre;vaisseau;;;\nUne autre;outil;;;\n"
    sent = {"file": (io.BytesIO(text.encode("cp1252")), "fiches.csv"), "target": "proposed"}
    shown = client.get(client.post("/gestion/region/catalogue/imports", data=sent, content_type="multipart/form-data").location)
    assert "Rien n’est encore écrit" in shown.text
    assert "Le titre manque" in shown.text
    assert "vaisseau" in shown.text
    assert "Inconnu" in shown.text
    assert queries.counts_by_step()[Step.PROPOSED] == 0
    client.post(shown.request.path)
    run_worker("sheet_import")
    kept = the_import()
    assert [line["did"] for line in kept.report] == ["new", "refused", "refused", "new"]
    assert kept.state == ImportState.DONE
    assert queries.counts_by_step()[Step.PROPOSED] == 2
    assert queries.get_sheet(kept.report[0]["sheet_id"]).started_on.year == 2023
    assert "terminé" in client.get(shown.request.path).text


def test_the_preview_says_what_the_import_will_do_in_the_words_of_the_file(client, curator, sheet, run_worker):
    """Seen on the demonstration: « (started_on) », line 4 for the fifth of the spreadsheet, a sheet announced that was then refused
    for its lone latitude, the same sheet a second time without a word, and each of them « signalée par un habitant »."""
    client.log_in(curator)
    quoted = '"' + sheet.title.replace('"', '""') + '"'
    lines = ["titre;debut;latitude", f"{quoted};;", "Le marché du soir;31/02/2024;", "La carte;;450", "Le banc;;50,72", ";01/02/2024;"]
    sent = {"file": (io.BytesIO("\r\n".join(lines).encode("cp1252")), "Fiches.CSV"), "target": "proposed"}
    shown = client.get(client.post("/gestion/region/catalogue/imports", data=sent, content_type="multipart/form-data").location)
    assert [line.why for line in importing.preview(the_import())] == [
        "Une fiche du catalogue a déjà ce titre\u00a0: vérifiez que ce n’est pas la même.",
        "La date «\u202f31/02/2024\u202f» (debut) n’a pas été comprise\u00a0: écrivez-la comme 12/03/2024.",
        "«\u202f450\u202f» n’a pas été compris (latitude).",
        "La latitude et la longitude vont ensemble\u00a0: sans les deux, elles sont laissées de côté.",
        "Le titre manque.",
    ]
    assert re.findall(r"Ligne (\d+)", shown.text) == ["6", "2", "3", "4", "5"]
    client.post(shown.request.path)
    run_worker("sheet_import")
    report = the_import().report
    assert [line["did"] for line in report] == ["new", "new", "new", "new", "refused"]
    assert queries.get_sheet(report[1]["sheet_id"]).voice == Voice.OFFICIAL
    assert "signalée par un habitant" not in client.get("/gestion/region/catalogue/").text


def test_a_file_of_which_all_is_here_has_no_line_to_correct(client, curator, sheet):
    client.log_in(curator)
    sent = {"file": (io.BytesIO(client.get("/donnees/catalogue.csv", buffered=True).data), "c.csv"), "target": "proposed"}
    shown = client.get(client.post("/gestion/region/catalogue/imports", data=sent, content_type="multipart/form-data").location)
    assert "toutes ses fiches sont déjà ici" in shown.text
    assert "Corrigez" not in shown.text


def test_an_import_cut_short_goes_on_where_it_was(app, curator, monkeypatch, run_worker):
    monkeypatch.setattr(importing, "BATCH", 2)
    kept = importing.prepare(
        [{"titre": f"Fiche {n}", "id": f"x:{n}"} for n in range(5)], name="x.csv", by=curator, target=Step.DRAFT, replaces=False
    )
    importing.confirm(kept)
    importing.take_batch(kept)
    assert (kept.done_count, kept.state) == (2, ImportState.WAITING)
    db.commit()
    run_worker("sheet_import")
    assert the_import().done_count == 5
    assert len(db.scalars(select(Initiative.id)).all()) == 5


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("content.xml", bytes(70_000_000))
    return out.getvalue()


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"", "a.csv"),
        (b"titre\n", "a.csv"),
        (b"{", "a.json"),
        (b"[" * 100_000, "a.json"),
        (b"[1, 2]", "a.json"),
        (b"not a zip", "a.xlsx"),
        (b"PK\x03\x04", "a.ods"),
        (b"titre", "a.exe"),
        (("titre\n" + "x\n" * 6000).encode(), "a.csv"),
        (b'titre\n"' + b"x" * 500_000, "a.csv"),
    ],
)
def test_u03_a_bad_file_is_one_sentence(app, raw, name):
    with pytest.raises(DomainError):
        tables.read_table(raw, name)


def test_u03_a_spreadsheet_that_swells_is_refused_before_it_is_opened(app):
    """Seen red without the count of what is declared: 70 MB were unpacked."""
    with pytest.raises(DomainError, match="trop grand"):
        tables.read_table(bomb(), "a.ods")


def test_i06_no_cell_of_any_file_is_a_formula(client, sheet):
    assert "'=Budget" in client.get("/donnees/catalogue.csv", buffered=True).text
    for ending in ("xlsx", "ods"):
        with zipfile.ZipFile(io.BytesIO(client.get(f"/donnees/catalogue.{ending}", buffered=True).data)) as package:
            whole = b"".join(package.read(name) for name in package.namelist() if name.endswith(".xml"))
        assert b"=Budget" in whole
        assert b"<f>" not in whole
        assert b"table:formula" not in whole


def test_what_is_not_published_is_in_no_file(client, curator, sheet):
    services.create_sheet("initiative", by=curator, territory=None, title="Secretmot", summary="", sections={})
    db.commit()
    for path in ("/donnees/catalogue.csv", "/donnees/catalogue.json", "/api/v1/catalogue", "/catalogue/flux.atom"):
        assert "Secretmot" not in client.get(path, buffered=True).text


def test_contacts_leave_only_where_the_sheet_says_so(client, curator, sheet):
    sheet = queries.get_sheet(sheet.id)
    sheet.contacts = [{"name": "Jeanne", "email": "jeanne@exemple.fr"}]
    db.commit()
    assert "jeanne@" not in client.get(f"/api/v1/catalogue/{sheet.id}").text
    sheet = queries.get_sheet(sheet.id)
    sheet.contacts_are_public = True
    db.commit()
    assert "jeanne@" in client.get(f"/api/v1/catalogue/{sheet.id}").text


def test_headings_are_found_whatever_their_dress(app):
    assert [rows.heading_of(text) for text in ("Titre", "BONNES PRATIQUES", "écueils", "Coût_euros", "title/fr", "Wxyz")] == [
        "title",
        "practices",
        "pitfalls",
        "cost_euros",
        "title",
        None,
    ]


def test_the_api_pages_and_filters(client, sheet):
    found = json.loads(client.get("/api/v1/catalogue?theme=ecole&territory=tourcoing&kind=initiative").data)
    assert (found["total"], found["items"][0]["id"]) == (1, sheet.id)
    assert json.loads(client.get("/api/v1/catalogue?theme=autre").data)["total"] == 0
    assert json.loads(client.get("/api/v1/catalogue?since=2999-01-01T00:00:00Z").data)["total"] == 0
    assert client.get("/api/v1/catalogue?since=hier").status_code == 400
    assert json.loads(client.get("/donnees/catalogue.jsonld", buffered=True).data)["dcat:dataset"][0]["dct:issued"]


def test_a_form_sent_without_a_file_says_so(client, curator):
    client.log_in(curator)
    answer = client.post("/gestion/region/catalogue/imports", data={"target": "proposed"}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Choisissez un fichier" in answer.text
