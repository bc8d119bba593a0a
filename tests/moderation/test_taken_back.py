"""What stands at the own address of a text that moderation took back, and of one that nobody must learn of."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from app.contents import services as contents
from app.contents.models import State
from app.core import db as database
from app.core.db import db
from app.moderation.models import Verdict
from tests.factories import make_person, restrict
from tests.moderation.made import make_world
from tests.participation import make_consultation, make_proposal, make_reply, make_source


@pytest.fixture
def world():
    return make_world()


@pytest.mark.parametrize(("verdict", "says"), [(Verdict.REFUSE, "Ce texte a été retiré"), (Verdict.HIDE, "Ce texte est masqué")])
def test_a_proposal_that_was_taken_back_says_why_and_leads_where_it_stood(world, client, verdict, says):
    consultation = make_consultation(territory=world.place, title="Le square")
    proposal = make_proposal(consultation, title="Un titre infâme", body="Des mots infâmes.", author=make_person(name="Zoé Bavarde"))
    world.decide(world.reported(proposal), verdict)
    proposal_id = proposal.id
    paths = [f"/propositions/{proposal.id}", f"/contributions/{proposal.id}", f"/propositions/{proposal.id}/versions"]
    slug, there = world.place.slug, consultation.id
    db.commit()
    for path in paths:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["X-Robots-Tag"], answer.headers["Cache-Control"]) == (410, "noindex", "no-store")
        assert says in answer.text
        assert "Injures" in answer.text
        assert f'href="/consultations/{there}-le-square"' in answer.text
        assert f'href="/territoires/{slug}/moderation/registre"' in answer.text
        assert "infâme" not in answer.text
        assert "Bavarde" not in answer.text
        assert client.head(path).status_code == 410
    told = client.get(f"/propositions/{proposal_id}.json")
    assert (told.status_code, told.json["error"], told.headers["X-Robots-Tag"]) == (410, says, "noindex")
    assert "Injures" in told.json["message"]
    assert "infâme" not in told.text


@pytest.mark.parametrize("verdict", [Verdict.REFUSE, Verdict.HIDE])
def test_its_author_is_led_to_where_the_decision_is_linked(world, client, verdict):
    """Red before: logged in, they came back to the page of the text, which links no decision."""
    author = make_person()
    text = make_proposal(make_consultation(territory=world.place), author=author)
    decision_id = world.decide(world.reported(text), verdict).id
    path = f"/propositions/{text.id}"
    db.commit()
    page = client.get(path).text
    door = html.unescape(re.search(r'href="([^"]*)">Connectez-vous', page)[1])
    then = parse_qs(urlsplit(door).query)["next"][0]
    client.log_in(author)
    assert "Connectez-vous" not in client.get(path).text
    page = client.get(then)
    assert page.status_code == 200
    assert f'href="/moderation/decisions/{decision_id}"' in page.text
    assert client.get(f"/moderation/decisions/{decision_id}").status_code == 200


def test_what_was_said_in_a_thread_leads_back_to_its_place(world, client):
    argument = world.text()
    reply, source = make_reply(argument), make_source()
    debate_id, ids = argument.space_id, (argument.id, reply.id)
    world.decide(world.reported(reply), Verdict.REFUSE)
    world.article.territory_id = source.territory_id
    world.decide(world.reported(source), Verdict.HIDE)
    source_id, above_id = source.id, source.parent_id
    db.commit()
    page = client.get(f"/contributions/{ids[1]}").text
    assert f'href="/debats/{debate_id}-' in page
    assert f"?argument={ids[0]}#reponse-{ids[1]}" in page
    assert f'#source-{source_id}"' in client.get(f"/contributions/{source_id}").text
    assert f'href="/propositions/{above_id}-' in client.get(f"/contributions/{source_id}").text


@pytest.mark.parametrize("state", [State.DRAFT, State.PENDING, State.REFUSED, State.WITHDRAWN])
def test_what_was_never_public_or_left_by_itself_is_no_page(world, client, state):
    text = world.text(state=State.PENDING if state == State.REFUSED else state)
    if state == State.REFUSED:
        world.decide(world.waiting(text), Verdict.REFUSE)
    assert text.state == state
    path = f"/contributions/{text.id}"
    db.commit()
    assert client.get(path).status_code == 404


def test_what_its_author_withdrew_after_a_decision_is_no_page(world, client):
    """Red with the question about the state taken out: a decision stands, and it was public once."""
    text = world.text()
    world.decide(world.reported(text), Verdict.HIDE)
    contents.change_state(text, State.WITHDRAWN, by=text.author)
    path = f"/contributions/{text.id}"
    db.commit()
    assert client.get(path).status_code == 404


def test_what_hangs_from_something_that_is_not_public_is_no_page(world, client):
    """Red with the question about what is above taken out: the address says that a thread was hidden."""
    argument = world.text()
    reply = make_reply(argument)
    world.decide(world.reported(reply), Verdict.REFUSE)
    world.decide(world.reported(argument), Verdict.HIDE)
    path, above = f"/contributions/{reply.id}", f"/contributions/{argument.id}"
    db.commit()
    assert (client.get(path).status_code, client.get(above).status_code) == (404, 410)


def test_who_read_it_before_reads_it_still_and_a_write_is_refused_as_ever(world, client):
    author = make_person()
    text = world.text(author=author)
    world.decide(world.reported(text), Verdict.REFUSE)
    text_id, agent = text.id, world.agent
    db.commit()
    for person in (author, agent):
        client.log_in(person)
        assert client.get(f"/contributions/{text_id}").status_code == 302
        database.writing.set(True)
    client.log_in(make_person())
    assert client.get(f"/contributions/{text_id}").status_code == 410
    assert client.post(f"/contributions/{text_id}/avis", data={"value": "agree"}).status_code == 404
    assert client.get(f"/contributions/{text_id}/signaler").status_code == 410


def test_a_hidden_row_without_a_decision_is_no_page(world, client):
    text = world.text()
    restrict(text, State.HIDDEN)
    path = f"/contributions/{text.id}"
    db.commit()
    assert client.get(path).status_code == 404
