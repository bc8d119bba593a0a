import csv
import io

import pytest

from app.consultations.proposals import services
from app.contents import queries as contents
from app.contents.models import State
from app.core.db import db
from app.territories.models import Territory
from tests.factories import make_person, make_territory
from tests.participation import CLOSES, OPENS, fresh, make_argument, make_consultation, make_proposal, make_reply, make_section, make_source

TEXTS = {
    "title": "La friche",
    "summary": "Deux hectares.",
    "asked": "Une idée.",
    "becomes": "Une réponse.",
    "open_to": "À tous.",
    "body": "Voici.",
    "project": "0",
}


def territory_of(content):
    return db.get(Territory, content.territory_id)


# --- Reading ------------------------------------------------------------------------------------------------------------------------


def test_a_visitor_reads_everything_and_meets_no_form(client):
    consultation = make_consultation(title="La friche")
    proposal = make_proposal(consultation, title="Un parc", body="Trois murs.")
    make_argument(proposal, body="Le vent.", side="against"), make_source(proposal, title="Un bilan")
    make_proposal(consultation, title="Secret", state=State.HIDDEN)
    first, second = client.get(f"/consultations/{consultation.id}"), client.get(f"/propositions/{proposal.id}")
    assert "Un parc" in first.text
    assert "Secret" not in first.text
    assert "1 argument" in first.text
    for text in ("Un parc", "Trois murs.", "Le vent.", "Un bilan", 'href="https://exemple.fr/rapport"', "Se connecter pour participer"):
        assert text in second.text
    for page in (first, second):
        assert 'method="post"' not in page.text
        assert "csrf_token" not in page.text
        assert "_once" not in page.text
        assert "Set-Cookie" not in page.headers


def test_the_order_at_random_is_in_the_address(client):
    consultation = make_consultation()
    for _ in range(25):
        make_proposal(consultation)
    section = make_section(consultation)
    answer = client.get(f"/consultations/{consultation.id}?sort=random&section={section.key}&endpoint=x&_external=1")
    assert answer.status_code == 302
    assert f"section={section.key}" in answer.location
    assert "seed=" in answer.location
    assert answer.location.startswith("/consultations/")
    page = client.get(f"/consultations/{consultation.id}?sort=random&seed=7")
    assert page.text == client.get(f"/consultations/{consultation.id}?sort=random&seed=7").text
    assert "Set-Cookie" not in page.headers
    assert "seed=7" in page.text
    assert "page=2" in page.text
    ids = [
        item["id"]
        for n in (1, 2)
        for item in client.get(f"/consultations/{consultation.id}.json?sort=random&seed=7&page={n}").json["items"]
    ]
    assert len(set(ids)) == 25


def test_a_consultation_answers_in_json_and_in_csv(client):
    consultation = make_consultation()
    section = make_section(consultation, title="Nature")
    proposal = make_proposal(consultation, title="=HYPERLINK(1)", section_id=section.id)
    (
        make_argument(proposal),
        make_argument(proposal, side="against"),
        make_source(proposal),
        make_proposal(consultation, state=State.REMOVED),
    )
    whole = client.get(f"/consultations/{consultation.id}.json").json
    assert (whole["total"], whole["pages"], whole["items"][0]["section"], whole["items"][0]["arguments"]) == (1, 1, "Nature", 2)
    assert {"kind", "id", "title", "url", "territory", "state", "published_at", "source", "excerpt"} <= set(whole["items"][0])
    answer = client.get(f"/consultations/{consultation.id}.csv")
    [row] = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";")
    assert row["titre"] == "'=HYPERLINK(1)"
    assert (row["pour"], row["contre"], row["sources"], row["rubrique"]) == ("1", "1", "1", "Nature")


def test_the_list_of_consultations(client):
    consultation = make_consultation(title="La friche")
    make_proposal(consultation), make_consultation(state=State.DRAFT, title="Brouillon")
    page, whole = client.get("/consultations/"), client.get("/consultations.json").json
    assert "La friche" in page.text
    assert "1 proposition" in page.text
    assert "Brouillon" not in page.text
    assert (whole["total"], whole["items"][0]["proposals"], whole["items"][0]["url"]) == (
        1,
        1,
        f"/consultations/{consultation.id}-la-friche",
    )
    assert client.get("/consultations.json?state=closed").json["total"] == 0


