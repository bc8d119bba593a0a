from sqlalchemy import select

from app.accounts import personal
from app.contents.models import State
from app.core.db import db
from app.moderation import queries, services
from app.moderation.models import Case, Cause, Verdict
from app.projects.models import Project
from app.territories.models import CharterArticle
from tests.factories import make_content, make_person, make_territory, save
from tests.participation import make_argument


def waiting_case(place, **values):
    article = save(CharterArticle(territory_id=place.id, number=2, title="Injures", text="On ne s’insulte pas."))
    text = make_content(Project, territory=place, author=make_person(), **values)
    case = services.open_case(text, Cause.REPORT)
    db.commit()
    return f"/moderation/{place.slug}/cas/{case.id}", text.id, article.id


def test_an_agent_decides_and_is_led_on(client):
    place = make_territory()
    address, text_id, article_id = waiting_case(place, body="Incapable.")
    client.log_in(make_person(roles=[("moderator", place)]))
    assert "Incapable." in client.get(address).text
    done = client.post(address, data={"version": "1", "verdict": "refuse", "article": article_id, "reasons": "Une injure."})
    assert done.location == f"/moderation/{place.slug}/"
    assert db.get(Project, text_id).state == State.REMOVED
    assert client.get(f"/projets/{text_id}").status_code == 200  # the team still reads it
    assert client.application.test_client().get(f"/projets/{text_id}").status_code == 410


def test_a_decision_without_reasons_is_refused_and_the_choice_kept(client):
    place = make_territory()
    address, text_id, article_id = waiting_case(place)
    client.log_in(make_person(roles=[("moderator", place)]))
    refused = client.post(address, data={"version": "1", "verdict": "hide", "article": article_id, "reasons": ""})
    assert refused.status_code == 422
    assert "Écrivez à l’auteur pourquoi" in refused.text
    assert db.scalar(select(Project.state).where(Project.id == text_id)) == State.PUBLISHED


def test_a_second_agent_is_told_and_keeps_the_message(client):
    """K04. Red when `decide` does not compare versions."""
    place = make_territory()
    address, _text_id, article_id = waiting_case(place)
    first = make_person(name="Claire", roles=[("moderator", place)])
    case = queries.get_case(db.query(Case.id).scalar())
    services.decide(case, by=first, verdict=Verdict.KEEP, article=None, reasons="Une critique.", seen=1)
    db.commit()
    client.log_in(make_person(roles=[("moderator", place)]))
    late = client.post(address, data={"version": "1", "verdict": "refuse", "article": article_id, "reasons": "Mon message."})
    assert late.status_code == 409
    assert "Claire" in late.text


def test_nobody_decides_on_their_own_text(client):
    place = make_territory()
    agent = make_person(roles=[("moderator", place)])
    text = make_content(Project, territory=place, author=agent)
    case_id = services.open_case(text, Cause.REPORT).id
    db.commit()
    client.log_in(agent)
    answer = client.post(f"/moderation/{place.slug}/cas/{case_id}", data={"version": "1", "verdict": "keep", "reasons": "Très bien."})
    assert answer.status_code == 404


def test_curators_find_the_desk_of_the_region_in_the_header(client):
    client.log_in(make_person(roles=[("curator", None)]))
    assert 'href="/moderation/"' in client.get("/").text
    assert client.get("/moderation/").location == "/moderation/region/"


def test_a_visitor_reports_and_is_asked_to_confirm(client):
    place = make_territory()
    text = make_content(Project, territory=place)
    page = client.get(f"/contributions/{text.id}/signaler")
    assert "Votre courriel" in page.text
    sent = client.post(f"/contributions/{text.id}/signaler", data={"article": "0", "name": "Odette", "email": "odette@example.org"})
    assert "Il reste une étape" in sent.text
    assert db.query(Case).count() == 0


def test_who_reports_reads_the_text_once_learns_what_follows_and_takes_it_away(client):
    """The first words of an argument are its title: they stood twice. And nothing said that one will be told."""
    argument = make_argument(title="Belle idée, mais …", body="Belle idée, mais à quel prix ?", summary="Belle idée, mais à quel prix ?")
    article = save(CharterArticle(territory_id=argument.territory_id, number=2, title="Injures", text="On ne s’insulte pas."))
    reporter, here = make_person(), f"/contributions/{argument.id}/signaler"
    client.log_in(reporter)
    assert client.get(here).text.count("Belle idée, mais") == 1
    assert "Vous saurez ce qu’elle a décidé" in client.post(here, data={"article": str(article.id), "message": "Une injure."}).text
    assert personal.data_of(reporter.id)["reports"][0]["content_id"] == argument.id
    assert personal.data_of(argument.author_id)["contents"][0]["id"] == argument.id
