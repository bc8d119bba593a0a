"""The whole catalogue as files: made ahead, sent from disk, never with what is no longer public."""

import gzip
import json
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from app.accounts import personal
from app.accounts.events import account_closed
from app.accounts.models import Person
from app.contents import services as contents
from app.contents import vocabularies
from app.contents.queries import terms_in
from app.core import clock
from app.core.db import db
from app.core.outbox import OutboxJob
from app.exchange import whole
from app.files import storage, tasks
from app.files.models import StoredFile
from app.initiatives import queries, services
from tests.factories import make_person, make_territory, restrict

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"catalogue.csv", "catalogue.csv.gz", "catalogue.ods", "catalogue.xlsx", "catalogue.json", "catalogue.json.gz"}


def publish(title: str, *, by: int, **more) -> int:
    """The id of a new sheet. People are named by their ids: what reads the catalogue forgets all that was loaded."""
    given = {"territory": None, "summary": "", "sections": {"context": "Un texte."}} | more
    sheet = services.create_sheet("initiative", by=person(by), title=title, **given)
    services.publish(sheet, by=person(by))
    db.flush()
    return sheet.id


def person(person_id: int) -> Person:
    return db.get_one(Person, person_id)


@pytest.fixture
def curator(app):
    return make_person(roles=[("curator", None)]).id


@pytest.fixture
def sheet_id(curator):
    """A published sheet, and the files that show it."""
    made = publish("Budget participatif", by=curator)
    db.commit()
    assert whole.make()
    return made


@pytest.fixture
def fetch(client):
    """Read to the end and close, as a browser does."""
    return lambda address, **headers: client.get(
        address, buffered=True, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def waiting() -> list[str]:
    return sorted(db.scalars(select(OutboxJob.key).where(OutboxJob.topic == whole.TOPIC)))


def forget_jobs() -> None:
    db.execute(delete(OutboxJob).where(OutboxJob.topic == whole.TOPIC))
    db.commit()


def titles(answer) -> list[str]:
    return [item["title"] for item in json.loads(answer.data)["items"]]


# --- What is sent ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", list(whole.FORMS))
def test_a_file_made_ahead_is_sent_from_disk(fetch, sheet_id, monkeypatch, ending):
    monkeypatch.setattr(whole, "every_sheet", lambda: pytest.fail("the catalogue was read at a visitor's request"))
    file = whole.present()[f"catalogue.{ending}"]
    answer = fetch(f"/donnees/catalogue.{ending}")
    assert answer.status_code == 200
    assert answer.data == storage.path_of(file.stored_as).read_bytes()
    assert answer.headers["Content-Type"].partition(";")[0] == whole.FORMS[ending].media_type
    assert answer.content_length == file.size == len(answer.data)
    assert answer.last_modified == file.created_at.replace(microsecond=0)
    assert fetch(f"/donnees/catalogue.{ending}", If_None_Match=answer.headers["ETag"]).status_code == 304
    assert fetch(f"/donnees/catalogue.{ending}", Range="bytes=0-9").data == answer.data[:10]


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_text_is_sent_compressed_to_who_reads_that(fetch, sheet_id, ending):
    plain, packed = fetch(f"/donnees/catalogue.{ending}"), fetch(f"/donnees/catalogue.{ending}", Accept_Encoding="br;q=1, gzip;q=0.5")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Content-Encoding" not in plain.headers
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in (plain, packed))
    assert "Content-Encoding" not in fetch(f"/donnees/catalogue.{ending}", Accept_Encoding="gzip;q=0").headers


def test_the_page_of_open_data_says_the_date_and_the_weight_of_the_files(client, sheet_id, at, curator):
    at(clock.now().replace(year=2031, month=3, day=4, hour=9, minute=5))
    publish("Une autre", by=curator)
    db.commit()
    whole.make()
    page = client.get("/donnees/").text
    assert "mardi 4\u00a0mars 2031 à 10\u00a0h\u00a005" in page
    assert page.count("octets)") + page.count("ko)") == 4


def test_before_there_is_any_file_the_answer_is_made_for_who_asks(fetch, curator):
    publish("Sans ouvrier", by=curator)
    db.commit()
    answer = fetch("/donnees/catalogue.json")
    assert titles(answer) == ["Sans ouvrier"]
    assert answer.content_length == len(answer.data)
    assert answer.headers["Cache-Control"] == "no-store"
    assert not list((storage.root() / storage.NEW).iterdir())


def test_a_file_whose_bytes_are_gone_is_made_for_who_asks(fetch, sheet_id):
    for file in whole.present().values():
        storage.discard(storage.path_of(file.stored_as))
    assert titles(fetch("/donnees/catalogue.json")) == ["Budget participatif"]


def test_one_answer_is_made_at_a_time_and_the_others_are_told_when_to_come_back(fetch, curator):
    with whole.one_at_a_time:
        answer = fetch("/donnees/catalogue.csv")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "Demandez-le de nouveau dans quelques secondes" in answer.text
    assert fetch("/donnees/catalogue.csv").status_code == 200


def test_no_other_address_gives_the_files(client, sheet_id):
    """Nor to a curator: there, nobody asks whether they are still true."""
    number = whole.present()["catalogue.csv"].id
    assert client.get(f"/fichiers/{number}").status_code == 404
    client.log_in(make_person(roles=[("curator", None)]))
    assert client.get(f"/fichiers/{number}").status_code == 404