def test_a_proposal_answers_in_json(client):
    proposal = make_proposal()
    argument = make_argument(proposal)
    whole = client.get(f"/propositions/{proposal.id}.json").json
    assert (whole["id"], whole["total"], whole["items"][0]["id"]) == (proposal.id, 1, argument.id)


@pytest.mark.parametrize("state", [State.DRAFT, State.HIDDEN, State.REMOVED, State.WITHDRAWN])
def test_what_is_not_public_does_not_exist(client, state):
    """T08: page, JSON, CSV, versions, forms, and the counts of others."""
    hidden = make_consultation(state=state)
    proposal = make_proposal(state=state, title="Invisible")
    client.log_in(make_person())
    for path in (
        f"/consultations/{hidden.id}",
        f"/consultations/{hidden.id}.json",
        f"/consultations/{hidden.id}.csv",
        f"/consultations/{hidden.id}/proposer",
    ):
        assert client.get(path).status_code == 404
    for end in ("", ".json", "/versions", "/argumenter", "/modifier", "/retirer", "/ajouter-une-source"):
        assert client.get(f"/propositions/{proposal.id}{end}").status_code == 404
    assert client.get(f"/consultations/{proposal.space_id}.json").json["total"] == 0
    assert "Invisible" not in client.get(f"/consultations/{proposal.space_id}.csv").text


@pytest.mark.parametrize(
    "query",
    [
        "?page=2",
        "?page=0",
        "?page=1e5",
        "?page=99999999999999",
        "?sort=zz",
        "?section=none",
        "?seed=-1",
        "?sort=random&seed=7",
        "?argument=1",
        "?argument=99999999999",
        "?_scheme=javascript&_external=1&_anchor=x&endpoint=y&values=z",
    ],
)
def test_any_address_is_a_page(client, query):
    proposal = make_proposal()
    make_argument(proposal)
    pages = [
        client.get(f"/consultations/{proposal.space_id}{query}"),
        client.get(f"/propositions/{proposal.id}{query}"),
        client.get(f"/consultations/{query}"),
    ]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert all("javascript:" not in page.text for page in pages)


@pytest.mark.parametrize(
    "query", ["_scheme=javascript&_external=1", "endpoint=x", "self=x", "_anchor=x&_method=POST", "consultation_id=3", "x=%01&y=%ff"]
)
def test_what_an_address_adds_does_not_bend_the_links_to_other_pages(client, query):
    """`?_scheme=javascript&_external=1` used to reach url_for, `?endpoint=x` to break it."""
    consultation = make_consultation()
    for _ in range(21):
        make_proposal(consultation)
    page = client.get(f"/consultations/{consultation.id}?{query}&section=none")
    assert page.status_code == 200
    assert "javascript:" not in page.text
    assert f'href="/consultations/{consultation.id}-{consultation.slug}?' in page.text
    assert "page=2" in page.text


@pytest.mark.parametrize("number", ["0", "99999999999999999999", "2147483648", "12x", "-3"])
def test_impossible_numbers_are_not_found(client, number):
    assert client.get(f"/consultations/{number}").status_code == client.get(f"/propositions/{number}").status_code == 404


def test_the_page_of_an_argument_among_many_shows_it(client):
    proposal = make_proposal()
    first = make_argument(proposal, body="Le tout premier.")
    for _ in range(21):
        make_argument(proposal)
    assert "Le tout premier." not in client.get(f"/propositions/{proposal.id}").text
    assert "Le tout premier." in client.get(f"/propositions/{proposal.id}?argument={first.id}").text
    assert "Le tout premier." in client.get(f"/propositions/{proposal.id}?page=2").text


def test_longer_lists_cost_no_more_queries(client, count_queries):
    consultation, me = make_consultation(), make_person()
    section = make_section(consultation)
    proposal = make_proposal(consultation, author=me, section_id=section.id)
    paths = [
        f"/consultations/{consultation.id}",
        f"/consultations/{consultation.id}.json",
        f"/propositions/{proposal.id}",
        f"/propositions/{proposal.id}.json",
        "/consultations/",
        f"/propositions/{proposal.id}/versions",
    ]

    def grow():
        make_reply(make_argument(proposal)), make_argument(proposal, side="against"), make_source(proposal)
        make_argument(make_proposal(consultation, section_id=make_section(consultation).id)), make_consultation()

    def costs():
        found = []
        for path in paths:
            count_queries.clear()
            assert client.get(path).status_code == 200
            found.append(len(count_queries))
        return found

    grow()
    visitor = costs()
    client.log_in(me)
    citizen = costs()
    for _ in range(3):
        grow()
    assert costs() == citizen
    assert max(citizen) <= 12
    assert max(visitor) <= 12


