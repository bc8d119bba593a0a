"""Real parallel connections: a double click keeps one search, two workers write one letter."""

import threading
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.accounts.models import Person
from app.core import clock, mail
from app.core.db import db, transaction
from app.follows import digests, services
from app.follows.models import SavedSearch
from app.projects.models import Project
from app.search import sync
from tests.factories import make_content, make_person

AT_ONCE = 6


def together(app, act):
    """Run `act` in as many threads, released at the same instant; what went wrong, if anything."""
    gate, failures = threading.Barrier(AT_ONCE), []

    def one():
        with app.app_context():
            gate.wait(30)
            try:
                act()
            except Exception as error:
                failures.append(error)
            finally:
                db.remove()

    threads = [threading.Thread(target=one) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return failures


def test_a_search_saved_by_many_clicks_at_once_is_saved_once(committed):
    """Seen red on PostgreSQL with `db.add` in place of insert_or_ignore: the unique constraint refused all but one with an error."""
    person = make_person().id

    def save():
        with transaction():
            services.save_search(db.get(Person, person), address="q=banc", label="banc")

    for _ in range(5):
        assert together(committed, save) == []
    assert db.scalar(select(func.count(SavedSearch.id))) == 1


def test_workers_who_write_at_once_write_one_letter(committed, monkeypatch):
    """Seen red on PostgreSQL without `with_for_update`: as many letters as workers."""
    morning = datetime.combine(clock.now().date(), digests.HOUR, clock.PARIS) + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: morning)
    person = make_person().id
    with transaction():
        search = services.save_search(db.get(Person, person), address="q=banc", label="banc")
        search.looked_at = morning - timedelta(days=1)
    content = make_content(Project, title="Un banc")
    content.published_at = morning - timedelta(hours=5)
    db.commit()
    sync.rebuild()
    db.remove()
    assert together(committed, lambda: digests.write_digests([str(person)])) == []
    assert db.scalar(select(func.count(mail.MailMessage.id)).where(mail.MailMessage.template == "search_alerts")) == 1
