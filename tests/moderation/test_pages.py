"""The pages of an author and of a garant: what was decided, what is asked; and the one where words are destroyed."""

import pytest
from sqlalchemy import select

from app.contents.models import Mandate, State
from app.core.db import db
from app.moderation import decision_blocks, queries, services
from app.moderation.models import Cause, Decision, Message, Report, Route, Verdict
from app.projects.models import Project
from tests.factories import make_content, make_person, save
from tests.moderation.made import make_world, span
from tests.participation import make_debate


@pytest.fixture
def world():
    return make_world()


def test_the_author_reads_the_whole_statement_with_the_cut_words_and_nobody_else_does(world, client):
    text = world.text(body="Bon projet, dit Josette.")
    decision = world.decide(world.reported(text), Verdict.REDACT, spans=[span(text, "Josette")])
    address, author = f"/moderation/decisions/{decision.id}", text.author
    db.commit()
    client.log_in(author)
    page = client.get(address).text
    assert "<del>Josette</del>" in page
    for words in ("article 2, « Injures »", "Un passage de votre texte", "recours", "Quelqu’un a signalé ce texte", "par une personne"):
        assert words in page, words
    client.log_in(make_person())
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("verdict", [Verdict.KEEP, Verdict.HIDE, Verdict.REFUSE])
def test_each_decision_has_its_page(world, client, verdict):
    decision = world.decide(world.waiting(world.text(), Cause.REPORT), verdict)
    db.commit()
    client.log_in(world.agent)
    assert client.get(f"/moderation/decisions/{decision.id}").status_code == 200


def test_a_hold_says_that_a_machine_did_it(world, client):
    from app.contents import services as contents

    text = world.text(body="Bon projet, dit Josette.")
    world.decide(world.reported(text), Verdict.REDACT, spans=[span(text, "Josette")])
    author = text.author
    contents.edit(text, by=author, title="T", body="Autre.")
    held = db.scalars(select(Decision.id).where(Decision.verdict == Verdict.HOLD)).one()
    db.commit()
    client.log_in(author)
    assert "prise automatiquement" in client.get(f"/moderation/decisions/{held}").text


def test_the_garant_of_the_project_reads_decisions_and_another_s_does_not(world, client):
    project, other = make_content(Project, territory=world.place), make_content(Project, territory=world.place)
    text = world.text(make_debate(territory=world.place, project_id=project.id))
    decision_id = world.decide(world.reported(text), Verdict.REFUSE).id
    garant, stranger = make_person(), make_person()
    save(Mandate(project_id=project.id, person_id=garant.id))
    save(Mandate(project_id=other.id, person_id=stranger.id))
    client.log_in(garant)
    assert client.get(f"/moderation/decisions/{decision_id}").status_code == 200
    client.log_in(stranger)
    assert client.get(f"/moderation/decisions/{decision_id}").status_code == 404


def test_an_author_answers_what_is_asked(world, client):
    text = world.text(state=State.PENDING)
    case = world.waiting(text)
    address, author, case_id = f"/moderation/cas/{case.id}/correction", text.author, case.id
    db.commit()
    client.log_in(author)
    assert client.get(address).status_code == 404  # nothing was asked
    asked = queries.get_case(case_id)
    services.ask_for_correction(asked, by=world.agent, text="Retirez le nom.", seen=asked.version)
    db.commit()
    client.log_in(author)
    assert "Retirez le nom." in client.get(address).text
    assert client.post(address, data={"text": ""}).status_code == 422
    assert client.post(address, data={"text": "C’est fait."}).status_code == 303
    assert db.scalars(select(Message.text).where(Message.is_from_author)).all() == ["C’est fait."]
    client.log_in(make_person())
    assert client.get(address).status_code == 404


def test_only_a_manager_destroys_words_from_a_page_of_its_own(world, client):
    text = world.text(body="Un secret.")
    case = world.reported(text)
    address, slug, article_id, text_id = f"/moderation/cas/{case.id}/effacer", world.place.slug, world.article.id, text.id
    sent = {"version": "1", "article": article_id, "reasons": "Des données privées."}
    db.commit()
    client.log_in(world.agent)
    assert client.get(address).status_code == 404
    assert client.post(address, data=sent).status_code == 404
    tried = client.post(f"/moderation/{slug}/cas/{case.id}", data=sent | {"verdict": "erase"})
    assert tried.status_code in {404, 422}  # whichever says no first: who, or what
    client.log_in(world.manager)
    assert "détruits" in client.get(address).text
    assert client.post(address, data=sent | {"article": ""}).status_code == 422
    done = client.post(address, data=sent)
    assert done.status_code == 303
    assert db.scalars(select(Decision.route).where(Decision.content_id == text_id)).all() == [Route.ERASURE]


def test_what_other_layers_add_to_a_decision_is_shown(world, client, monkeypatch):
    decision_id = world.decide(world.reported(world.text()), Verdict.REFUSE).id
    db.commit()
    monkeypatch.setitem(decision_blocks._functions, lambda decision: None, 1)
    client.log_in(world.agent)
    assert client.get(f"/moderation/decisions/{decision_id}").status_code == 200


def test_a_confirmed_visitor_is_thanked_and_an_old_link_is_nothing(world, client):
    from app.core import clock
    from app.moderation.reports import hashed

    text = world.text()
    save(Report(content_id=text.id, visitor_email="o@example.org", token_hash=hashed("jeton")))
    save(Report(content_id=text.id, visitor_email="p@example.org", token_hash=hashed("vieux"), created_at=clock.from_now(days=-8)))
    assert "Confirmer" in client.get("/signalements/jeton").text
    assert "enregistré" in client.post("/signalements/jeton").text
    assert client.get("/signalements/vieux").status_code == 404
