import pytest
from sqlalchemy import func, select

from app.accounts import personal
from app.accounts import queries as accounts
from app.contents.models import State
from app.core import clock
from app.core.db import db
from app.moderation.appeals.models import Appeal
from app.moderation.models import Verdict
from app.moderation.redress import appeal_path
from app.moderation.sanctions.models import SanctionKind
from tests.factories import make_person
from tests.moderation.appeals.world import against, appeal, decide, make_case, report_of, state_of
from tests.moderation.sanctions.people import confirm, make_world, propose

HOSTILE = "</textarea><script>alert(1)</script>{{7*7}}\"'><img src=x onerror=alert(2)>"


def count():
    return db.scalar(select(func.count(Appeal.id)))


@pytest.mark.parametrize("state", ["open", "suspended", "closed"])
def test_the_link_of_the_letter_is_enough_whatever_became_of_the_account(client, state):
    world = make_case()
    decision_id, samir_id = decide(world), world.samir.id
    path = appeal_path(decision_id)
    if state == "suspended":
        world.bruno.suspended_at = clock.now()
        db.commit()
    elif state == "closed":
        personal.erase(accounts.get_person(world.bruno.id))
        db.commit()
    page = client.get(path)
    assert "« Andouille » est une injure." in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert ("reply_to" in page.text) is (state == "closed")
    assert count() == 0, "reading writes nothing: scanners follow links"
    sent = client.post(path, data={"text": "Le mot est vif.", "reply_to": "b@example.org" if state == "closed" else ""})
    assert (sent.status_code, sent.location) == (302, path)
    receipt = client.get(path).text
    assert "Votre recours est enregistré" in receipt
    assert "Envoyer mon recours" not in receipt
    again = client.post(path, data={"text": "Encore."})
    assert again.status_code == 422
    assert "déjà fait un recours" in again.text
    made = db.scalars(select(Appeal)).one()
    from app.moderation.appeals import services

    services.dismiss(made, against(decision_id), by=accounts.get_person(samir_id), answer="C’est une injure.", seen=1)
    db.commit()
    answered = client.get(path).text
    assert "C’est une injure." in answered
    assert "Défenseur des droits" in answered


def test_the_reporters_link_leads_to_their_own_appeal(client):
    world = make_case()
    kept = decide(world, Verdict.KEEP, reasons="Une critique.")
    path = appeal_path(kept, None, report_of(world).id)
    assert "Une critique." in client.get(path).text
    client.post(path, data={"text": "C’est une injure."})
    assert db.scalars(select(Appeal.report_id)).one() == report_of(world).id


def test_a_forged_link_and_one_of_another_act_are_not_found(client):
    world = make_case()
    decision_id = decide(world)
    other = decide(make_case())
    token = appeal_path(decision_id).rpartition("/")[2]
    signature = token.rpartition(".")[2]
    for forged in (f"d{other}.{signature}", f"d{decision_id}.{'0' * 40}", f"d{decision_id}", "é.é", f"s1.{signature}", "."):
        assert client.get(f"/recours/{forged}").status_code == 404
        assert client.post(f"/recours/{forged}", data={"text": "x"}).status_code == 404


def test_from_ones_account_one_contests_what_restricts_oneself_and_nothing_else(client):
    world = make_case()
    decision_id = decide(world)
    client.log_in(world.odette)
    assert client.get(f"/compte/recours/decision/{decision_id}").status_code == 404
    client.log_in(world.bruno)
    assert client.post(f"/compte/recours/decision/{decision_id}", data={"text": "Non."}).status_code == 302
    assert count() == 1


def test_the_queue_shows_ages_against_the_promise_and_leads_to_the_answer(client):
    world = make_case()
    made = appeal(against(decide(world)))
    client.log_in(world.samir)
    page = client.get("/moderation/" + world.place.slug + "/recours").text
    assert "réponse promise le" in page
    done = client.post(
        f"/moderation/{world.place.slug}/recours/{made.id}", data={"version": "1", "outcome": "upheld", "answer": "Vous avez raison."}
    )
    assert done.status_code == 302
    assert state_of(world) == State.PUBLISHED
    assert "Accepté" in client.get(f"/moderation/{world.place.slug}/recours?etape=repondus").text


def test_once_an_appeal_is_accepted_its_pages_say_so_in_the_past(client):
    """The page of the decision still said « Votre texte est retiré », and until when to contest it."""
    world = make_case()
    decision_id = decide(world)
    made = appeal(against(decision_id))
    client.log_in(world.bruno)
    before = client.get(f"/moderation/decisions/{decision_id}").text
    assert "<h1>Votre texte est retiré</h1>" in before
    assert "Vous pouvez faire un recours jusqu’au" in before
    client.log_in(world.samir)
    sent = {"version": "1", "outcome": "upheld", "answer": "Vous avez raison."}
    client.post(f"/moderation/{world.place.slug}/recours/{made.id}", data=sent)
    client.log_in(world.bruno)
    after = client.get(f"/moderation/decisions/{decision_id}").text
    assert "<h1>Votre texte avait été retiré</h1>" in after
    assert "Vous pouvez faire un recours" not in after
    assert f'href="/contributions/{world.text_id}"' in client.get(f"/compte/recours/decision/{decision_id}").text


