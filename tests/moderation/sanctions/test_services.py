import json
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from app.accounts import queries as accounts
from app.accounts import team
from app.accounts.models import Identity, Person, Role
from app.audit.models import AuditEntry
from app.contents import services as contents
from app.contents.models import Content, State
from app.core import clock
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.mail import MailMessage, compose
from app.moderation import redress
from app.moderation.appeals.queries import get_act
from app.moderation.models import Scope, Statement
from app.moderation.redress import Key
from app.moderation.sanctions import queries, services
from app.moderation.sanctions.models import Sanction, SanctionKind, SanctionState
from app.moderation.sanctions.queries import Stage
from app.notifications.models import Notification
from app.projects.models import Project
from tests.factories import make_person
from tests.moderation.sanctions.people import confirm, make_world, propose

WAYS = [(SanctionKind.WARNING, False), (SanctionKind.READ_FIRST, False), (SanctionKind.SUSPENSION, False)]
WAYS += [(SanctionKind.WARNING, True), (SanctionKind.SUSPENSION, True), (SanctionKind.CLOSURE, True)]


@pytest.fixture
def world():
    return make_world()


def states():
    return dict(db.execute(select(Content.id, Content.state)).all())


def acts():
    return db.scalars(select(AuditEntry.act).where(AuditEntry.act.like("sanction.%")).order_by(AuditEntry.id)).all()


@pytest.mark.parametrize(("kind", "region"), WAYS)
def test_each_confirmed_sanction_gives_one_statement_one_message_one_letter_and_touches_no_text(app, world, kind, region):
    """O02. Seen red with `tell` taken out of `confirm`, and with a second `state_reasons` (the database refuses it)."""
    before = states()
    sanction = propose(world, kind, region=region)
    assert db.scalar(select(func.count(Statement.id))) == 0
    assert db.scalar(select(func.count(MailMessage.id))) == 0
    sanction = confirm(world, sanction)
    statement = db.scalars(select(Statement)).one()
    assert (statement.sanction_id, statement.territory_id, statement.scope) == (sanction.id, sanction.territory_id, services.SCOPES[kind])
    assert statement.facts == "Trois injures en une semaine."
    assert "On ne s’insulte pas" in statement.rule or region
    letter = db.scalars(select(MailMessage)).one()
    with app.test_request_context(base_url="http://localhost"):
        written = compose(letter)
    for text in (written.body, written.alternatives[0][0]):
        assert "Trois injures en une semaine." in text
        assert redress.appeal_path(sanction_id=sanction.id) in text
        assert "Undefined" not in text
    assert redress.appeal_path(sanction_id=sanction.id).rpartition(".")[2] not in json.dumps(letter.context), (
        "signed when it is written out"
    )
    messages = db.scalars(select(Notification)).all()
    assert [message.person_id for message in messages] == ([] if kind == SanctionKind.CLOSURE else [world.bruno.id])
    assert acts() == ["sanction.proposed", "sanction.confirmed"]
    assert states() == before
    assert get_act(Key(sanction_id=sanction.id)).statement.id == statement.id


def test_nothing_happens_before_a_second_person_agrees(world):
    propose(world, SanctionKind.SUSPENSION)
    assert queries.in_force_on(world.bruno) == []
    text = Project(territory_id=world.place.id)
    contents.write(text, title="Un banc", body="Un banc.")
    assert contents.submit(text, author=world.bruno) == State.PUBLISHED


@pytest.mark.parametrize("who", ["claire", "bruno"])
def test_neither_who_proposed_nor_who_is_concerned_reads_it(world, who):
    """Red without `proposed_by_id != by` and `person_id != by` in `take` (and then by the database for the first)."""
    sanction = propose(world)
    with pytest.raises(DomainError, match="autre personne"), db.begin_nested():
        services.confirm(sanction, by=getattr(world, who), seen=sanction.version)
    assert queries.get_sanction(sanction.id).state == SanctionState.PROPOSED


