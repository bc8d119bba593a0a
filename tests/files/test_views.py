"""U06: an address is not a right."""

import pytest
from flask import request, url_for

from app import files
from app.core.db import db
from app.files import services, storage
from tests.factories import make_person
from tests.files import samples


@pytest.fixture
def address(app):
    def address(file):
        with app.test_request_context():
            return url_for("files.show", file_id=file)

    return address


@pytest.fixture
def fetch(client):
    """Read to the end and close, as a browser does."""
    return lambda address, **values: client.get(address, buffered=True, **values)


def test_a_document_is_sent_to_be_saved(client, fetch, store, address):
    file = store(samples.PDF, "мой «plan».pdf")
    answer = fetch(address(file))
    assert answer.status_code == 200
    assert answer.data == samples.PDF
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''%D0%BC%D0%BE%D0%B9" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_address_carries_id_and_words_and_the_id_decides(client, fetch, store, address):
    file = store(samples.PDF, "Plan vélo.pdf")
    assert address(file) == f"/fichiers/{file.id}-plan-velo"
    assert fetch(f"/fichiers/{file.id}").status_code == 200
    assert fetch(f"/fichiers/{file.id}-autre").status_code == 200
    assert fetch(f"/fichiers/{file.id + 1}-plan-velo").status_code == 404


def test_an_image_written_by_us_is_shown_in_the_page(client, fetch, store, address):
    answer = fetch(address(store(samples.image("GIF", mode="P"), "logo.gif")))
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"].startswith("inline;")


@pytest.mark.parametrize(("name", "content"), [("a.csv", b"a;b"), ("a.txt", b"bonjour <script>"), ("a.odt", samples.odt())])
def test_nothing_else_is_ever_inline(client, fetch, store, address, name, content):
    assert fetch(address(store(content, name))).headers["Content-Disposition"].startswith("attachment;")


def test_a_file_for_all_is_asked_again_each_time(client, fetch, store, address):
    file = store(samples.PDF, "a.pdf")
    answer = fetch(address(file))
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert answer.headers["ETag"] == f'"{file.sha256}"'
    again = fetch(address(file), headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_private_file_is_for_its_owner_and_kept_by_nobody(client, fetch, store, address):
    owner, other = make_person(), make_person()
    file = store(samples.PDF, "a.pdf", purpose="test.own", owner_id=owner.id)
    assert fetch(address(file)).status_code == 404
    client.log_in(other)
    assert fetch(address(file)).status_code == 404
    client.log_in(owner)
    answer = fetch(address(file))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_copied_address_is_worth_nothing_after_log_out_or_removal(client, fetch, store, address):
    owner = make_person()
    file = store(samples.PDF, "a.pdf", purpose="test.members", owner_id=owner.id)
    copied = address(file)
    client.log_in(owner)
    etag = fetch(copied).headers["ETag"]
    with client.session_transaction() as cookie:
        cookie.clear()
    assert fetch(copied).status_code == 404
    assert fetch(copied, headers={"If-None-Match": etag}).status_code == 404, "not even that it is still the same"
    client.log_in(owner)
    services.remove(file)
    db.commit()
    assert fetch(copied).status_code == 404


def test_what_no_purpose_opens_stays_closed(client, fetch, store, address, monkeypatch):
    owner = make_person()
    file = store(samples.PDF, "a.pdf", owner_id=owner.id)
    monkeypatch.delitem(files.readers, "test.open")
    client.log_in(owner)
    assert fetch(address(file)).status_code == 404


def test_before_it_is_part_of_something_only_who_sent_it_sees_it(client, fetch, store, address):
    sender, other = make_person(), make_person()
    file = store(samples.image(), "a.png", owner_id=sender.id, is_attached=False)
    assert fetch(address(file)).status_code == 404
    client.log_in(other)
    assert fetch(address(file)).status_code == 404
    client.log_in(sender)
    assert fetch(address(file)).headers["Cache-Control"] == "private, no-store"


def test_a_reader_that_fails_opens_nothing(client, fetch, store, address, monkeypatch):
    """F10."""
    file = store(samples.PDF, "a.pdf")
    monkeypatch.setitem(files.readers, "test.open", lambda person, file: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fetch(address(file))


def test_a_row_without_its_bytes_is_a_page_that_does_not_exist(client, fetch, store, address):
    file = store(samples.PDF, "a.pdf")
    storage.path_of(file.stored_as).unlink()
    assert fetch(address(file)).status_code == 404


def test_part_of_a_file_can_be_asked_for(client, fetch, store, address):
    answer = fetch(address(store(samples.PDF, "a.pdf")), headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.data) == (206, b"%PDF")


def test_only_views_that_take_files_accept_a_large_body(app, monkeypatch):
    """The limit is raised before anything reads the form."""
    for takes, expected in ((True, 25 * 1024 * 1024), (False, 2 * 1024 * 1024)):
        view = files.takes_files(lambda: "") if takes else (lambda: "")
        monkeypatch.setitem(app.view_functions, "files.show", view)
        with app.test_request_context("/fichiers/1"):
            app.preprocess_request()
            assert request.max_content_length == expected
