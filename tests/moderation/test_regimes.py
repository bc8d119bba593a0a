"""What is read before it is shown, what the person is told of it, and who may not write."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.audit.models import AuditEntry
from app.comments import services as comments
from app.contents import services as contents
from app.contents.models import State, Voice
from app.core import clock
from app.core.db import db
from app.core.errors import DomainError
from app.moderation import queries, regimes, services
from app.moderation.models import ActivityRegime, Regime, Verdict
from app.moderation.sanctions.models import Sanction
from tests.factories import make_person, make_territory, save
from tests.moderation.made import case_of, make_world
from tests.participation import make_argument, make_consultation, make_debate


@pytest.fixture
def world():
    return make_world()


def set_regime(world, regime, **given):
    regimes.set_regime(world.place, by=world.manager, regime=regime, **({"target_hours": 24} | given))


def post(debate, author, body="Parce que."):
    return comments.post_argument(debate, author=author, side="for", body=body)


def sanctioned(person, world, kind, **given):
    values = {"person_id": person.id, "territory_id": world.place.id, "kind": kind, "state": "confirmed", "article_id": world.article.id}
    people = {"proposed_by_id": world.agent.id, "read_by_id": world.manager.id, "facts": "Trois textes injurieux en une semaine."}
    return save(Sanction(**values, **people, **given))


def test_an_activity_has_its_own_regime(world):
    debate, other, author = make_debate(territory=world.place), make_debate(territory=world.place), make_person()
    regimes.set_activity_regime(debate, by=world.manager, regime=Regime.BEFORE)
    assert post(debate, author).state == State.PENDING
    assert post(other, author).state == State.PUBLISHED
    set_regime(world, Regime.BEFORE)
    regimes.set_activity_regime(debate, by=world.manager, regime=Regime.AFTER)
    assert post(debate, author, "Autre.").state == State.PUBLISHED
    regimes.set_activity_regime(debate, by=world.manager, regime=None)
    regimes.set_activity_regime(debate, by=world.manager, regime=None)
    assert post(debate, author, "Encore.").state == State.PENDING
    acts = db.scalars(select(AuditEntry.act).where(AuditEntry.subject == f"content:{debate.id}")).all()
    assert acts == ["moderation.activity_regime"] * 3
    assert db.scalars(select(ActivityRegime.id)).all() == []


def test_so_many_first_contributions_are_read_here_and_nowhere_else(world):
    set_regime(world, Regime.FIRST, first_count=2)
    debate, author = make_debate(territory=world.place), make_person()
    make_argument(author=author)  # in another territory: does not count
    states = []
    for n in range(4):
        text = post(debate, author, f"Texte {n}.")
        states.append(text.state)
        if text.state == State.PENDING:
            world.decide(case_of(text), Verdict.KEEP, article=None)
    assert states == [State.PENDING, State.PENDING, State.PUBLISHED, State.PUBLISHED]


def test_after_a_sanction_everything_a_person_writes_there_is_read_first(world, at):
    author, debate = make_person(), make_debate(territory=world.place)
    sanctioned(author, world, "read_first", ends_at=clock.from_now(days=10))
    assert post(debate, author).state == State.PENDING
    assert post(make_debate(), author).state == State.PUBLISHED  # elsewhere, no
    at(clock.from_now(days=11))
    assert post(debate, author, "Plus tard.").state == State.PUBLISHED


def test_who_is_suspended_is_told_why_until_when_and_how_to_contest_and_keeps_the_text(world, client):
    author, debate = make_person(), make_debate(territory=world.place)
    text = post(debate, author)
    sanctioned(author, world, "suspension", ends_at=clock.from_now(days=10))
    with pytest.raises(DomainError) as refused, db.begin_nested():
        contents.edit(text, by=author, title="T", body="Autre.")
    for words in ("Trois textes injurieux en une semaine.", "contester", "jusqu’au"):
        assert words in refused.value.message
    client.log_in(author)
    sent = client.post(f"/debats/{debate.id}/argumenter", data={"side": "for", "body": "Mon texte long à garder."})
    assert sent.status_code == 422
    assert "Mon texte long à garder." in sent.text
    assert "Trois textes injurieux" in sent.text


def test_the_territory_s_own_voice_is_not_read_first(world):
    set_regime(world, Regime.BEFORE)
    text = world.text()
    answer = comments.reply(text, author=world.agent, body="Nous répondons.", voice=Voice.OFFICIAL)
    assert answer.state == State.PUBLISHED


def test_an_edit_where_everything_is_read_first_waits_too(world):
    debate, author = make_debate(territory=world.place), make_person()
    text = post(debate, author)
    set_regime(world, Regime.BEFORE)
    contents.edit(text, by=author, title="T", body="Autre chose.")
    assert (text.state, case_of(text).cause, case_of(text).is_open) == (State.PENDING, "gate", True)
    contents.edit(debate, by=world.manager, title="Débat", body="Précision.")  # a page of the team's own
    assert debate.state == State.PUBLISHED


def test_a_person_is_told_how_their_text_will_be_read_and_how_long_it_takes_really(world):
    debate, author = make_debate(territory=world.place), make_person()
    assert regimes.reading_of(debate, author).sentence().startswith("Votre texte paraît tout de suite.")
    set_regime(world, Regime.FIRST, target_hours=12)
    said = regimes.reading_of(debate, author).sentence()
    assert "premières contributions" in said
    assert "12 heures" in said
    assert "nous ne savons pas encore" in said  # honest when there is nothing to measure
    set_regime(world, Regime.BEFORE, target_hours=1)
    for minutes in (30, 90, 300):
        text = world.text(debate, state=State.PENDING)
        case = world.waiting(text)
        case.opened_at = clock.now() - timedelta(minutes=minutes)
        world.decide(case, Verdict.KEEP, article=None)
    said = regimes.reading_of(debate, author).sentence()
    assert "1 heure au plus" in said
    assert "un texte sur deux a été lu en 2 heures ou moins" in said
    assert regimes.usual_delay(None) is None


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=5), "1 minute"),
        (timedelta(minutes=42), "42 minutes"),
        (timedelta(hours=5), "5 heures"),
        (timedelta(days=3), "3 jours"),
    ],
)
def test_lengths_in_words(length, words):
    assert regimes.in_words(length) == words


def test_senseless_settings_are_refused(world):
    with pytest.raises(DomainError, match="première"):
        set_regime(world, Regime.FIRST, first_count=0)
    with pytest.raises(DomainError, match="deux personnes"):
        set_regime(world, Regime.AFTER, mask_threshold=1)


def test_a_manager_sets_the_rules_of_the_territory_and_of_an_activity(world, client):
    consultation, elsewhere = make_consultation(territory=world.place, title="Les bancs"), make_debate()
    client.log_in(world.manager)
    here = f"/gestion/{world.place.slug}/moderation"
    assert "Les bancs" in client.get(here).text
    sent = {"regime": "premieres", "target_hours": "12", "first_count": "3", "mask_threshold": ""}
    assert client.post(here, data=sent).status_code == 302
    settings = queries.settings_of(world.place.id)
    assert (settings.regime, settings.target_hours, settings.first_count, settings.mask_threshold) == (Regime.FIRST, 12, 3, None)
    assert client.post(here, data=sent | {"mask_threshold": "1"}).status_code == 422
    assert client.get(f"{here}/{consultation.id}").status_code == 200
    assert client.post(f"{here}/{consultation.id}", data={"regime": "a_priori"}).status_code == 302
    assert regimes.regime_in(consultation.id, world.place.id) == Regime.BEFORE
    assert client.get(f"{here}/{elsewhere.id}").status_code == 404
    client.log_in(world.agent)
    assert client.get(here).status_code == 404  # who reads texts does not set the rules
    assert client.get(f"{here}/{consultation.id}").status_code == 404


def test_the_form_and_the_answer_say_the_regime(world, client):
    set_regime(world, Regime.BEFORE)
    debate, author = make_debate(territory=world.place), make_person()
    client.log_in(author)
    page = client.get(f"/debats/{debate.id}/argumenter")
    assert "lit votre texte avant de le publier" in page.text
    assert "Envoyer mon argument" in page.text
    sent = client.post(f"/debats/{debate.id}/argumenter", data={"side": "for", "body": "Parce que."})
    after = client.get(sent.location).text
    assert "Votre texte est bien arrivé" in after
    assert "24 heures" in after


def test_another_territory_s_settings_do_not_exist(world, client):
    client.log_in(make_person(roles=[("manager", make_territory())]))
    assert client.get(f"/gestion/{world.place.slug}/moderation").status_code == 404
    client.log_in(make_person(roles=[("administrator", None)]))
    assert client.get("/gestion/region/moderation").status_code == 404
    assert services.UNDO_SECONDS == 30
