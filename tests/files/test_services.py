import errno
import io
import os
import stat
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.db import db
from app.core.errors import DomainError
from app.files import services, storage, tasks
from app.files.models import StoredFile
from tests.files import samples


def count_rows():
    return db.scalar(select(func.count(StoredFile.id)))


def age(path, **length):
    old = time.time() - timedelta(**length).total_seconds()
    os.utime(path, (old, old))


def test_a_file_is_kept_under_a_name_of_ours(store, on_disk):
    file = store(samples.PDF, "../../../etc/cron.d/évil.pdf", owner_id=4, territory_id=7)
    assert on_disk() == [storage.path_of(file.stored_as)]
    assert (file.name, file.slug, file.size, file.owner_id, file.territory_id) == ("évil.pdf", "evil", len(samples.PDF), 4, 7)
    assert "vil" not in str(storage.path_of(file.stored_as).relative_to(storage.root()))
    assert stat.S_IMODE(storage.path_of(file.stored_as).stat().st_mode) == 0o600


def test_a_purpose_nobody_could_read_is_a_mistake(store, on_disk):
    with pytest.raises(ValueError, match="nobody could read"):
        store(purpose="unheard.of")


@pytest.mark.parametrize("name", ["", "../x", "g" * 32, "A" * 32])
def test_only_names_of_ours_lead_to_a_path(name):
    with pytest.raises(ValueError, match="not a name of ours"):
        storage.path_of(name)


def test_images_are_decoded_with_no_transaction_open(store, monkeypatch):
    from app.files import images

    seen = []
    rewrite = images.rewrite
    monkeypatch.setattr(images, "rewrite", lambda *given: seen.append(db().in_transaction()) or rewrite(*given))
    db.scalar(select(1))
    store(samples.image(), "x.png")
    assert seen == [False]


# --- U07: a full disk, a kill ------------------------------------------------------------------------


def test_a_full_disk_is_a_sentence_and_leaves_nothing(store, on_disk, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(services, "_receive", full)
    with pytest.raises(DomainError, match="Réessayez dans quelques minutes"):
        store()
    assert (on_disk(), count_rows()) == ([], 0)


def test_a_disk_that_fails_when_the_file_takes_its_place_leaves_no_row(store, monkeypatch):
    def fails(_path):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(storage, "settle", fails)
    with pytest.raises((OSError, DomainError)):
        store()
    assert count_rows() == 0


def test_what_a_kill_left_half_received_is_swept(store, on_disk):
    kept = store()
    begun = storage.begin()
    begun.write_bytes(b"half")
    assert tasks.sweep().unnamed == 0, "it may still be coming in"
    age(begun, hours=2)
    assert tasks.sweep().unnamed == 1
    assert on_disk() == [storage.path_of(kept.stored_as)]


def test_a_file_whose_row_was_rolled_back_is_swept(store, on_disk):
    kept = store()
    services.store(io.BytesIO(b"undone"), name="a.txt", purpose="test.open")
    db.rollback()
    assert len(on_disk()) == 2
    for path in on_disk():
        age(path, hours=2)
    assert tasks.sweep() == tasks.Swept(0, 1, 0)
    assert on_disk() == [storage.path_of(kept.stored_as)]


def test_a_row_without_its_file_is_counted(store):
    file = store()
    storage.path_of(file.stored_as).unlink()
    assert tasks.sweep() == tasks.Swept(0, 0, 1)


# --- What nobody used --------------------------------------------------------------------------------


def test_what_was_sent_and_not_used_is_swept_after_a_day(store, on_disk, at):
    unused, used = store(is_attached=False), store()
    now = clock.now()
    at(now + timedelta(hours=23))
    assert tasks.sweep().unused == 0
    at(now + timedelta(hours=25))
    assert tasks.sweep() == tasks.Swept(1, 0, 0)
    assert db.scalars(select(StoredFile.id)).all() == [used.id]
    assert on_disk() == [storage.path_of(used.stored_as)]
    with pytest.raises(DomainError, match="n’est plus là"):
        services.attach(unused.id, owner_id=3, purpose="test.open")


def test_only_who_sent_a_file_may_use_it_and_for_what_it_was_sent(store):
    file = store(owner_id=3, is_attached=False)
    for owner_id, purpose in ((4, "test.open"), (3, "test.own")):
        with pytest.raises(DomainError, match="n’est plus là"):
            services.attach(file.id, owner_id=owner_id, purpose=purpose)
    assert services.attach(file.id, owner_id=3, purpose="test.open").is_attached
    with pytest.raises(DomainError, match="n’est plus là"):
        services.attach(file.id, owner_id=3, purpose="test.open")


def test_one_person_cannot_fill_the_disk_with_what_they_do_not_use(store, on_disk, monkeypatch):
    monkeypatch.setattr(services, "WAITING_LIMIT", 10)
    store(b"123456", owner_id=3, is_attached=False)
    store(b"123456", owner_id=4, is_attached=False)
    with pytest.raises(DomainError, match="Réessayez demain"):
        store(b"123456", owner_id=3, is_attached=False)
    assert len(on_disk()) == 2


def test_a_file_removed_goes_after_the_transaction(store, on_disk, run_worker):
    file, other = store(), store()
    services.remove(file)
    assert len(on_disk()) == 2, "it may still be rolled back"
    db.commit()
    run_worker("files.remove")
    assert on_disk() == [storage.path_of(other.stored_as)]


def test_a_removal_undone_keeps_the_file(store, on_disk, run_worker):
    file = store()
    services.remove(file)
    db.rollback()
    run_worker("files.remove")
    assert (len(on_disk()), count_rows()) == (1, 1)


def test_the_same_stream_can_be_read_again(store):
    """PostgreSQL may have the view run a second time."""
    stream = io.BytesIO(b"bonjour")
    first, second = services.prepare(stream, name="a.txt"), services.prepare(stream, name="a.txt")
    assert first.sha256 == second.sha256


def test_a_disk_almost_full_is_said(monkeypatch):
    assert tasks.disk_has_room() is None
    monkeypatch.setattr(tasks, "LEAST_SPACE", 10**18)
    assert "presque plein" in tasks.disk_has_room()