def test_the_database_refuses_one_person_alone_a_suspension_without_end_and_a_local_closure(world):
    given = {"person_id": world.bruno.id, "facts": "Faits.", "proposed_by_id": world.claire.id}
    alone = {"kind": SanctionKind.WARNING, "state": SanctionState.CONFIRMED, "read_by_id": world.claire.id}
    nobody = {"kind": SanctionKind.WARNING, "state": SanctionState.CONFIRMED}
    for values in (alone, nobody, {"kind": SanctionKind.SUSPENSION}, {"kind": SanctionKind.CLOSURE, "territory_id": world.place.id}):
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(insert(Sanction).values(**given, **values))


def test_nobody_sanctions_themself(world):
    with pytest.raises(DomainError, match="soi-même"):
        propose(world, by=world.bruno)


def test_a_territory_does_not_reach_who_never_wrote_there_nor_close_an_account(world):
    with pytest.raises(DomainError, match="rien écrit"):
        services.propose(
            make_person(), territory=world.place, kind="warning", article=world.article, facts="x", ends_at=None, by=world.claire
        )
    with pytest.raises(DomainError, match="pas possible ici"):
        propose(world, SanctionKind.CLOSURE)


@pytest.mark.parametrize(("days", "sentence"), [(None, "date de fin"), (-1, "à venir"), (400, "dans l’année")])
def test_a_suspension_ends_within_a_year(world, days, sentence):
    with pytest.raises(DomainError, match=sentence):
        propose(world, SanctionKind.SUSPENSION, ends_at=None if days is None else clock.from_now(days=days))


def test_a_territorial_suspension_acts_there_only_until_the_clock_ends_it(world, at):
    """Z02. Red when the gate asks for the person alone."""
    confirm(world, propose(world, SanctionKind.SUSPENSION))

    def write(place):
        text = Project(territory_id=place.id)
        contents.write(text, title="Un banc", body="Un banc.")
        return contents.submit(text, author=world.bruno)

    assert not accounts.get_person(world.bruno.id).is_suspended
    with pytest.raises(DomainError, match="Trois injures"), db.begin_nested():
        write(world.place)
    assert write(world.other) == State.PUBLISHED
    at(clock.now() + timedelta(days=31))
    assert write(world.place) == State.PUBLISHED
    assert queries.count_in(world.place.id, Stage.IN_FORCE) == 0
    assert queries.count_in(world.place.id, Stage.ENDED) == 1


def test_texts_of_someone_read_first_wait_in_that_territory_only(world):
    confirm(world, propose(world, SanctionKind.READ_FIRST))
    found = {}
    for place in (world.place, world.other):
        text = Project(territory_id=place.id)
        contents.write(text, title="Un banc", body="Un banc.")
        found[place.id] = contents.submit(text, author=world.bruno)
    assert found == {world.place.id: State.PENDING, world.other.id: State.PUBLISHED}


def test_the_right_is_asked_again_when_it_is_confirmed(world):
    """Z03: who proposed has left the team since. Red without the question in `confirm`."""
    sanction_id = propose(world).id
    db.delete(db.scalars(select(Role).where(Role.person_id == world.claire.id)).one())
    db.commit()
    db.expire_all()
    sanction = queries.get_sanction(sanction_id)
    with pytest.raises(DomainError, match="plus dans l’équipe"), db.begin_nested():
        services.confirm(sanction, by=world.samir, seen=sanction.version)
    assert db.scalar(select(func.count(Statement.id))) == 0


def test_a_declined_sanction_is_not_told_to_the_person(world):
    sanction = propose(world)
    services.decline(sanction, by=world.samir, reasons="Une seule injure, ancienne.", seen=sanction.version)
    assert (sanction.state, sanction.read_by_id, sanction.answer) == (SanctionState.DECLINED, world.samir.id, "Une seule injure, ancienne.")
    assert db.scalar(select(func.count(Notification.id))) == 0
    assert acts() == ["sanction.proposed", "sanction.declined"]


def test_who_reads_second_too_late_is_told_who_was_first(world):
    """K04."""
    sanction = propose(world)
    confirm(world, sanction)
    with pytest.raises(Conflict, match="Samir"), db.begin_nested():
        services.decline(queries.get_sanction(sanction.id), by=world.nadine, reasons="Non.", seen=1)
    assert db.scalar(select(func.count(Statement.id))) == 1


