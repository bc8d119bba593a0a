"""Looking at a case, signing texts, and the letters of the morning."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.contents import services as contents
from app.core import clock
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.mail import MailMessage
from app.moderation.desk import reminders, services, waiting
from app.moderation.desk.models import Signature
from app.moderation.models import Case
from app.moderation.queries import get_case
from app.notifications.models import Notification
from tests.factories import make_person, make_territory
from tests.moderation.desk.conftest import make_case

TEXT = "Gardez la friche en jardin pour les enfants du quartier, on manque de nature ici et de bancs à l’ombre."


def test_looking_never_takes_a_case_from_who_claimed_it(place, agent):
    from app.moderation import services as moderation

    case = get_case(make_case(place).id)
    moderation.claim(case, by=agent)
    until = db.scalar(select(Case.claimed_until).where(Case.id == case.id))
    services.look_at(get_case(case.id), by=agent)
    assert db.scalar(select(Case.claimed_until).where(Case.id == case.id)) == until, "one's own claim is not shortened"
    with pytest.raises(Conflict):
        services.look_at(get_case(case.id), by=make_person(roles=[("moderator", place)]))


def test_looking_ends_by_itself(place, agent, at):
    case = get_case(make_case(place).id)
    services.look_at(case, by=agent)
    db.commit()
    at(clock.from_now(minutes=services.LOOK_MINUTES, seconds=1))
    services.look_at(get_case(case.id), by=make_person(roles=[("moderator", place)]))


def signed(*cases):
    services.sign([case.id for case in cases])
    found = dict(db.execute(select(Signature.case_id, Signature.campaign)).all())
    return [found[case.id] for case in cases]


def test_what_looks_alike_is_one_campaign_named_after_its_first_case(place):
    first, other, copy = (
        make_case(place, title="La friche", body=TEXT),
        make_case(place, body="Un terrain de boules couvert, pour les anciens."),
        make_case(place, title="La friche", body=TEXT + " Paul."),
    )
    assert signed(first, other, copy) == [first.id, None, first.id]


def test_a_text_that_changes_is_signed_again_and_leaves_its_campaign(place):
    first, copy = make_case(place, title="La friche", body=TEXT), make_case(place, title="La friche", body=TEXT)
    assert signed(first, copy) == [first.id, first.id]
    copy_id = copy.id
    content = get_case(copy_id).content
    contents.edit(content, by=None, title=content.title, body="Finalement, je propose plutôt un terrain de boules couvert pour l’hiver.")
    db.commit()
    assert services.sign_what_came() >= 1
    assert db.scalar(select(Signature.campaign).where(Signature.case_id == copy_id)) is None
    assert services.sign_what_came() == 0, "nothing is signed twice"


def test_nobody_keeps_more_views_than_can_be_read(agent):
    for n in range(services.VIEWS):
        services.save_view(agent, name=f"Vue {n}", place="", query="late=1")
    services.save_view(agent, name="Vue 3", place="", query="q=banc")
    assert [view.query for view in waiting.views_of(agent) if view.name == "Vue 3"] == ["q=banc"]
    with pytest.raises(DomainError):
        services.save_view(agent, name="Une de trop", place="", query="")


# --- Letters of the morning ----------------------------------------------------------------------------------------------

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def morning(at):
    at(MORNING)
    return at


def told():
    return dict(db.execute(select(Notification.person_id, Notification.text).where(Notification.template == "desk_digest")).all())


def test_an_agent_is_told_what_waits_once_a_day(place, agent, morning):
    make_case(place, hours=30)
    make_case(place, hours=1)
    assert reminders.remind() == 1
    assert reminders.remind() == 0, "twice a day is once too many"
    letter = told()[agent.id]
    assert "2 textes attendent, 1 est en retard" in letter
    assert db.scalar(select(func.count(MailMessage.id)).where(MailMessage.person_id == agent.id)) == 1
    morning(MORNING + timedelta(days=1))
    assert reminders.remind() == 1


def test_nothing_waits_nothing_is_sent_nor_at_night(place, agent, morning):
    assert reminders.remind() == 0
    make_case(place)
    morning(MORNING - timedelta(hours=6))
    assert reminders.remind() == 0
    assert told() == {}


def test_a_manager_is_told_of_what_is_late_and_each_case_once(place, agent, morning):
    manager, second = make_person(roles=[("manager", place)]), make_person(roles=[("manager", place)])
    elsewhere = make_person(roles=[("manager", make_territory())])
    late, young = make_case(place, hours=30), make_case(place, hours=2)
    assert reminders.remind() == 3
    assert set(told()) == {agent.id, manager.id, second.id}
    assert elsewhere.id not in told()
    assert "plus de 24 heures" in told()[manager.id]
    marked = lambda case: db.scalar(select(Case.escalated_at).where(Case.id == case.id))
    assert marked(late) is not None
    assert marked(young) is None
    morning(MORNING + timedelta(days=1))
    db.execute(Case.__table__.update().where(Case.id == young.id).values(is_open=False))
    reminders.remind()
    assert db.scalar(select(func.count(Notification.id)).where(Notification.person_id == manager.id)) == 1, "told of that case already"


def test_a_right_that_was_taken_away_takes_the_letter_with_it(place, agent, morning):
    """Z03."""
    make_case(place)
    agent.suspended_at = clock.now()
    db.commit()
    assert reminders.remind() == 0