def test_lists_load_no_bodies(client, count_queries):
    proposal = make_proposal()
    count_queries.clear()
    client.get(f"/consultations/{proposal.space_id}.json")
    assert not [statement for statement in count_queries if "proposals.id" in statement and "body_html" in statement]


# --- Writing ---------------------------------------------------------------------------------------------------------------------------


def test_a_citizen_proposes_and_is_led_to_the_page(client):
    consultation = make_consultation()
    section = make_section(consultation)
    client.log_in(make_person(name="Lucie"))
    assert section.title in client.get(f"/consultations/{consultation.id}/proposer").text
    answer = client.post(
        f"/consultations/{consultation.id}/proposer", data={"section": section.id, "title": "Un parc", "body": "Trois murs."}
    )
    page = client.get(answer.location)
    assert answer.status_code == 303
    assert "Votre proposition est publiée" in page.text
    assert "Lucie" in page.text


def test_a_refused_proposal_keeps_its_text(client, at):
    consultation = make_consultation(opens_at=OPENS, closes_at=CLOSES)
    at(CLOSES)
    client.log_in(make_person())
    page = client.post(f"/consultations/{consultation.id}/proposer", data={"title": "Un parc", "body": "Trop tard, mais écrit."})
    assert page.status_code == 422
    assert "clos" in page.text
    assert "Trop tard, mais écrit." in page.text


def test_a_visitor_who_wants_to_propose_logs_in_and_comes_back(client):
    consultation = make_consultation()
    answer = client.get(f"/consultations/{consultation.id}/proposer")
    assert answer.status_code == 302
    assert f"next=/consultations/{consultation.id}/proposer" in answer.location
    lost = client.post(f"/consultations/{consultation.id}/proposer", data={"title": "Un parc", "body": "Écrit avant la fin de la session."})
    assert lost.status_code == 401
    assert "Écrit avant la fin de la session." in lost.text


def test_someone_without_a_confirmed_address_does_not_propose(client):
    client.log_in(make_person(confirmed=False))
    assert client.get(f"/consultations/{make_consultation().id}/proposer").status_code == 403


def test_a_draft_is_saved_as_one_types_and_found_again(client):
    consultation, me = make_consultation(), make_person()
    client.log_in(me)
    assert (
        f'data-autosave-url="/consultations/{consultation.id}-{consultation.slug}/brouillon"'
        in client.get(f"/consultations/{consultation.id}/proposer").text
    )
    for body in ("On g", "On garde", ""):
        assert (
            client.post(
                f"/consultations/{consultation.id}/brouillon", data={"title": "Un p", "body": body or "On garde les murs"}
            ).status_code
            == 204
        )
    page = client.get(f"/consultations/{consultation.id}/proposer").text
    assert "On garde les murs" in page
    assert "Voici votre brouillon" in page
    assert "Reprendre mon brouillon" in client.get(f"/consultations/{consultation.id}").text
    assert client.get(f"/consultations/{consultation.id}.json").json["total"] == 0
    too_long = client.post(f"/consultations/{consultation.id}/brouillon", data={"title": "", "body": "o" * 20_001})
    assert too_long.status_code == 422


def test_without_scripts_a_button_saves_the_draft_and_another_drops_it(client):
    consultation = make_consultation()
    client.log_in(make_person())
    answer = client.post(f"/consultations/{consultation.id}/proposer", data={"title": "", "body": "On garde", "action": "draft"})
    assert answer.status_code == 303
    assert "On garde" in client.get(answer.location).text
    assert client.post(f"/consultations/{consultation.id}/brouillon/effacer").status_code == 303
    assert "On garde" not in client.get(f"/consultations/{consultation.id}/proposer").text


