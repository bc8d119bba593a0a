"""What a visitor meets when the index is gone, damaged or cannot be written: the database, one sentence, and the rest of the site."""

import os
import shutil

import pytest
from sqlalchemy import inspect, select, text

from app.contents import services as contents
from app.contents.models import Term
from app.core import outbox
from app.core.db import db, is_postgres
from app.initiatives.models import Initiative
from app.search import engines, sync
from app.search.engines.whoosh import WhooshEngine
from tests.factories import make_content, make_territory

SENTENCE = "momentanément indisponible"


@pytest.fixture
def sheets(index, run_worker):
    contents.ensure_vocabulary("theme", "Thèmes", {"eau": "L’eau"})
    epci = make_territory(short_name="MEL", slug="mel", kind="epci").id
    lille = make_territory(short_name="Lille", slug="lille", parent_id=epci)
    wet = make_content(Initiative, title="La Deûle", territory=lille)
    contents.set_terms(wet, db.scalars(select(Term).where(Term.key == "eau")).all())
    make_content(Initiative, title="Le compost", language="en")
    db.commit()
    run_worker("search")


def damage(app, how):
    """Spoil the index, and forget what this process holds of it, as a restart does."""
    if is_postgres():
        db.execute(text("DELETE FROM search_documents" if how == "gone" else "UPDATE search_documents SET row = '{' WHERE NOT is_gone"))
        db.execute(text("UPDATE search_state SET edition = 0" if how == "gone" else "UPDATE search_state SET stamp = 'x'"))
        db.commit()
        engines.current().forget()
        return
    folder = engines.current().folder
    if how == "gone":
        shutil.rmtree(folder)
    else:
        for path in folder.glob("edition-*/*"):
            if path.suffix in {".seg", ".toc"}:
                os.truncate(path, path.stat().st_size // 3)
    app.extensions["search"] = WhooshEngine(folder)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Whoosh leaves a damaged file open
@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_the_catalogue_browses_from_the_database_and_a_rebuild_mends_it_while_it_serves(app, client, sheets, how):
    damage(app, how)
    page = client.get("/catalogue/").text
    assert page.count(SENTENCE) == 1
    assert "La Deûle" in page
    assert "Le compost" in page
    for asked, there, absent in (
        ("theme=eau", "La Deûle", "Le compost"),
        ("territory=mel", "La Deûle", "Le compost"),
        ("language=en", "Le compost", "La Deûle"),
        ("kind=initiative&theme=eau&territory=lille", "La Deûle", "Le compost"),
    ):
        page = client.get(f"/catalogue/?{asked}").text
        assert there in page
        assert absent not in page
    assert SENTENCE in client.get("/recherche?q=compost").text
    for path in ("/recherche.json", "/recherche.csv", "/catalogue.json", "/catalogue.csv"):
        answer = client.get(path)
        assert (answer.status_code, SENTENCE in answer.get_json()["message"]) == (503, True)
    assert client.get("/recherche/titres.json?q=compost").get_json() == {"titles": []}
    assert SENTENCE in client.get("/catalogue/carte?q=compost").text or "Aucune fiche" in client.get("/catalogue/carte?q=compost").text
    assert client.get("/").status_code == 200
    assert app.test_cli_runner().invoke(args=["search", "status"]).exit_code == 1
    done = app.test_cli_runner().invoke(args=["search", "rebuild"])
    assert (done.exit_code, done.output.split(" en ")[0]) == (0, "2 contenus indexés")
    assert SENTENCE not in client.get("/catalogue/").text
    assert client.get("/recherche.json?q=compost").get_json()["total"] == 1


def test_an_index_that_cannot_be_written_still_answers_and_the_work_waits(app, client, sheets, run_worker, monkeypatch, tmp_path):
    """A read-only disk, under Whoosh whatever the database. What is to be indexed stays in the outbox, and is done when it can be."""
    engine, real = WhooshEngine(tmp_path / "search"), os.open
    monkeypatch.setitem(app.extensions, "search", engine)
    sync.rebuild()

    def read_only(path, flags, *more, **how):
        if str(path).startswith(str(engine.folder)) and flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(30, "Read-only file system")
        return real(path, flags, *more, **how)

    monkeypatch.setattr("app.search.engines.whoosh.os.open", read_only)
    sheet = make_content(Initiative, title="Le broyeur")
    number = inspect(sheet).identity[0]
    run_worker("search")
    assert outbox.waiting("search") >= 1
    assert client.get("/recherche.json?q=compost").get_json()["total"] == 1
    assert SENTENCE not in client.get("/catalogue/").text
    failed = app.test_cli_runner().invoke(args=["search", "rebuild"])
    assert failed.exit_code == 1
    assert "Rien n’a changé" in failed.output
    monkeypatch.setattr("app.search.engines.whoosh.os.open", real)
    app.test_cli_runner().invoke(args=["search", "rebuild"])
    assert [item["id"] for item in client.get("/recherche.json?q=broyeur").get_json()["items"]] == [number]
