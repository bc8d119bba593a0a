"""The pages of the desk, as agents use them without any script."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select

from app.accounts.models import Person, Role
from app.comments.models import Argument, Side
from app.contents import services as contents
from app.contents.models import Content, Redaction, State
from app.core import clock
from app.core import db as database
from app.core.db import db
from app.initiatives.models import Tool
from app.moderation import services as moderation
from app.moderation.desk import letters
from app.moderation.desk.models import SavedView
from app.moderation.models import Case, Cause, Decision, Statement, Verdict
from app.moderation.queries import get_case
from app.notifications.models import Notification
from app.projects.models import Project
from tests.factories import make_person, make_territory
from tests.moderation.desk.conftest import make_case
from tests.participation import make_debate

BODY = "Le maire est un incapable. Voici ma question : à quel prix ? Appelez le 06 39 98 21 07."


def address(place, case, query=""):
    return f"/moderation/{place.slug}/cas/{case.id}{query}"


def standing(place):
    """Where an argument stands: in a debate of the place."""
    debate = make_debate(territory=place)
    return {"side": Side.FOR, "space_id": debate.id, "parent_id": debate.id}


def decide(client, place, case, query="", **fields):
    return client.post(address(place, case, query), data={"version": str(case.version), "reasons": "", **fields})


def last_decision():
    return db.scalars(select(Decision).order_by(Decision.id.desc()).limit(1)).one()


def test_the_queue_says_since_when_and_by_when(client, place, agent):
    make_case(place, hours=3, title="Une baignade")
    make_case(place, hours=30, title="Un banc")
    client.log_in(agent)
    page = client.get(f"/moderation/{place.slug}/").text
    assert "attend depuis 3 heures, promis en 24" in page
    assert "en retard de 6 heures" in page
    assert page.index("Un banc") < page.index("Une baignade")


def test_an_agent_of_two_places_has_one_queue(client, place):
    other = make_territory(name="Roubaix", short_name="Roubaix")
    make_case(place, title="Une baignade")
    make_case(other, title="Un banc")
    make_case(make_territory(), title="Un stade")
    client.log_in(make_person(roles=[("moderator", place), ("moderator", other)]))
    page = client.get("/moderation/").text
    assert "Une baignade" in page
    assert "Un banc" in page
    assert "Un stade" not in page
    assert "everywhere=1" in page, "a case opened from here leads on in this queue"


def test_a_case_opened_from_the_whole_queue_leads_on_in_it(client, place):
    other = make_territory()
    first, then = make_case(place, hours=5), make_case(other, hours=4)
    client.log_in(make_person(roles=[("moderator", place), ("moderator", other)]))
    done = decide(client, place, first, "?everywhere=1", verdict="keep")
    assert done.location == f"/moderation/{other.slug}/cas/{then.id}?everywhere=1"
    alone = decide(client, other, then, verdict="keep")
    assert alone.location == f"/moderation/{other.slug}/"


def test_everything_on_a_case_is_shown_marked_and_said(client, place, agent, article):
    case = make_case(place, cause=Cause.REPORT, article=article, body=BODY)
    client.log_in(agent)
    page = client.get(address(place, case)).text
    assert re.search(r"<mark[^>]*>06 39 98 21 07</mark>", page)
    assert "un numéro de téléphone" in page
    assert "«&#8239;Voyez.&#8239;»" in page
    assert 'data-notice="Votre texte attaque une personne."' in page


def test_hostile_words_are_only_words_on_the_desk(client, place, agent):
    """X04: the queue, the case, the page of several and the register."""
    nasty = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    case = make_case(place, title=nasty, body=f"{nasty} 06 39 98 21 07")
    client.log_in(agent)
    pages = [f"/moderation/{place.slug}/", address(place, case), f"/moderation/lot?case={case.id}"]
    decide(client, place, case, verdict="keep")
    for page in [*pages, f"/moderation/{place.slug}/registre"]:
        text = client.get(page).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def other_actions(client, place, case):
    page = client.get(address(place, case)).text
    return page.partition("Autres actions")[2].partition("</details>")[0]


def test_other_actions_are_shown_to_who_may_use_them(client, place, agent, article):
    case = make_case(place, cause=Cause.REPORT, article=article, kind=Argument, body=BODY, **standing(place))
    client.log_in(agent)
    shown = other_actions(client, place, case)
    assert "La personne qui gère le territoire le peut" in shown
    assert 'href="' not in shown, "nothing to press"
    client.log_in(make_person(roles=[("moderator", place), ("manager", place)]))
    shown = other_actions(client, place, case)
    assert f'href="/moderation/cas/{case.id}/effacer"' in shown
    assert "Rétablir" not in shown
    database.writing.set(True)
    own = make_case(place, cause=Cause.REPORT, kind=Argument, **standing(place) | {"author": agent})
    sheet = make_case(place, cause=Cause.REPORT, kind=Tool, summary="Un outil")
    client.log_in(agent)
    assert other_actions(client, place, own) == ""
    assert other_actions(client, place, sheet) == "", "its words are more than a title and a body"


def test_cut_passages_are_put_back_from_the_case_and_it_can_be_undone(client, place, agent, article):
    text = {"title": "Demandez à Josette", "body": BODY}
    case = make_case(place, cause=Cause.REPORT, article=article, kind=Argument, **text, **standing(place))
    client.log_in(agent)
    path = f"/moderation/{place.slug}/cas/{case.id}/retablir"
    assert client.get(path).status_code == 404, "nothing is cut"
    decide(client, place, case, verdict="redact", article=str(article.id), excerpts="06 39 98 21 07\nJosette")
    assert path in other_actions(client, place, case)
    page = client.get(path).text
    assert "<ins>06 39 98 21 07</ins>" in page
    assert "Demandez à <ins>Josette</ins>" in page
    version = re.search(r'name="version"[^>]*value="(\d+)"', page)[1]
    assert client.post(path, data={"version": version, "reasons": ""}).status_code == 422
    late = client.post(path, data={"version": "1", "reasons": "Un oubli."})
    assert late.status_code == 409, "somebody was quicker"
    assert hidden(late, "version") == version, "sent again, it is meant"
    done = client.post(path, data={"version": version, "reasons": "Un oubli."})
    assert done.location == address(place, case)
    assert db.scalar(select(Content.restriction).where(Content.id == case.content_id)) == ""
    assert "Annuler" in client.get(address(place, case)).text
    assert client.post(f"/moderation/decisions/{last_decision().id}/annuler").status_code == 302
    assert db.scalar(select(Content.restriction).where(Content.id == case.content_id)) == "Injures"


def test_nobody_puts_back_what_was_cut_from_their_own_text_nor_in_another_place(client, place, agent, article):
    case = make_case(place, cause=Cause.REPORT, article=article, kind=Argument, body=BODY, **standing(place) | {"author": agent})
    path = f"/moderation/{place.slug}/cas/{case.id}/retablir"
    for person in (agent, make_person(roles=[("moderator", make_territory())]), make_person(roles=[("manager", place)])):
        client.log_in(person)
        assert client.post(path, data={"version": "1", "reasons": "Oui."}).status_code == 404
        database.writing.set(True)


def test_nothing_typed_publishes_with_a_neutral_word(client, place, agent):
    case = make_case(place)
    client.log_in(agent)
    decide(client, place, case, verdict="keep")
    assert last_decision().reasons == "Votre texte est publié. Merci de votre contribution."


def test_nothing_typed_refuses_in_the_words_of_the_article(client, place, agent, article):
    case = make_case(place)
    client.log_in(agent)
    decide(client, place, case, verdict="refuse", article=str(article.id))
    assert (last_decision().reasons, db.get(Project, case.content_id).state) == ("Votre texte attaque une personne.", State.REFUSED)


def test_a_refusal_without_its_article_asks_for_it_first(client, place, agent, article):
    """Asked for a message first, one wrote it and was then asked for the article, whose sentence had been enough."""
    case = make_case(place)
    client.log_in(agent)
    page = decide(client, place, case, verdict="refuse")
    assert page.status_code == 422
    assert "Choisissez l’article de la charte" in page.text
    assert "Écrivez à l’auteur pourquoi" not in page.text


@pytest.mark.parametrize(
    ("cause", "verdict", "said"),
    [
        (Cause.GATE, "keep", "le texte est publié"),
        (Cause.REPORT, "keep", "le texte reste en ligne"),
        (Cause.GATE, "refuse", "le texte n’est pas publié"),
        (Cause.REPORT, "refuse", "le texte est retiré"),
    ],
)
def test_what_was_decided_is_said_as_it_is(client, place, agent, article, cause, verdict, said):
    case = make_case(place, cause=cause)
    client.log_in(agent)
    done = decide(client, place, case, verdict=verdict, article=str(article.id))
    assert f"C’est décidé\u00a0: {said}." in client.get(done.location).text


@pytest.mark.parametrize("way", ["box", "typed"])
def test_a_passage_is_cut_with_a_box_or_by_copying_its_words(client, place, agent, article, way):
    case = make_case(place, body=BODY)
    client.log_in(agent)
    start = BODY.index("06 39")
    how = {"cut": f"body_source:{start}:{start + 14}"} if way == "box" else {"excerpts": "06 39 98 21 07"}
    assert f"body_source:{start}:{start + 14}" in client.get(address(place, case)).text
    done = decide(client, place, case, verdict="redact", article=str(article.id), **how)
    assert done.status_code == 302, done.text
    shown = db.get(Project, case.content_id)
    assert (shown.state, "06 39" in shown.body_source, "à quel prix" in shown.body_source) == (State.PUBLISHED, False, True)
    assert db.scalar(select(func.count(Redaction.id))) == 1
    assert db.scalars(select(Statement)).one().is_detection_automated is (way == "box"), "the machine had pointed at it"


def hidden(page, name):
    return re.search(rf'name="{name}"[^>]*value="(\d*)"', page.text)[1]


def test_who_was_overtaken_by_a_report_reads_again_and_sends_the_same(client, place, agent, article):
    """Red before: the page kept the version it had refused, and refused it for ever; reloading it lost the message."""
    text = {"kind": Argument, "body": BODY, **standing(place)}
    case = make_case(place, cause=Cause.REPORT, article=article, **text)
    moderation.open_case(get_case(case.id).content, Cause.REPORT)
    db.commit()
    client.log_in(agent)
    start = BODY.index("06 39")
    sent = {"verdict": "redact", "article": str(article.id), "reasons": "Mon message.", "cut": f"body_source:{start}:{start + 14}"}
    late = client.post(address(place, case), data={**sent, "version": "1", "revision": "1"})
    assert late.status_code == 409
    assert "Relisez-le" in late.text
    assert "Mon message." in late.text
    assert re.search(rf'value="body_source:{start}:{start + 14}"[^>]* checked', late.text)
    again = client.post(address(place, case), data={**sent, "version": hidden(late, "version"), "revision": hidden(late, "revision")})
    assert again.status_code == 302


def test_passages_of_a_text_that_changed_meanwhile_are_chosen_anew(client, place, agent, article):
    text = {"kind": Argument, "body": BODY, **standing(place)}
    case = make_case(place, cause=Cause.REPORT, article=article, **text)
    written = get_case(case.id).content
    contents.edit(written, by=written.author, title="T", body=f"Bien. {BODY}")
    db.commit()
    client.log_in(agent)
    sent = {"verdict": "redact", "article": str(article.id), "reasons": "Mon message.", "cut": "body_source:0:5"}
    late = client.post(address(place, case), data={**sent, "version": "1", "revision": "1"})
    assert late.status_code == 409
    assert 'value="body_source:0:5"' in late.text
    assert not re.search(r'value="body_source:0:5"[^>]* checked', late.text)
    assert hidden(late, "revision") == "2"


def test_two_agents_do_not_ask_the_author_twice(client, place, agent):
    case = make_case(place)
    for person, status in ((agent, 302), (make_person(roles=[("moderator", place)]), 409)):
        client.log_in(person)
        answer = client.post(address(place, case), data={"version": "1", "verdict": "ask", "reasons": "Précisez."})
        assert answer.status_code == status
        database.writing.set(True)


def test_words_that_are_not_in_the_text_are_not_cut_in_silence(client, place, agent, article):
    case = make_case(place, body=BODY)
    client.log_in(agent)
    refused = decide(client, place, case, verdict="redact", article=str(article.id), excerpts="le préfet")
    assert refused.status_code == 422
    assert "ne sont pas dans le texte" in refused.text
    assert "le préfet" in refused.text


def test_a_machine_helped_when_the_agent_says_so(client, place, agent, article):
    case = make_case(place, body="We are a leading company and we have the best offer for you and for your family this week")
    client.log_in(agent)
    assert "semble écrit en anglais" in client.get(address(place, case)).text
    decide(client, place, case, verdict="refuse", article=str(article.id), helped="y")
    assert db.scalars(select(Statement)).one().is_detection_automated is True
    other = make_case(place, body=BODY)
    decide(client, place, other, verdict="refuse", article=str(article.id))
    assert db.scalars(select(Statement).order_by(Statement.id.desc())).first().is_detection_automated is False


def test_a_correction_is_asked_and_the_case_stays(client, place, agent):
    case = make_case(place)
    here, fields = address(place, case), {"version": str(case.version), "verdict": "ask"}
    client.log_in(agent)
    assert client.post(here, data=fields | {"reasons": ""}).status_code == 422
    assert client.post(here, data=fields | {"reasons": "Retirez le numéro, s’il vous plaît."}).status_code == 302
    assert "Retirez le numéro" in client.get(here).text
    assert db.scalars(select(Case.is_open)).one()


def test_the_next_pages_say_how_long_a_decision_can_still_be_taken_back(client, place, agent, article, at):
    decided_at = clock.now()
    at(decided_at)
    case = make_case(place)
    client.log_in(agent)
    done = decide(client, place, case, verdict="refuse", article=str(article.id))
    assert "Le message part dans 30 secondes." in client.get(done.location).text
    at(decided_at + timedelta(seconds=29))
    assert "Le message part dans 1 seconde." in client.get(done.location).text
    at(decided_at + timedelta(seconds=30))
    assert "Le message part" not in client.get(done.location).text


def test_a_decision_is_taken_back_from_the_next_page(client, place, agent, article):
    case = make_case(place)
    client.log_in(agent)
    done = decide(client, place, case, verdict="refuse", article=str(article.id))
    page = client.get(done.location).text
    assert "Annuler" in page
    back = re.search(r'action="(/moderation/decisions/\d+/annuler)"', page)[1]
    undone = client.post(back)
    assert undone.location == address(place, case)
    assert (db.get(Case, case.id).is_open, db.get(Project, case.content_id).state) == (True, State.PENDING)
    assert "Annuler" not in client.get(undone.location).text


def test_another_agent_cannot_take_it_back(client, place, agent, article):
    """Z02: nor can its own author once their role is gone."""
    case = make_case(place)
    decision = moderation.decide(case_of(case), by=agent, verdict=Verdict.REFUSE, article=article, reasons="Une injure.", seen=1)
    db.commit()
    client.log_in(make_person(roles=[("moderator", place)]))
    assert client.post(f"/moderation/decisions/{decision.id}/annuler").status_code == 404
    db.execute(delete(Role).where(Role.person_id == agent.id))
    db.commit()
    client.log_in(db.get(Person, agent.id))
    assert client.post(f"/moderation/decisions/{decision.id}/annuler").status_code == 404


def case_of(case):
    from app.moderation.queries import get_case

    return get_case(case.id)


def test_several_are_decided_after_a_look_at_what_each_will_read(client, place, agent, article):
    cases = [make_case(place, hours=n + 1, title=f"Rideaux {n}") for n in range(3)]
    client.log_in(agent)
    chosen = "&".join(f"case={case.id}" for case in cases)
    assert "Rideaux 2" in client.get(f"/moderation/lot?{chosen}").text
    fields = {"case": [case.id for case in cases], "seen": [f"{case.id}:{case.version}" for case in cases], "article": str(article.id)}
    preview = client.post("/moderation/lot", data=fields | {"verdict": "refuse", "reasons": ""})
    assert preview.status_code == 200
    assert preview.text.count("Votre texte attaque une personne.") >= 3
    assert db.scalar(select(func.count(Decision.id))) == 0, "nothing is decided by looking"
    done = client.post("/moderation/lot", data=fields | {"verdict": "refuse", "reasons": "Une publicité.", "confirmed": "1"})
    assert done.location == f"/moderation/{place.slug}/"
    rows = db.scalars(select(Decision)).all()
    assert len({row.batch for row in rows}) == 1
    assert [row.route for row in rows] == ["batch"] * 3
    assert db.scalar(select(func.count(Statement.id))) == 3, "one statement each"
    undo = re.search(r'action="(/moderation/decisions/\d+/annuler)"', client.get(done.location).text)[1]
    client.post(undo)
    assert {db.get(Project, case.content_id).state for case in cases} == {State.PENDING}


@pytest.mark.parametrize(
    ("cause", "verdict"), [(Cause.GATE, "refuse"), (Cause.REPORT, "refuse"), (Cause.REPORT, "hide"), (Cause.GATE, "keep")]
)
def test_what_is_shown_before_deciding_several_is_what_each_reads(client, place, agent, article, cause, verdict):
    """Red before: the rule and how to contest were left out, and a text that was removed was said « pas publié »."""
    case = make_case(place, cause=cause, article=article if cause == Cause.REPORT else None, kind=Argument, body=BODY, **standing(place))
    case_id, article_id = case.id, article.id
    shown = letters.preview([get_case(case_id)], verdict=Verdict(verdict), article=article, reasons="Non.")[0]
    client.log_in(agent)
    given = {"article": str(article_id)} if verdict != "keep" else {}
    decide(client, place, case, verdict=verdict, **given | {"reasons": "Non."})
    sent = db.scalars(select(Notification).where(Notification.template == f"decision_{verdict}")).one()
    assert (shown.title, shown.text) == (sent.title, sent.text)
    if (cause, verdict) == (Cause.REPORT, "refuse"):
        assert "est retiré" in sent.title
        assert "ne pas publier" not in sent.text


def test_a_decided_case_leads_to_those_that_stood_around_it(client, place, agent):
    """Red before: it had no next one, and the one before was found by its number."""
    young, decided, old = (make_case(place, hours=hours) for hours in (1, 2, 3))
    client.log_in(agent)
    decide(client, place, decided, verdict="keep")
    page = client.get(address(place, decided)).text
    assert re.search(rf'href="{address(place, young)}"[^>]*data-key="j"', page)
    assert re.search(rf'href="{address(place, old)}"[^>]*data-key="k"', page)


def test_who_was_overtaken_in_a_batch_is_told_and_the_rest_is_done(client, place, agent, article):
    """K04. Seen red when `decide_together` hands the version it reads instead of the one that was seen."""
    gone, moved, left = (make_case(place, hours=n + 1, title=f"Rideaux {n}") for n in range(3))
    fields = {"case": [each.id for each in (gone, moved, left)], "seen": [f"{each.id}:1" for each in (gone, moved, left)]}
    other = make_person(name="Samir", roles=[("moderator", place)])
    moderation.decide(case_of(gone), by=other, verdict=Verdict.KEEP, article=None, reasons="Une critique.", seen=1)
    moderation.ask_for_correction(case_of(moved), by=other, text="Précisez.", seen=case_of(moved).version)
    db.commit()
    client.log_in(agent)
    sent = fields | {"article": str(article.id), "verdict": "refuse", "reasons": "Une publicité.", "confirmed": "1"}
    client.post("/moderation/lot", data=sent)
    assert "Samir" in client.get(f"/moderation/{place.slug}/").text
    states = [db.get(Project, each.content_id).state for each in (gone, moved, left)]
    assert states == [State.PUBLISHED, State.PENDING, State.REFUSED]


def test_a_batch_never_takes_a_case_of_another_place(client, place, agent, article):
    """Z02."""
    mine, theirs = make_case(place), make_case(make_territory())
    client.log_in(agent)
    assert client.get(f"/moderation/lot?case={theirs.id}").status_code == 404
    fields = {"case": [mine.id, theirs.id], "verdict": "refuse", "article": str(article.id), "reasons": "Non.", "confirmed": "1"}
    client.post("/moderation/lot", data=fields)
    assert db.get(Project, theirs.content_id).state == State.PENDING
    assert db.get(Project, mine.content_id).state == State.REFUSED


def test_who_reads_a_case_is_seen_and_never_loses_it(client, place, agent):
    case = make_case(place)
    client.log_in(agent)
    assert client.post(f"{address(place, case)}/lire").json["message"].startswith("Vous lisez")
    other = client.application.test_client()
    other.log_in(make_person(roles=[("moderator", place)]))
    held = other.post(f"{address(place, case)}/lire")
    assert (held.status_code, "Claire" in held.json["message"]) == (409, True)
    assert "Claire lit ce cas" in other.get(address(place, case)).text
    assert "Claire le lit" in other.get(f"/moderation/{place.slug}/").text


def test_a_view_is_kept_for_oneself(client, place, agent):
    client.log_in(agent)
    assert client.post(f"/moderation/vues?place={place.slug}&late=1&q=banc", data={"name": ""}).status_code == 422
    client.post(f"/moderation/vues?place={place.slug}&late=1&q=banc", data={"name": "Les bancs en retard"})
    assert "Les bancs en retard" in client.get(f"/moderation/{place.slug}/").text
    view = db.scalars(select(SavedView)).one()
    assert (view.place, view.query) == (place.slug, "late=1&q=banc")
    other = client.application.test_client()
    other.log_in(make_person(roles=[("moderator", place)]))
    assert "Les bancs en retard" not in other.get(f"/moderation/{place.slug}/").text
    assert other.post(f"/moderation/vues/{view.id}/retirer").status_code == 404
    assert client.post(f"/moderation/vues?place={make_territory().slug}", data={"name": "Ailleurs"}).status_code == 404
    client.post(f"/moderation/vues/{view.id}/retirer")
    assert db.scalar(select(func.count(SavedView.id))) == 0