def test_all_that_lacks_is_said_at_once(client):
    consultation = make_consultation()
    make_section(consultation)
    client.log_in(make_person())
    refused = client.post(f"/consultations/{consultation.id}/proposer", data={"title": "", "body": ""})
    assert refused.status_code == 422
    for words in ("Choisissez une rubrique.", "Donnez un titre.", "Écrivez votre texte."):
        assert words in refused.text
    assert client.post(f"/consultations/{consultation.id}/brouillon", data={"title": "Un parc", "body": ""}).status_code == 204


def test_a_draft_without_a_word_is_not_kept(client):
    consultation, me = make_consultation(), make_person()
    client.log_in(me)
    empty = {"title": " ", "body": "\n \u200b\n"}
    assert client.post(f"/consultations/{consultation.id}/brouillon", data=empty).status_code == 204
    answer = client.post(f"/consultations/{consultation.id}/proposer", data=empty | {"action": "draft"})
    assert "écrivez d’abord quelques mots" in client.get(answer.location).text
    assert "Brouillon" not in client.get("/compte/").text
    assert client.post(f"/consultations/{consultation.id}/brouillon", data={"title": "Un parc", "body": ""}).status_code == 204
    assert client.post(f"/consultations/{consultation.id}/brouillon", data=empty).status_code == 204  # emptied by its author: it is theirs
    assert "Brouillon" in client.get("/compte/").text


def test_a_draft_is_nobody_else_s_business(client):
    consultation = make_consultation()
    draft = services.save_draft(consultation, author=make_person(), title="Un parc", body="Secret.")
    db.commit()
    for roles in ([], [("manager", territory_of(consultation))], [("administrator", None)]):
        client.log_in(make_person(roles=roles))
        assert client.get(f"/propositions/{draft.id}").status_code == client.get(f"/propositions/{draft.id}/versions").status_code == 404


def test_other_columns_in_the_form_of_a_proposal_change_nothing(client):
    """M01."""
    consultation, me, other = make_consultation(), make_person(), make_person()
    client.log_in(me)
    more = {
        "is_official": "1",
        "author_id": str(other.id),
        "state": "archived",
        "voice": "official",
        "territory_id": "1",
        "earlier_versions": "5",
        "origin": "paper",
        "space_id": "1",
    }
    answer = client.post(f"/consultations/{consultation.id}/proposer", data={"title": "Un parc", "body": "Trois murs."} | more)
    from app.consultations.proposals.queries import get_proposal

    made = get_proposal(int(answer.location.split("/")[-1].split("-")[0]))
    assert (made.is_official, made.author_id, made.state, made.voice, made.space_id, made.earlier_versions, made.origin) == (
        False,
        me.id,
        "published",
        "citizen",
        consultation.id,
        0,
        "online",
    )


def test_an_author_edits_and_everyone_sees_what_changed(client):
    proposal = make_proposal(title="Un parc", body="Trois murs.")
    client.log_in(proposal.author)
    assert "Trois murs." in client.get(f"/propositions/{proposal.id}/modifier").text
    sent = {"version": "1", "title": "Un parc", "body": "Deux murs."}
    assert client.post(f"/propositions/{proposal.id}/modifier", data=sent).status_code == 303
    late = client.post(f"/propositions/{proposal.id}/modifier", data=sent | {"body": "Un mur."})
    assert late.status_code == 409
    assert "Un mur." in late.text
    assert "Deux murs." in late.text
    page = client.get(f"/propositions/{proposal.id}/versions").text
    assert "Trois</del>" in page
    assert "Deux</ins>" in page
    assert "Trois murs." in client.get(f"/propositions/{proposal.id}/versions?version=1").text
    assert client.get(f"/propositions/{proposal.id}/versions?version=9").status_code == 404
    assert "version 2" in client.get(f"/propositions/{proposal.id}").text


def test_a_form_that_could_only_refuse_is_not_opened(client, at):
    """Who follows an old link learns it before writing; a draft, though, is still there to be read and copied."""
    consultation = make_consultation(opens_at=OPENS, closes_at=CLOSES)
    at(OPENS)
    proposal = make_proposal(consultation)
    client.log_in(proposal.author)
    here = f"/propositions/{proposal.id}"
    forms = [f"/consultations/{consultation.id}/proposer", *(f"{here}/{act}" for act in ("modifier", "argumenter", "ajouter-une-source"))]
    assert {client.get(form).status_code for form in forms} == {200}
    at(CLOSES)
    client.log_in(proposal.author)
    for form in forms:
        answer = client.get(form)
        assert answer.status_code == 303
        assert "C’est clos" in client.get(answer.location).text
    at(OPENS)
    client.log_in(proposal.author)
    client.post(f"/consultations/{consultation.id}/brouillon", data={"title": "Un banc", "body": "À l’ombre."})
    at(CLOSES)
    client.log_in(proposal.author)
    assert "À l’ombre." in client.get(f"/consultations/{consultation.id}/proposer").text