def test_upholding_from_the_page_shows_cut_passages_again(client):
    """Red with the text's body left out of what the page loads: the cut could not be lifted."""
    world = make_case()
    made = appeal(against(decide(world, Verdict.REDACT, spans=[("body_source", 7, 16)])))
    client.log_in(world.samir)
    sent = {"version": "1", "outcome": "upheld", "answer": "Ce mot peut rester."}
    assert client.post(f"/moderation/{world.place.slug}/recours/{made.id}", data=sent).status_code == 302
    assert "andouille" in client.get(f"/debats/{world.debate.id}").text


def test_k04_a_stale_tab_is_told_who_answered_and_keeps_its_text(client):
    world = make_case()
    made = appeal(against(decide(world)))
    address = f"/moderation/{world.place.slug}/recours/{made.id}"
    sent = {"version": "1", "outcome": "dismissed", "answer": "C’est une injure."}
    client.log_in(world.samir)
    assert client.post(address, data=sent).status_code == 302
    client.log_in(world.nadine)
    late = client.post(address, data=sent | {"answer": "Ma réponse à moi."})
    assert late.status_code == 409
    assert "Samir" in late.text
    assert "Ma réponse à moi." in late.text


@pytest.mark.parametrize("who", ["claire", "bruno", "odette", "stranger"])
def test_z02_neither_a_hand_in_it_nor_another_territory_answers(client, who):
    """Red with `rule("appeal.answer", reader)`: Claire, who decided, got as far as the service."""
    world = make_case()
    world.odette.roles = make_person(roles=[("moderator", world.place)]).roles
    db.commit()
    made = appeal(against(decide(world)))
    client.log_in(getattr(world, who))
    sent = {"version": "1", "outcome": "upheld", "answer": "Oui."}
    for slug in (world.place.slug, world.other.slug, "region"):
        assert client.post(f"/moderation/{slug}/recours/{made.id}", data=sent).status_code in (404, 403)
    assert db.scalars(select(Appeal.outcome)).one() is None
    assert state_of(world) == State.REMOVED


def test_z02_the_team_of_another_territory_reads_no_appeal_and_no_sanction(client):
    world = make_case()
    made = appeal(against(decide(world)))
    sanction = propose(world)
    client.log_in(world.stranger)
    for path in (f"recours/{made.id}", f"sanctions/{sanction.id}", "recours", "sanctions", f"sanctions/proposer/{world.bruno.public_id}"):
        assert client.get(f"/moderation/{world.place.slug}/{path}").status_code == 404
        if path.rpartition("/")[2].isdigit():
            assert client.get(f"/moderation/{world.other.slug}/{path}").status_code == 404
    for act in ("confirmer", "ecarter", "lever"):
        for slug in (world.place.slug, world.other.slug):
            sent = client.post(f"/moderation/{slug}/sanctions/{sanction.id}/{act}", data={"version": "1", "reasons": "x"})
            assert sent.status_code == 404
    answer = client.post(
        f"/moderation/{world.place.slug}/sanctions/proposer/{world.bruno.public_id}", data={"kind": "warning", "facts": "x"}
    )
    assert answer.status_code == 404


def test_z02_who_works_in_two_territories_finds_each_ones_acts_in_its_own_room(client):
    """Red without the comparison of places in `load`, here and in sanctions."""
    world = make_case()
    made, sanction = appeal(against(decide(world))), propose(world)
    client.log_in(make_person(roles=[("moderator", world.place), ("moderator", world.other)]))
    for path in (f"recours/{made.id}", f"sanctions/{sanction.id}"):
        assert client.get(f"/moderation/{world.place.slug}/{path}").status_code == 200
        assert client.get(f"/moderation/{world.other.slug}/{path}").status_code == 404
        assert client.get(f"/moderation/region/{path}").status_code == 404


def test_z03_a_role_lost_between_reading_and_answering_answers_nothing(client):
    world = make_case()
    made = appeal(against(decide(world)))
    client.log_in(world.samir)
    address = f"/moderation/{world.place.slug}/recours/{made.id}"
    assert client.get(address).status_code == 200
    db.delete(accounts.get_person(world.samir.id).roles[0])
    db.commit()
    assert client.post(address, data={"version": "1", "outcome": "upheld", "answer": "Oui."}).status_code == 404
    assert db.scalars(select(Appeal.outcome)).one() is None