@pytest.mark.parametrize("region", [False, True])
def test_lifted_with_reasons_the_person_writes_again_and_is_told(world, region):
    sanction = confirm(world, propose(world, SanctionKind.SUSPENSION, region=region))
    assert accounts.get_person(world.bruno.id).is_suspended is region
    with pytest.raises(DomainError), db.begin_nested():
        services.lift(sanction, by=world.nadine, reasons=" ", seen=sanction.version)
    sanction = queries.get_sanction(sanction.id)
    services.lift(sanction, by=world.nadine, reasons="Il s’est excusé.", seen=sanction.version)
    db.commit()
    assert not accounts.get_person(world.bruno.id).is_suspended
    assert queries.in_force_on(world.bruno) == []
    told = db.scalars(select(Notification).order_by(Notification.id.desc())).first()
    assert "Il s’est excusé." in told.text
    assert acts()[-1] == "sanction.lifted"


def test_closing_an_account_writes_to_it_before_the_address_goes(app, world, run_worker):
    sanction = confirm(world, propose(world, SanctionKind.CLOSURE, region=True))
    assert db.scalar(select(Identity.id).where(Identity.person_id == world.bruno.id)) is None
    assert db.get_one(Person, world.bruno.id).closed_at is not None
    letter = db.scalars(select(MailMessage)).one()
    assert letter.to_address.startswith("c")
    assert letter.context["name"] == "Bruno"
    assert db.scalars(select(Statement)).one().scope == Scope.CLOSED
    assert queries.get_sanction(sanction.id).holds(clock.now())


# --- At once ---------------------------------------------------------------------------------------------------------------


def urgent(world, **values):
    team.suspend(accounts.get_person(world.bruno.id), by=world.nadine, reason="Menaces de mort.", **values)
    db.commit()
    return queries.suspension_of(world.bruno.id)


def test_the_urgent_suspension_holds_at_once_for_fifteen_days_and_asks_a_second_reader(app, world, at):
    sanction = urgent(world)
    person = accounts.get_person(world.bruno.id)
    assert person.is_suspended
    assert timedelta(days=14) < person.suspended_until - clock.now() <= timedelta(days=services.PROVISIONAL_DAYS)
    assert (sanction.state, sanction.is_provisional, sanction.ends_at > person.suspended_until) == (SanctionState.PROPOSED, True, True)
    assert db.scalars(select(Statement.sanction_id)).all() == [sanction.id]
    letter = db.scalars(select(MailMessage)).one()
    with app.test_request_context(base_url="http://localhost"):
        assert "mesure d’urgence" in compose(letter).body
    at(clock.now() + timedelta(days=16))
    assert not accounts.get_person(world.bruno.id).is_suspended, "nobody confirmed it"


def test_confirming_the_urgent_suspension_adds_no_second_statement(world):
    sanction = confirm(world, queries.get_sanction(urgent(world).id))
    assert accounts.get_person(world.bruno.id).suspended_until == sanction.ends_at
    assert db.scalar(select(func.count(Statement.id))) == 1
    assert db.scalars(select(MailMessage.template).order_by(MailMessage.id)).all() == ["sanction", "sanction_confirmed"]


def test_declining_the_urgent_suspension_ends_it(world):
    sanction = queries.get_sanction(urgent(world).id)
    services.decline(sanction, by=world.agnes, reasons="Ce n’était pas lui.", seen=sanction.version)
    db.commit()
    assert not accounts.get_person(world.bruno.id).is_suspended
    assert "Ce n’était pas lui." in db.scalars(select(Notification).order_by(Notification.id.desc())).first().text


def test_restoring_the_account_on_its_page_ends_the_sanction_too(world):
    sanction_id = urgent(world).id
    team.lift_suspension(accounts.get_person(world.bruno.id), by=world.nadine)
    db.commit()
    assert queries.suspension_of(world.bruno.id) is None
    assert not queries.get_sanction(sanction_id).holds(clock.now())


def test_the_region_suspends_an_account_once(world):
    waiting = propose(world, SanctionKind.SUSPENSION, region=True)
    urgent(world)
    with pytest.raises(DomainError, match="déjà"), db.begin_nested():
        confirm(world, waiting)
    with pytest.raises(DomainError, match="déjà"), db.begin_nested():
        urgent(world)
    assert db.scalar(select(func.count(Statement.id))) == 1