def test_nobody_else_edits_or_withdraws(client):
    proposal = make_proposal()
    client.log_in(make_person(roles=[("manager", territory_of(proposal))]))
    for act in ("modifier", "retirer"):
        assert client.post(f"/propositions/{proposal.id}/{act}", data={"version": "1", "title": "x", "body": "y"}).status_code == 403


def test_an_author_withdraws_after_being_asked(client):
    proposal = make_proposal()
    client.log_in(proposal.author)
    assert client.get(f"/propositions/{proposal.id}/retirer").status_code == 200
    assert fresh(proposal).is_public
    assert client.post(f"/propositions/{proposal.id}/retirer").status_code == 303
    assert fresh(proposal).state == State.WITHDRAWN


def test_a_source_is_added_and_taken_back(client):
    proposal, me = make_proposal(), make_person()
    client.log_in(me)
    assert client.get(f"/propositions/{proposal.id}/ajouter-une-source").status_code == 200
    bad = client.post(f"/propositions/{proposal.id}/ajouter-une-source", data={"title": "Bilan", "url": "javascript:alert(1)"})
    assert bad.status_code == 422
    assert "https://" in bad.text
    answer = client.post(f"/propositions/{proposal.id}/ajouter-une-source", data={"title": "Bilan", "url": "https://exemple.fr"})
    assert answer.status_code == 303
    assert "Bilan" in client.get(answer.location).text
    source_id = int(answer.location.rsplit("-", 1)[1])
    assert client.get(f"/sources/{source_id}/retirer").status_code == 200
    assert client.post(f"/sources/{source_id}/retirer").status_code == 303
    assert "Bilan" not in client.get(f"/propositions/{proposal.id}").text