# --- What is no longer true ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", list(whole.FORMS))
def test_a_sheet_taken_back_is_in_no_file_at_the_next_request(fetch, sheet_id, curator, ending):
    """Seen red without the look at what waits: the old files were given until the worker had made others."""
    old = fetch(f"/donnees/catalogue.{ending}").data
    restrict(queries.get_sheet(sheet_id), by=person(curator))
    db.commit()
    for state in ("waits", "is being done", "failed to the end"):
        assert fetch(f"/donnees/catalogue.{ending}").data != old
        assert titles(fetch("/donnees/catalogue.json")) == []
        db.execute(
            update(OutboxJob)
            .where(OutboxJob.topic == whole.TOPIC)
            .values(leased_until=clock.from_now(hours=1), is_dead=state == "is being done")
        )
        db.commit()
    assert whole.make()
    assert waiting() == []
    assert titles(fetch("/donnees/catalogue.json")) == []


def test_a_text_that_changed_is_in_no_file_as_it_was(fetch, sheet_id, curator):
    sheet = queries.get_sheet(sheet_id)
    sheet.contacts = [{"name": "Jeanne", "email": "jeanne@exemple.fr"}]
    sheet.contacts_are_public = True
    db.commit()
    whole.make()
    assert b"jeanne@" in fetch("/donnees/catalogue.json").data
    queries.get_sheet(sheet_id).contacts_are_public = False
    db.commit()
    assert b"jeanne@" not in fetch("/donnees/catalogue.json").data


def test_a_new_sheet_leaves_the_files_in_place_for_half_a_minute(fetch, sheet_id, curator, at, run_worker):
    publish("Une autre", by=curator)
    db.commit()
    assert waiting() == ["behind"]
    run_worker(whole.TOPIC)
    assert titles(fetch("/donnees/catalogue.json")) == ["Budget participatif"]
    later = clock.from_now(seconds=31)
    at(later)
    run_worker(whole.TOPIC)
    assert titles(fetch("/donnees/catalogue.json")) == ["Budget participatif", "Une autre"]
    assert waiting() == []


def test_newer_files_take_the_place_of_the_older_ones(sheet_id, curator, run_worker):
    old = [storage.path_of(file.stored_as) for file in whole.present().values()]
    publish("Une autre", by=curator)
    db.commit()
    whole.make()
    run_worker("files.remove")
    assert db.scalar(select(func.count(StoredFile.id)).where(StoredFile.purpose == whole.PURPOSE)) == len(NAMES)
    assert set(whole.present()) == NAMES
    assert not any(path.exists() for path in old)
    assert tasks.sweep().missing == 0


def test_what_no_file_shows_moves_nothing(sheet_id, curator):
    """Drafts, counters, the curators' own notes, what is not a sheet."""
    services.create_sheet("initiative", by=person(curator), territory=None, title="Brouillon", summary="", sections={})
    sheet = queries.get_sheet(sheet_id)
    sheet.replies_count, sheet.points, sheet.review_note, sheet.checklist = 3, 4, "À revoir.", ["title"]
    make_territory(name="Lens", short_name="Lens", slug="lens", insee="62498")
    db.commit()
    assert waiting() == []


def test_whatever_else_the_files_show_is_followed(app, curator):
    """Names of places and terms, what tags a sheet, the name of who closes their account."""
    contents.ensure_vocabulary("theme", "Thèmes", {"mobilite": "Mobilité", "ecole": "École"})
    place = make_territory(name="Tourcoing", short_name="Tourcoing", slug="tourcoing", insee="59599")
    first, second = terms_in("theme")
    author = make_person(name="Ines R.", roles=[("manager", place)])
    sheet_id = publish("Budget", by=author.id, territory=place, terms=[first])
    moved = []

    def done(what: str) -> None:
        db.commit()
        moved.append((what, waiting()))
        forget_jobs()

    done("published")
    place.name = "Tourcoing-Nord"
    done("renamed")
    vocabularies.rename_term(first, label="Déplacements", by=None)
    done("term renamed")
    vocabularies.merge_term(first, into=second, by=None)
    done("terms merged")
    services.tag(queries.get_sheet(sheet_id), [])
    done("tagged")
    account_closed.send(author)
    personal.erase(author)
    done("author gone")
    assert dict(moved) == {
        "published": ["behind"],
        "renamed": ["behind"],
        "term renamed": ["behind"],
        "terms merged": ["behind"],
        "tagged": ["behind"],
        "author gone": ["untrue"],
    }


def test_many_changes_of_one_transaction_are_one_row(app, curator):
    for number in range(3):
        publish(f"Fiche {number}", by=curator)
    db.commit()
    assert waiting() == ["behind"]


def test_a_change_after_a_savepoint_undone_is_said_again(app, curator):
    """Seen red when what was said was remembered past the savepoint: the row had gone with it."""
    undone = db.begin_nested()
    publish("Défaite", by=curator)
    undone.rollback()
    publish("Gardée", by=curator)
    db.commit()
    assert waiting() == ["behind"]


def test_each_day_the_files_are_made_again_whatever_was_said(app):
    whole.make_daily()
    assert waiting() == ["behind"]
