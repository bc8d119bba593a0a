"""The blind second reading: drawn so that it can be checked, read by another, changing nothing."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from app.audit.models import AuditEntry
from app.contents.models import Content
from app.core.db import db, transaction
from app.core.errors import Conflict
from app.moderation.models import Decision, Verdict
from app.moderation.transparency import queries, services
from app.moderation.transparency.models import ReadingDraw, SecondReading
from tests.factories import make_person
from tests.moderation.transparency.made import make_decision, make_desk

LAST_WEEK = datetime(2026, 11, 18, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def week(at):
    """Thirty decisions of last week by one agent, one automated, one of the week before; another agent at the same desk."""
    place, debate, agent, article = make_desk()
    at(LAST_WEEK)
    for number in range(30):
        make_decision(debate, agent, Verdict.REFUSE if number % 3 == 0 else Verdict.KEEP, article=article if number % 3 == 0 else None)
    automated = make_decision(debate, agent)
    automated.is_automated = True
    older = make_decision(debate, agent)
    older.at = datetime(2026, 11, 15, 22, 59, tzinfo=UTC)  # 23:59 of Sunday in Paris
    db.commit()
    at(NOW)
    return place, agent, article


def test_a_week_is_drawn_once_and_the_draw_can_be_done_again(app, week):
    place, *_ = week
    (made,) = services.draw_due()
    assert (made.population, made.drawn, made.percent) == (30, 2, 5)
    assert services.draw_due() == []
    assert services.draw(place.id, made.week) is None
    drawn = set(db.scalars(select(SecondReading.decision_id)))
    assert drawn == set(services.sample(made.seed, queries.drawable(place.id, made.week), 2))
    assert services.is_the_same(made)
    facts = db.scalars(select(AuditEntry.detail).where(AuditEntry.act == "moderation.readings_drawn")).one()
    assert made.seed in facts
    db.commit()
    assert app.test_cli_runner().invoke(args=["readings", "check"]).output == "1 tirage, refait à l’identique.\n"
    reading = db.scalars(select(SecondReading)).first()
    reading.decision_id = next(each for each in queries.drawable(place.id, made.week) if each not in drawn)
    db.commit()
    assert app.test_cli_runner().invoke(args=["readings", "check"]).exit_code == 1


def test_a_draw_follows_the_rate_and_takes_one_at_least():
    assert [services.sample_size(count, 5) for count in (1, 9, 30, 100, 1000)] == [1, 1, 2, 5, 50]
    assert services.sample_size(7, 100) == 7


def test_where_nothing_was_decided_nothing_is_drawn(at):
    at(NOW)
    make_desk()
    assert services.draw_due() == []
    assert db.scalar(select(func.count(ReadingDraw.id))) == 0


def drawn_one(verdict=Verdict.REFUSE):
    services.draw_due()
    reading = db.scalars(select(SecondReading).join(Decision).where(Decision.verdict == verdict)).first()
    if reading is None:
        decision = db.scalars(select(Decision).where(Decision.verdict == verdict, ~Decision.is_automated)).first()
        reading = db.scalars(select(SecondReading)).first()
        reading.decision_id = decision.id
        db.commit()
    return reading.id


def test_the_second_reader_is_not_told_the_verdict(client, week):
    place, _agent, _article = week
    reading_id = drawn_one()
    address = f"/moderation/{place.slug}/relectures/{reading_id}"
    client.log_in(make_person(roles=[("moderator", place)]))
    page = client.get(address)
    assert "Des mots secrets." in page.text
    for told in ("Zoé Secret", "Claire Agente", "Refusé", "Retiré", "a été refusé"):
        assert told not in page.text
    assert address in client.get(f"/moderation/{place.slug}/relectures").text


def test_the_first_reader_and_other_desks_do_not_read_it(client, week):
    place, agent, _article = week
    reading_id = drawn_one()
    address = f"/moderation/{place.slug}/relectures/{reading_id}"
    client.log_in(agent)
    assert client.get(address).status_code == 404
    assert address not in client.get(f"/moderation/{place.slug}/relectures").text
    elsewhere, _debate, stranger, _ = make_desk()
    client.log_in(stranger)
    assert client.get(address).status_code in {403, 404}
    assert client.get(f"/moderation/{elsewhere.slug}/relectures/{reading_id}").status_code == 404
    assert client.post(f"/moderation/{elsewhere.slug}/relectures/{reading_id}", data={"verdict": "keep"}).status_code == 404
    assert client.application.test_client().get(address).status_code in {302, 401}


def test_a_disagreement_changes_nothing_and_is_shown_to_the_manager(client, week):
    place, _agent, _article = week
    reading_id = drawn_one()
    decision = db.get(Decision, db.get(SecondReading, reading_id).decision_id)
    before = db.get(Content, decision.content_id).state
    reader = make_person(name="Bruno Relecteur", roles=[("moderator", place)])
    client.log_in(reader)
    address = f"/moderation/{place.slug}/relectures/{reading_id}"
    assert client.post(address, data={"version": "1", "verdict": "hold"}).status_code == 422
    assert client.post(address, data={"version": "1", "verdict": "redact"}).status_code == 422, "a cut cites the charter"
    assert client.post(address, data={"version": "1", "verdict": "keep", "remark": "Une critique, pas une injure."}).status_code == 302
    kept = db.get(SecondReading, reading_id)
    assert (kept.agrees, kept.reader_id, db.get(Content, decision.content_id).state) == (False, reader.id, before)
    assert "Une critique, pas une injure." not in client.get(f"/moderation/{place.slug}/relectures").text
    client.log_in(make_person(roles=[("manager", place)]))
    page = client.get(f"/moderation/{place.slug}/relectures")
    assert "Une critique, pas une injure." in page.text
    assert "Bruno" not in page.text
    assert client.get(f"/territoires/{place.slug}/moderation/2026-11.json").json["second_readings"] == 1


def test_a_reading_is_given_once(week):
    """Optimistic lock: seen red without the comparison of versions and `read_at IS NULL`."""
    place, _agent, _article = week
    reading = queries.get_reading(drawn_one(Verdict.KEEP))
    first, second = (make_person(roles=[("moderator", place)]) for _ in range(2))
    assert services.give(reading, by=first, verdict="keep", article=None, remark="", seen=1) is True
    with pytest.raises(Conflict):
        services.give(reading, by=second, verdict="keep", article=None, remark="", seen=1)


def test_two_workers_draw_once(committed):
    """Eight at once. Seen red on PostgreSQL without UNIQUE(place, week): the others broke on the readings of the first."""
    import tests.moderation.transparency.made as made

    place, debate, agent, _ = made.make_desk()
    for _ in range(3):
        make_decision(debate, agent)
    week = services.monday(services.clock.today())
    ready, drawn, failures = threading.Barrier(8), [], []

    def work():
        with committed.app_context():
            ready.wait()
            try:
                with transaction():
                    drawn.append(services.draw(place.id, week))
            except Exception as error:
                failures.append(error)
            finally:
                db.remove()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
    assert len([each for each in drawn if each]) == 1
    assert db.execute(text("SELECT count(*) FROM second_readings")).scalar() == 1


def test_a_manager_sets_the_rate(client, week):
    place, agent, _article = week
    client.log_in(agent)
    assert client.post(f"/moderation/{place.slug}/relectures/taux", data={"percent": "20"}).status_code == 404
    client.log_in(make_person(roles=[("manager", place)]))
    assert client.post(f"/moderation/{place.slug}/relectures/taux", data={"percent": "0"}).status_code == 422
    assert client.post(f"/moderation/{place.slug}/relectures/taux", data={"percent": "20"}).status_code == 302
    (made,) = services.draw_due()
    assert (made.percent, made.drawn) == (20, 6)
