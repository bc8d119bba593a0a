import pytest

from app.comments import services
from app.contents import queries as contents
from app.contents.models import State
from tests.factories import make_person, make_territory
from tests.participation import CLOSES, OPENS, fresh, make_argument, make_consultation, make_debate, make_proposal, make_reply


def figures(content):
    found = contents.figures_of([content.id])[content.id]
    return (found.agree, found.mixed, found.disagree)


def test_a_vote_comes_back_to_the_page_at_its_anchor(client):
    argument = make_argument()
    client.log_in(make_person())
    answer = client.post(f"/contributions/{argument.id}/avis", data={"value": "agree"})
    assert (answer.status_code, answer.location.rsplit("#")[1]) == (303, f"argument-{argument.id}")
    assert figures(argument) == (1, 0, 0)
    assert client.get(answer.location).status_code == 200


def test_a_vote_given_on_the_third_page_comes_back_to_the_third_page(client):
    debate = make_debate()
    argument = make_argument(debate)
    client.log_in(make_person())
    here = f"/debats/{debate.id}-{debate.slug}"
    came = client.post(
        f"/contributions/{argument.id}/avis", data={"value": "agree"}, headers={"Referer": f"http://localhost{here}?page=3&sort=supported"}
    )
    assert came.location == f"{here}?page=3&sort=supported#argument-{argument.id}"
    elsewhere = client.post(
        f"/contributions/{argument.id}/avis", data={"value": "mixed"}, headers={"Referer": f"http://evil.example{here}?page=3"}
    )
    assert elsewhere.location.startswith(here + "?argument=")


def test_a_proposal_is_voted_on_in_the_same_way(client):
    proposal = make_proposal()
    client.log_in(make_person())
    answer = client.post(f"/contributions/{proposal.id}/avis", data={"value": "disagree"})
    assert answer.location == f"/propositions/{proposal.id}-{proposal.slug}#proposition-{proposal.id}"
    assert figures(proposal) == (0, 0, 1)


def test_a_vote_is_taken_back(client):
    argument = make_argument()
    client.log_in(make_person())
    for value in ("mixed", "none"):
        client.post(f"/contributions/{argument.id}/avis", data={"value": value})
    assert figures(argument) == (0, 0, 0)


@pytest.mark.parametrize(
    "data",
    [{}, {"value": ""}, {"value": "admin"}, {"value": "agree", "person_id": "1", "weight": "99", "scale": "support", "revision": "7"}],
)
def test_what_else_a_form_says_changes_nothing(client, data):
    """M01: only `value` is read."""
    argument, noise = make_argument(), make_person()
    me = make_person()
    client.log_in(me)
    answer = client.post(f"/contributions/{argument.id}/avis", data=data)
    if data.get("value") == "agree":
        assert contents.votes_of(me, [argument.id]) == {argument.id: "agree"}
        assert not contents.votes_of(noise, [argument.id])
        assert figures(argument) == (1, 0, 0)
    else:
        assert answer.status_code == 422
        assert figures(argument) == (0, 0, 0)


def test_a_visitor_who_votes_is_shown_the_door(client):
    argument = make_argument()
    answer = client.post(f"/contributions/{argument.id}/avis", data={"value": "agree"})
    assert answer.status_code == 401
    assert "Se connecter" in answer.text
    assert figures(argument) == (0, 0, 0)


@pytest.mark.parametrize("state", [State.DRAFT, State.HIDDEN, State.REMOVED, State.WITHDRAWN])
def test_what_one_may_not_read_does_not_exist(client, state):
    argument = make_argument(state=state)
    client.log_in(make_person())
    missing = client.post("/contributions/999999/avis", data={"value": "agree"})
    answers = [
        client.post(f"/contributions/{argument.id}/{act}", data={"value": "agree", "body": "x"})
        for act in ("avis", "repondre", "modifier", "retirer")
    ]
    assert {answer.status_code for answer in [*answers, missing]} == {404}


@pytest.mark.parametrize("number", ["0", "99999999999999999999", "-1", "1e3", "2147483648"])
def test_impossible_numbers_are_not_found(client, number):
    client.log_in(make_person())
    assert client.post(f"/contributions/{number}/avis", data={"value": "agree"}).status_code == 404


def test_a_citizen_argues_and_is_led_to_their_argument(client):
    debate = make_debate()
    client.log_in(make_person())
    assert client.get(f"/debats/{debate.id}/argumenter?side=against").status_code == 200
    answer = client.post(f"/debats/{debate.id}/argumenter", data={"side": "for", "title": "Oui", "body": "Parce que le marché."})
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert "Parce que le marché." in page.text
    assert "Votre argument est publié" in page.text


def test_a_refused_argument_keeps_its_text(client, at):
    debate = make_debate(opens_at=OPENS, closes_at=CLOSES)
    at(CLOSES)
    client.log_in(make_person())
    page = client.post(f"/debats/{debate.id}/argumenter", data={"side": "for", "body": "Trop tard, mais écrit."})
    assert page.status_code == 422
    assert "clos" in page.text
    assert "Trop tard, mais écrit." in page.text


