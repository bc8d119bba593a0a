from app.comments.models import Comment
from app.contents.models import State
from tests.factories import make_content, make_person, make_territory
from tests.participation import make_argument, make_reply


def test_a_person_finds_all_they_wrote_and_others_what_is_public(client):
    person, place = make_person(), make_territory()
    for state in (State.DRAFT, State.PUBLISHED, State.HIDDEN, State.REFUSED):
        make_content(Comment, author=person, title=f"Texte {state.value}", state=state, territory=place)
    make_content(Comment, author=make_person(), title="Texte d’un autre", territory=place)
    public = client.get(f"/personnes/{person.public_id}").text
    assert "Texte published" in public
    assert not any(f"Texte {state}" in public for state in ("draft", "hidden", "refused"))
    client.log_in(person)
    page = client.get("/compte/contributions").text
    assert all(f"Texte {state}" in page for state in ("draft", "published", "hidden", "refused"))
    assert "Texte d’un autre" not in page
    assert "Texte draft" in client.get("/compte/").text


def test_what_a_text_answers_is_said_beside_it(client):
    person, argument = make_person(), make_argument(title="Le canal d’abord")
    make_reply(argument, author=person, body="Retenue.")
    make_reply(make_argument(title="Un titre retiré", state=State.REMOVED), author=person, body="À l’étude.")
    page = client.get(f"/personnes/{person.public_id}").text
    assert "Sur «\u202fLe canal d’abord\u202f»" in page
    assert "Un titre retiré" not in page


def test_a_longer_list_costs_no_more_queries(client, count_queries):
    person = make_person()
    make_reply(author=person)
    client.log_in(person)

    def cost():
        count_queries.clear()
        client.get("/compte/contributions")
        return len(count_queries)

    one = cost()
    for _ in range(5):
        make_reply(author=person)
    assert cost() == one