def test_x04_hostile_words_are_words_on_every_page_that_shows_them(client):
    world = make_case()
    world.bruno.name = HOSTILE[:60]
    db.commit()
    made = appeal(against(decide(world, reasons=HOSTILE)), text=HOSTILE)
    sanction = confirm(world, propose(world, SanctionKind.READ_FIRST, facts=HOSTILE))
    waiting = propose(world, SanctionKind.WARNING, facts=HOSTILE)
    pages = [
        f"recours/{made.id}",
        "recours",
        "sanctions",
        "sanctions?etape=in_force",
        f"sanctions/{waiting.id}",
        f"sanctions/{sanction.id}",
    ]
    client.log_in(world.samir)
    shown = [client.get(f"/moderation/{world.place.slug}/{page}").text for page in pages]
    sent = {"version": "9", "outcome": "upheld", "answer": HOSTILE}
    shown.append(client.post(f"/moderation/{world.place.slug}/recours/{made.id}", data=sent).text)
    client.log_in(world.bruno)
    shown += [client.get(f"/compte/mesures/{sanction.id}").text, client.get("/compte/").text, client.get("/compte/messages").text]
    shown.append(client.get(appeal_path(sanction_id=sanction.id)).text)
    for text in shown:
        assert "alert(1)" in text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "{{7*7}}" in text or "{{7*7}}" not in HOSTILE


def test_what_holds_is_on_the_persons_page_with_the_reasons_the_end_and_the_door(client):
    world = make_world()
    sanction = confirm(world, propose(world, SanctionKind.SUSPENSION))
    hidden = propose(world, SanctionKind.WARNING)
    client.log_in(world.bruno)
    assert f"/compte/mesures/{sanction.id}" in client.get("/compte/").text
    page = client.get(f"/compte/mesures/{sanction.id}").text
    assert "Trois injures en une semaine." in page
    assert f"/compte/recours/mesure/{sanction.id}" in page
    assert "jusqu’au" in page
    assert client.get(f"/compte/mesures/{hidden.id}").status_code == 404, "what is only proposed is not told"
    client.log_in(world.odette if hasattr(world, "odette") else make_person())
    assert client.get(f"/compte/mesures/{sanction.id}").status_code == 404


def test_a_sanction_goes_from_the_profile_to_the_second_reader(client):
    world = make_world()
    client.log_in(world.claire)
    door = f"/moderation/{world.place.slug}/sanctions/proposer/{world.bruno.public_id}"
    assert door in client.get(f"/personnes/{world.bruno.public_id}").text
    refused = client.post(door, data={"kind": "suspension", "article": world.article.id, "facts": "Trois injures."})
    assert refused.status_code == 422
    assert "Trois injures." in refused.text
    made = client.post(door, data={"kind": "warning", "article": world.article.id, "facts": "Trois injures."})
    assert made.status_code == 302
    address = made.location
    assert client.post(f"{address}/confirmer", data={"version": "1"}).status_code == 404, "not by who proposed it"
    client.log_in(world.samir)
    assert client.post(f"{address}/ecarter", data={"version": "1"}).status_code == 422, "declining needs its reasons"
    assert client.post(f"{address}/confirmer", data={"version": "1"}).status_code == 302
    late = client.post(f"{address}/ecarter", data={"version": "1", "reasons": "Non."})
    assert late.status_code == 409
    client.log_in(world.odette if hasattr(world, "odette") else make_person())
    assert "Proposer une sanction" not in client.get(f"/personnes/{world.bruno.public_id}").text


def test_a_late_notice_is_marked_and_comes_after_those_in_time(client):
    world = make_case()
    made = appeal(against(decide(world)))
    db.get_one(Appeal, made.id).is_late = True
    db.commit()
    client.log_in(world.samir)
    assert "Hors délai" in client.get(f"/moderation/{world.place.slug}/recours").text


def test_the_number_of_queries_does_not_grow_with_the_queue(client, count_queries):
    world = make_case()
    appeal(against(decide(world)))
    client.log_in(world.samir)
    path = f"/moderation/{world.place.slug}/recours"
    client.get(path)
    count_queries.clear()
    client.get(path)
    few = len(count_queries)
    for _n in range(5):
        more = make_case()
        db.get_one(Appeal, appeal(against(decide(more))).id).territory_id = world.place.id
    db.commit()
    count_queries.clear()
    assert client.get(path).text.count("<blockquote") == 0
    assert len(count_queries) == few
    assert few <= 12


def test_managers_and_the_region_find_appeals_and_sanctions_in_their_menu(client):
    world = make_case()
    for who, slug in ((world.samir, world.place.slug), (world.nadine, "region")):
        client.log_in(who)
        page = client.get(f"/moderation/{slug}/recours")
        assert page.status_code == 200
        menu = client.get("/gestion/").text + client.get(f"/gestion/{slug}/equipe").text
        assert f'href="/moderation/{slug}/recours"' in menu
        assert f'href="/moderation/{slug}/sanctions"' in menu