def test_a_form_that_could_only_refuse_is_not_opened(client, at):
    """Who follows an old link learns it before writing, not after."""
    debate = make_debate(opens_at=OPENS, closes_at=CLOSES)
    at(OPENS)
    argument = make_argument(debate)
    mine = make_reply(argument, author=argument.author)
    client.log_in(argument.author)
    forms = [f"/debats/{debate.id}/argumenter", *(f"/contributions/{each.id}/modifier" for each in (argument, mine))]
    forms.append(f"/contributions/{argument.id}/repondre")
    assert {client.get(form).status_code for form in forms} == {200}
    at(CLOSES)
    client.log_in(argument.author)
    for form in forms:
        answer = client.get(form)
        assert answer.status_code == 303
        told = client.get(answer.location).text
        assert "C’est clos" in told
        assert "gardé ci-dessous" not in told, "nothing was typed"


def test_the_territory_still_answers_after_the_end(client, at):
    territory = make_territory()
    debate = make_debate(territory=territory, opens_at=OPENS, closes_at=CLOSES)
    at(OPENS)
    argument = make_argument(debate)
    at(CLOSES)
    client.log_in(make_person(roles=[("manager", territory)]))
    assert client.get(f"/contributions/{argument.id}/repondre").status_code == 200


def test_a_visitor_who_wants_to_argue_logs_in_and_comes_back(client):
    debate = make_debate()
    answer = client.get(f"/debats/{debate.id}/argumenter")
    assert answer.status_code == 302
    assert f"next=/debats/{debate.id}/argumenter" in answer.location


def test_other_columns_in_the_form_of_an_argument_change_nothing(client):
    """M01 on arguments: neither author, state, dates nor counters come from a form."""
    debate, me, other = make_debate(), make_person(), make_person()
    client.log_in(me)
    sent = {
        "side": "for",
        "body": "Oui.",
        "author_id": str(other.id),
        "state": "archived",
        "voice": "official",
        "replies_count": "9",
        "revision": "4",
        "parent_id": "1",
        "is_public": "",
    }
    client.post(f"/debats/{debate.id}/argumenter", data=sent)
    from app.comments.queries import arguments_of

    [argument] = arguments_of(debate, me).all
    assert (argument.author_id, argument.state, argument.voice, argument.replies_count, argument.revision) == (
        me.id,
        "published",
        "citizen",
        0,
        1,
    )


def test_a_citizen_replies(client):
    argument = make_argument()
    client.log_in(make_person())
    assert client.get(f"/contributions/{argument.id}/repondre").status_code == 200
    answer = client.post(f"/contributions/{argument.id}/repondre", data={"body": "Seulement le matin."})
    assert answer.status_code == 303
    assert "#reponse-" in answer.location
    assert "Seulement le matin." in client.get(answer.location).text


def test_only_the_team_speaks_for_the_territory(client):
    argument = make_argument()
    client.log_in(make_person())
    assert client.post(f"/contributions/{argument.id}/repondre", data={"body": "Nous.", "voice": "official"}).status_code == 403
    assert "au nom du territoire" not in client.get(f"/contributions/{argument.id}/repondre").text


def test_the_team_answers_officially(client):
    debate = make_debate()
    argument = make_argument(debate)
    from app.territories.models import Territory
    from tests.factories import db

    client.log_in(make_person(name="Karim", roles=[("moderator", db.get(Territory, debate.territory_id))]))
    answer = client.post(f"/contributions/{argument.id}/repondre", data={"body": "Ces chiffres sont exacts.", "voice": "official"})
    assert "Réponse officielle" in client.get(answer.location).text


def test_an_author_edits_and_the_old_form_is_a_choice(client):
    argument = make_argument(body="Un.")
    client.log_in(argument.author)
    assert "Un." in client.get(f"/contributions/{argument.id}/modifier").text
    services.edit_argument(fresh(argument), by=argument.author, seen=1, body="Deux.", title="Titre")
    from tests.factories import db

    db.commit()
    late = client.post(f"/contributions/{argument.id}/modifier", data={"version": "1", "body": "Trois."})
    assert late.status_code == 409
    assert "Trois." in late.text
    assert "Deux." in late.text
    assert 'value="2"' in late.text
    done = client.post(f"/contributions/{argument.id}/modifier", data={"version": "2", "body": "Trois."})
    assert done.status_code == 303
    assert fresh(argument).body_source == "Trois."


def test_nobody_else_edits_or_withdraws(client):
    argument = make_argument()
    client.log_in(make_person())
    for act in ("modifier", "retirer"):
        assert client.post(f"/contributions/{argument.id}/{act}", data={"version": "1", "body": "x"}).status_code == 403
    assert fresh(argument).is_public


def test_an_author_withdraws_after_being_asked(client):
    reply = make_reply()
    client.log_in(reply.author)
    assert "Cela ne s’annule pas" in client.get(f"/contributions/{reply.id}/retirer").text
    assert fresh(reply).is_public
    assert client.post(f"/contributions/{reply.id}/retirer").status_code == 303
    assert fresh(reply).state == State.WITHDRAWN


def test_every_contribution_has_a_stable_address(client):
    proposal = make_proposal(make_consultation())
    argument = make_argument(proposal)
    reply = make_reply(argument)
    places = {each.id: client.get(f"/contributions/{each.id}").location for each in (proposal, argument, reply)}
    here = f"/propositions/{proposal.id}-{proposal.slug}"
    assert places == {
        proposal.id: here,
        argument.id: f"{here}?argument={argument.id}#argument-{argument.id}",
        reply.id: f"{here}?argument={argument.id}#reponse-{reply.id}",
    }
    for place in places.values():
        assert client.get(place).status_code == 200
