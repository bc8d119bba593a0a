"""The public register: every decision that holds, and nothing that leads to a text or a person."""

import csv
import io
from datetime import timedelta

import pytest

from app.core import clock
from app.core.db import db
from app.moderation import services
from app.moderation.appeals.models import Appeal, Outcome
from app.moderation.models import Route, Verdict
from tests.factories import make_person, save
from tests.moderation.transparency.made import crowd, make_article, make_decision, make_desk


def register(client, place, query="", ending=""):
    return client.get(f"/territoires/{place.slug}/moderation/registre{ending}{query}")


def test_a_decision_is_told_without_its_text_or_its_author(client):
    place, debate, agent, article = make_desk()
    crowd(debate)
    author = make_person(name="Zoé Secret")
    made = make_decision(debate, agent, Verdict.REFUSE, article=article, author=author, waited=timedelta(minutes=170))
    page = register(client, place)
    assert page.status_code == 200
    for shown in ("Refusé", "Injures et attaques", "Les berges", "3 heures"):
        assert shown in page.text.replace("\u202f", " ").replace("\u00a0", " ")
    (row,) = register(client, place, ending=".json").json["items"]
    assert row == {
        "date": clock.today().isoformat(),
        "territoire": place.short_name,
        "nature": "Argument",
        "activite": "Les berges",
        "decision": "Refusé",
        "motif": "Injures et attaques",
        "automatique": False,
        "delai_heures": 3,
        "recours": "",
    }
    told = register(client, place, ending=".csv").get_data(as_text=True).lstrip("\ufeff")
    assert [each["decision"] for each in csv.DictReader(io.StringIO(told), delimiter=";")] == ["Refusé"]
    for answer in (page.text, str(row), told):
        for secret in ("secret", "Zoé", "Claire", f"/{made.content_id}", f"contributions/{made.content_id}"):
            assert secret not in answer


def test_an_activity_of_few_people_is_not_named(client):
    """Four people wrote there: the day and the activity would say who was refused. The fifth makes it a crowd."""
    place, debate, agent, article = make_desk()
    crowd(debate, 3)
    make_decision(debate, agent, Verdict.REFUSE, article=article)
    assert register(client, place, ending=".json").json["items"][0]["activite"] == "Activité de moins de 5 personnes"
    assert "Les berges" not in register(client, place).text
    crowd(debate, 1)
    assert register(client, place, ending=".json").json["items"][0]["activite"] == "Les berges"


def test_what_was_taken_back_is_absent_and_what_a_rule_did_is_marked(client):
    place, debate, agent, article = make_desk()
    make_decision(debate, agent, Verdict.KEEP)
    undone = make_decision(debate, agent, Verdict.REFUSE, article=article)
    services.undo(undone, by=agent)
    held = make_decision(debate, agent, Verdict.KEEP, pending=False)
    held.is_automated, held.route, held.by_id = True, Route.EDIT, None
    db.commit()
    rows = register(client, place, ending=".json").json["items"]
    assert [(row["decision"], row["automatique"], row["delai_heures"] is None) for row in rows] == [
        ("Laissé en ligne", True, True),
        ("Publié", False, False),
    ]


def test_the_outcome_of_an_appeal_is_told(client):
    place, debate, agent, article = make_desk()
    made = make_decision(debate, agent, Verdict.REFUSE, article=article)
    appeal = save(Appeal(decision_id=made.id, territory_id=place.id, person_id=make_person().id, text="Je conteste."))
    assert register(client, place, ending=".json").json["items"][0]["recours"] == "en cours"
    appeal = db.get(Appeal, appeal.id)
    appeal.outcome, appeal.answer, appeal.answered_by_id, appeal.answered_at = Outcome.UPHELD, "Oui.", make_person().id, clock.now()
    db.commit()
    assert register(client, place, ending=".json").json["items"][0]["recours"] == "accueilli"
    assert "Je conteste" not in register(client, place).text


@pytest.fixture
def varied():
    place, debate, agent, article = make_desk()
    other, another_debate, another_agent, _ = make_desk()
    spam = make_article(place, "Publicité", number=3)
    make_decision(another_debate, another_agent)
    for verdict, reason, pending in (
        (Verdict.KEEP, None, True),
        (Verdict.REFUSE, article, True),
        (Verdict.REFUSE, article, False),
        (Verdict.REFUSE, spam, False),
    ):
        make_decision(debate, agent, verdict, article=reason, pending=pending)
    return place, other


def test_one_filters_by_year_outcome_and_reason(client, varied):
    place, _other = varied
    year = clock.today().year

    def found(query):
        return [row["decision"] for row in register(client, place, query, ".json").json["items"]]

    assert found("") == ["Retiré", "Retiré", "Refusé", "Publié"]
    assert found("?issue=retire") == ["Retiré", "Retiré"]
    assert found("?issue=retire&motif=Publicité") == ["Retiré"]
    assert found(f"?annee={year}") == found("")
    assert found(f"?annee={year - 1}") == []
    for nonsense in ("?annee=0000", "?annee=x", "?issue=<script>", "?motif=Inconnu", "?annee=９９９９", "?page=0"):
        assert found(nonsense) == found("")
    assert "<script>" not in register(client, place, "?issue=<script>").text


def test_the_region_shows_every_place(client, varied):
    place, other = varied
    rows = client.get("/transparence/moderation/registre.json").json["items"]
    assert [row["territoire"] for row in rows] == [place.short_name] * 4 + [other.short_name]
    assert client.get("/transparence/moderation/registre").status_code == 200


def test_a_long_register_costs_the_same_queries(client, count_queries, varied):
    place, _ = varied
    register(client, place)
    count_queries.clear()
    register(client, place)
    few = len(count_queries)
    _place, debate, agent, article = make_desk()
    debate.territory_id = place.id
    db.commit()
    for _ in range(12):
        make_decision(debate, agent, Verdict.REFUSE, article=article)
    count_queries.clear()
    register(client, place)
    assert len(count_queries) == few
    assert few <= 12


def test_an_empty_register_says_what_will_come(client):
    place, *_ = make_desk()
    assert "elle s’inscrit ici" in register(client, place).text
    assert register(client, place, ending=".json").json["total"] == 0


def test_the_page_of_a_place_leads_to_its_register(client):
    place, debate, agent, _ = make_desk()
    make_decision(debate, agent, waited=timedelta(hours=1))
    assert f"/territoires/{place.slug}/moderation/registre" in client.get(f"/territoires/{place.slug}/").text