def test_hostile_words_are_shown_and_never_run(client):
    proposal = make_proposal(title="<script>alert(1)</script>", body="<img src=x onerror=alert(1)> [x](javascript:alert(1))")
    make_argument(proposal, title='"><svg onload=alert(1)>', body="<script>alert(2)</script>"), make_source(proposal, title="<b>x</b>")
    for path in (f"/propositions/{proposal.id}", f"/consultations/{proposal.space_id}", f"/propositions/{proposal.id}/versions"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "<svg onload" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page


# --- Back office -------------------------------------------------------------------------------------------------------------------------


def desk(consultation, end=""):
    return f"/gestion/{territory_of(consultation).slug}/consultations/{consultation.id}{end}"


def test_an_agent_opens_a_consultation_in_one_page_and_publishes_it(client):
    territory = make_territory()
    client.log_in(make_person(roles=[("manager", territory)]))
    here = f"/gestion/{territory.slug}/consultations/"
    assert client.get(here).status_code == client.get(here + "nouvelle").status_code == 200
    made = client.post(
        here + "nouvelle", data={**TEXTS, "sections": "Nature\n\nSport\n", "opens_at": "2020-01-01T09:00", "closes_at": "2099-02-01T00:00"}
    )
    assert made.status_code == 303
    page = client.get(made.location).text
    assert "Nature" in page
    assert "Sport" in page
    assert "Brouillon" in page
    assert client.post(f"{made.location}/publier").status_code == 303
    assert client.get("/consultations.json").json["total"] == 1
    listed = client.get(here).text
    assert "La friche" in listed
    assert "samedi 31\u00a0janvier 2099 à minuit" in listed  # as citizens read it, not « 1er février à 0 h »


def test_sections_are_kept_from_the_desk(client):
    consultation = make_consultation()
    client.log_in(make_person(roles=[("manager", territory_of(consultation))]))
    section = make_section(consultation, title="Nature")
    assert client.get(desk(consultation, "/rubriques")).status_code == 200
    assert client.post(desk(consultation, "/rubriques"), data={"title": "Sport"}).status_code == 303
    assert client.get(desk(consultation, f"/rubriques/{section.id}")).status_code == 200
    assert (
        client.post(
            desk(consultation, f"/rubriques/{section.id}"), data={"title": "Jardins", "text": "Parcs.", "position": "9"}
        ).status_code
        == 303
    )
    make_proposal(consultation, section_id=section.id)
    assert "Jardins" in client.get(f"/consultations/{consultation.id}").text
    assert client.post(desk(consultation, f"/rubriques/{section.id}/retirer")).status_code == 422
    elsewhere = make_section(make_consultation())
    assert client.post(desk(consultation, f"/rubriques/{elsewhere.id}/retirer")).status_code == 404


def test_the_territory_s_own_text_is_marked(client):
    consultation = make_consultation()
    client.log_in(make_person(roles=[("manager", territory_of(consultation))]))
    assert client.get(desk(consultation, "/propositions/nouvelle")).status_code == 200
    answer = client.post(desk(consultation, "/propositions/nouvelle"), data={"title": "Le chemin reste ouvert", "body": "Jour et nuit."})
    assert "Proposition de la collectivité" in client.get(answer.location).text
    assert "Proposition de la collectivité" in client.get(f"/consultations/{consultation.id}").text


def test_an_agent_edits_closes_and_concludes(client):
    consultation = make_consultation()
    client.log_in(make_person(roles=[("manager", territory_of(consultation))]))
    assert client.post(desk(consultation), data=TEXTS | {"version": "1"}).status_code == 303
    late = client.post(desk(consultation), data=TEXTS | {"version": "1", "becomes": "Rien."})
    assert late.status_code == 409
    assert f'<p class="bf-changes mb-0">{TEXTS["becomes"]}</p>' in late.text
    assert client.post(desk(consultation, "/clore")).status_code == 303
    assert client.post(desk(consultation, "/conclure"), data={"body": "Un parc."}).status_code == 303
    page = client.get(f"/consultations/{consultation.id}").text
    assert "Un parc." in page
    assert "La friche" in page
    assert "Faire une proposition" not in page


def test_what_is_over_speaks_of_the_past(client, at):
    consultation = make_consultation()
    consultation.asked, consultation.becomes, consultation.open_to = "Une idée.", "Une réponse.", "Ouvert à tous."
    proposal = make_proposal(consultation)
    make_reply(proposal, voice="official")
    db.commit()
    present, past = (
        ["Ce qu’on vous demande<", "Jusqu’à quand<", "deviendra votre avis<", "Ouvert à tous."],
        ["demandait<", "C’était ouvert jusqu’au<"],
    )
    asked = client.get(f"/consultations/{consultation.id}").text
    assert [words in asked for words in present + past] == [True] * 4 + [False] * 2
    at(CLOSES)
    told = client.get(f"/consultations/{consultation.id}").text
    assert [words in told for words in present + past] == [False] * 4 + [True] * 2
    assert f"/propositions/{proposal.id}-{proposal.slug}#arguments" not in told  # there is nothing to read there
    page = client.get(f"/propositions/{proposal.id}").text
    assert "Personne n’en a donné." in page
    assert "Aucun argument" not in page
    assert page.index(f"/contributions/{proposal.id}/signaler") < page.index("Réponse officielle")  # each « Signaler » under its text


def test_another_territory_s_consultation_does_not_exist_here(client):
    """T01."""
    consultation, mine = make_consultation(), make_territory()
    client.log_in(make_person(roles=[("manager", mine)]))
    for end in ("", "/publier", "/clore", "/conclure", "/phases", "/rubriques", "/propositions/nouvelle"):
        assert client.post(f"/gestion/{mine.slug}/consultations/{consultation.id}{end}").status_code == 404
        assert client.post(desk(consultation, end)).status_code == 404


def test_votes_cast_here_show_with_those_imported(client):
    from app.contents.services import move_tally

    proposal = make_proposal()
    move_tally(proposal.id, "agreement", "agree", imported=7)
    client.log_in(make_person())
    client.post(f"/contributions/{proposal.id}/avis", data={"value": "agree"})
    assert contents.figures_of([proposal.id])[proposal.id].agree == 8
    assert "dont 7 repris d’une autre plateforme" in client.get(f"/propositions/{proposal.id}").text
