from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.sessions import Visitor
from app.audit.models import AuditEntry
from app.contents import queries as contents
from app.contents import spaces
from app.contents.models import Phase, State
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.permissions import can
from app.debates import queries, services
from app.territories.models import Territory
from tests.factories import make_person, make_territory
from tests.participation import CLOSES, OPENS, fresh, make_argument, make_debate, make_reply

TEXTS = {
    "title": "Fermer la place ?",
    "summary": "Le samedi.",
    "asked": "Un argument.",
    "becomes": "Une **synthèse**.",
    "open_to": "À tous.",
    "body": "Voici.",
}


def territory_of(debate):
    return db.get(Territory, debate.territory_id)


def manager_of(debate):
    return make_person(roles=[("manager", territory_of(debate))])


# --- Services --------------------------------------------------------------------------------------------------------------------


def test_a_debate_begins_as_a_draft_and_is_published_once_it_has_dates():
    agent = make_person()
    debate = services.create_debate(make_territory(), by=agent, **TEXTS)
    assert debate.state == State.DRAFT
    assert "<strong>synthèse</strong>" in debate.becomes_html
    with pytest.raises(DomainError, match="dates"):
        spaces.publish(debate, by=agent)
    spaces.set_dates(debate, [Phase(name="Le débat", opens_at=OPENS, closes_at=CLOSES, allows=["argue"])], by=agent)
    spaces.publish(debate, by=agent)
    assert debate.is_public
    assert (debate.opens_at, debate.closes_at) == (OPENS, CLOSES)


def test_a_change_of_dates_once_public_goes_to_the_register():
    """H04: people were told otherwise."""
    debate, agent = make_debate(opens_at=OPENS, closes_at=CLOSES), make_person()
    spaces.set_dates(debate, spaces.copies_of(debate), by=agent)
    assert db.scalars(select(AuditEntry).where(AuditEntry.act == "space.dates_changed")).all() == []
    phases = spaces.copies_of(debate)
    phases[0].closes_at = CLOSES + timedelta(days=1)
    spaces.set_dates(debate, phases, by=agent)
    entry = db.scalars(select(AuditEntry).where(AuditEntry.act == "space.dates_changed")).one()
    assert (entry.subject, entry.actor_id) == (f"content:{debate.id}", agent.id)
    assert debate.closes_at == CLOSES + timedelta(days=1)


def test_closing_now_ends_what_runs_and_cancels_what_was_to_come(at):
    debate = make_debate(opens_at=OPENS, closes_at=CLOSES)
    phases = [*spaces.copies_of(debate), Phase(name="Ensuite", opens_at=CLOSES, closes_at=CLOSES + timedelta(days=9), allows=["vote"])]
    spaces.set_dates(debate, phases, by=None)
    at(OPENS + timedelta(days=2))
    spaces.close(debate, by=make_person())
    assert debate.moment == "closed"
    assert debate.closes_at == OPENS + timedelta(days=2)
    with pytest.raises(DomainError, match="déjà clos"):
        spaces.close(debate, by=make_person())


def test_a_debate_is_concluded_once_it_is_closed(at):
    debate = make_debate(opens_at=OPENS, closes_at=CLOSES)
    at(OPENS)
    with pytest.raises(DomainError, match="clôture"):
        spaces.conclude(debate, body="Fermée.", by=make_person())
    at(CLOSES)
    with pytest.raises(DomainError) as refusal:
        spaces.conclude(debate, body=" ", by=make_person())
    assert refusal.value.field == "body"
    spaces.conclude(debate, body="La place **ferme**.", by=make_person())
    assert "<strong>ferme</strong>" in debate.conclusion_html
    assert debate.concluded_at == CLOSES


def test_two_agents_do_not_overwrite_each_other():
    debate, agent = make_debate(), make_person()
    services.edit_debate(debate, by=agent, seen=1, **TEXTS)
    with pytest.raises(Conflict):
        services.edit_debate(debate, by=agent, seen=1, **TEXTS)


@pytest.mark.parametrize("act", ["argue", "vote", "comment", "propose"])
@pytest.mark.parametrize("moment", [OPENS - timedelta(seconds=1), OPENS, CLOSES - timedelta(seconds=1), CLOSES])
def test_what_a_page_says_is_open_is_what_the_service_allows(at, act, moment):
    from app.contents.services import is_allowed, require_open

    debate = make_debate(opens_at=OPENS, closes_at=CLOSES, allows=["argue", "vote"])
    at(moment)
    said = is_allowed(debate, contents.phases_of(debate), act)
    if said:
        require_open(debate, act)
    else:
        with pytest.raises(DomainError):
            require_open(debate, act)
    assert said == (act in {"argue", "vote"} and OPENS <= moment < CLOSES)


# --- Rules, queries ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.DRAFT, State.PUBLISHED, State.HIDDEN])
def test_who_may_do_what_with_a_debate(state):
    debate = make_debate(state=state)
    here = territory_of(debate)
    people = {
        "visitor": Visitor(),
        "citizen": make_person(),
        "moderator": make_person(roles=[("moderator", here)]),
        "manager": make_person(roles=[("manager", here)]),
        "elsewhere": make_person(roles=[("manager", make_territory())]),
        "administrator": make_person(roles=[("administrator", None)]),
    }
    readers = list(people) if state == State.PUBLISHED else ["moderator", "manager"]
    assert [name for name, person in people.items() if can("debate.read", debate, person)] == readers
    assert [name for name, person in people.items() if can("debate.edit", debate, person)] == ["manager"]
    assert [name for name, person in people.items() if can("debate.create", here, person)] == ["manager"]


def test_the_list_begins_with_what_closes_first(at):
    made = {
        "closed": make_debate(opens_at=OPENS - timedelta(days=9), closes_at=OPENS - timedelta(days=1)),
        "long": make_debate(opens_at=OPENS, closes_at=CLOSES + timedelta(days=9)),
        "short": make_debate(opens_at=OPENS, closes_at=CLOSES),
        "soon": make_debate(opens_at=CLOSES, closes_at=CLOSES + timedelta(days=1)),
        "hidden": make_debate(state=State.HIDDEN),
    }
    at(OPENS + timedelta(days=1))
    names = {debate.id: name for name, debate in made.items()}

    def listed(moment=None):
        return [names[debate.id] for debate in db.scalars(queries.public_debates(moment))]

    assert listed() == ["short", "long", "soon", "closed"]
    assert (listed("open"), listed("soon"), listed("closed"), listed("nonsense")) == (
        ["short", "long"],
        ["soon"],
        ["closed"],
        ["short", "long", "soon", "closed"],
    )


# --- Pages -------------------------------------------------------------------------------------------------------------------------


def test_a_visitor_reads_everything_and_meets_no_form(client):
    debate = make_debate(title="Fermer la place ?")
    argument = make_argument(debate, body="Le marché étouffe.")
    make_reply(argument, body="Jusqu’à midi."), make_argument(debate, body="Secret", state=State.HIDDEN)
    page = client.get(f"/debats/{debate.id}")
    for text in ("Fermer la place ?", "Le marché étouffe.", "Jusqu’à midi.", "Se connecter pour participer", "synthèse"):
        assert text in page.text
    assert "Secret" not in page.text
    assert 'method="post"' not in page.text
    assert "csrf_token" not in page.text
    assert "_once" not in page.text
    assert "Set-Cookie" not in page.headers


def test_a_citizen_finds_their_votes_on_the_page(client):
    debate = make_debate()
    argument, me = make_argument(debate), make_person()
    client.log_in(me)
    client.post(f"/contributions/{argument.id}/avis", data={"value": "mixed"})
    page = client.get(f"/debats/{debate.id}").text
    assert 'value="none" aria-pressed="true">Mitigé' in page
    assert 'value="agree" aria-pressed="false">' in page


def test_a_closed_debate_shows_its_conclusion_and_takes_nothing(client, at):
    debate = make_debate(opens_at=OPENS, closes_at=CLOSES)
    make_argument(debate)
    at(CLOSES)
    spaces.conclude(fresh(debate), body="La place ferme.", by=make_person())
    db.commit()
    page = client.get(f"/debats/{debate.id}").text
    assert "La place ferme." in page
    assert "Clos" in page
    assert "Donner un argument" not in page
    assert "Se connecter pour participer" not in page


def test_an_author_sees_what_waits_marked_as_such(client):
    debate, me = make_debate(), make_person()
    make_argument(debate, author=me, state=State.PENDING, body="En attente de lecture.")
    assert "En attente de lecture." not in client.get(f"/debats/{debate.id}").text
    client.log_in(me)
    page = client.get(f"/debats/{debate.id}").text
    assert "En attente de lecture." in page
    assert "Vous et l’équipe du territoire seuls voyez ce texte" in page


@pytest.mark.parametrize("state", [State.DRAFT, State.HIDDEN, State.REMOVED])
def test_what_is_not_public_does_not_exist(client, state):
    debate = make_debate(state=state)
    client.log_in(make_person())
    found = [client.get(f"/debats/{debate.id}{end}").status_code for end in ("", ".json", "/argumenter")]
    assert found == [404, 404, 404]
    assert "debate" not in client.get("/debats.json").text


def test_the_list_answers_in_json_with_the_same_page(client):
    debate = make_debate(title="Place")
    make_argument(debate)
    whole = client.get("/debats.json").json
    assert (whole["total"], whole["page"], whole["pages"]) == (1, 1, 1)
    item = whole["items"][0]
    assert (item["kind"], item["id"], item["title"], item["state"], item["arguments"]) == ("debate", debate.id, "Place", "open", 1)
    assert item["url"] == f"/debats/{debate.id}-place"
    assert "Place" in client.get("/debats/").text


def test_one_debate_answers_in_json(client):
    debate = make_debate()
    argument = make_argument(debate, side="against", body="Non.")
    whole = client.get(f"/debats/{debate.id}.json").json
    assert (whole["total"], whole["items"][0]["id"], whole["items"][0]["side"]) == (1, argument.id, "against")


def test_a_longer_debate_costs_no_more_queries(client, count_queries):
    debate, me = make_debate(), make_person()

    def cost(path):
        count_queries.clear()
        assert client.get(path).status_code == 200
        return len(count_queries)

    def grow():
        make_reply(make_argument(debate, author=me)), make_argument(debate, side="against"), make_debate()

    grow()
    client.log_in(me)
    before = [cost(f"/debats/{debate.id}"), cost("/debats/"), cost("/debats.json")]
    for _ in range(3):
        grow()
    after = [cost(f"/debats/{debate.id}"), cost("/debats/"), cost("/debats.json")]
    assert after == before
    assert max(before) <= 12


@pytest.mark.parametrize(
    "page", ["", "?page=2", "?page=-1", "?page=99999999999", "?page=x", "?sort=nonsense", "?argument=99", "?argument=1e9", "?state=zzz"]
)
def test_any_address_is_a_page(client, page):
    debate = make_debate()
    make_argument(debate)
    assert client.get(f"/debats/{debate.id}{page}").status_code == client.get(f"/debats/{page}").status_code == 200


# --- Back office ---------------------------------------------------------------------------------------------------------------------


def desk(debate, end=""):
    return f"/gestion/{territory_of(debate).slug}/debats/{debate.id}{end}"


def test_an_agent_opens_a_debate_in_one_page_and_publishes_it(client):
    territory = make_territory()
    client.log_in(make_person(roles=[("manager", territory)]))
    assert client.get(f"/gestion/{territory.slug}/debats/nouveau").status_code == 200
    made = client.post(
        f"/gestion/{territory.slug}/debats/nouveau",
        data={**TEXTS, "project": "0", "opens_at": "2030-01-01T09:00", "closes_at": "2030-02-01T00:00"},
    )
    assert made.status_code == 303
    debate = db.scalars(select(queries.Debate)).one()
    assert (debate.state, debate.opens_at.isoformat()) == (State.DRAFT, "2030-01-01T08:00:00+00:00")
    assert client.get(made.location).status_code == 200
    assert client.post(f"{made.location}/publier").status_code == 303
    assert fresh(debate).is_public
    assert "Fermer la place" in client.get(f"/gestion/{territory.slug}/debats/").text


def test_the_hour_that_exists_twice_is_asked_again(client):
    """H02, the night of 25 October 2026."""
    territory = make_territory()
    client.log_in(make_person(roles=[("manager", territory)]))
    sent = {**TEXTS, "project": "0", "opens_at": "2026-10-25T02:30", "closes_at": "2026-12-01T00:00"}
    page = client.post(f"/gestion/{territory.slug}/debats/nouveau", data=sent)
    assert page.status_code == 422
    assert "l’heure change" in page.text
    assert "Fermer la place" in page.text


def test_phases_are_added_changed_and_removed(client):
    debate = make_debate(opens_at=OPENS, closes_at=CLOSES)
    client.log_in(manager_of(debate))
    sent = {"name": "Vote", "opens_at": "2030-02-01T00:00", "closes_at": "2030-03-01T00:00", "allows": ["vote"]}
    assert client.get(desk(debate, "/phases")).status_code == 200
    assert client.post(desk(debate, "/phases"), data=sent).status_code == 303
    last = contents.phases_of(debate)[-1]
    assert (last.name, last.allows) == ("Vote", ["vote"])
    assert client.get(desk(debate, f"/phases/{last.id}")).status_code == 200
    assert client.post(desk(debate, f"/phases/{last.id}"), data={**sent, "name": "Votons"}).status_code == 303
    assert contents.phases_of(debate)[-1].name == "Votons"
    backwards = client.post(desk(debate, "/phases"), data={**sent, "closes_at": "2030-01-15T00:00"})
    assert backwards.status_code == 422
    assert "Vote" in backwards.text
    assert client.post(desk(debate, "/phases"), data={**sent, "allows": ["everything"]}).status_code == 422
    last = contents.phases_of(debate)[-1]
    assert client.post(desk(debate, f"/phases/{last.id}/retirer")).status_code == 303
    assert len(contents.phases_of(debate)) == 1
    assert client.get(desk(debate, "/phases/999")).status_code == 404


def test_an_agent_closes_and_concludes(client):
    debate = make_debate()
    client.log_in(manager_of(debate))
    assert client.post(desk(debate, "/clore")).status_code == 303
    assert fresh(debate).moment == "closed"
    assert client.get(desk(debate, "/conclure")).status_code == 200
    assert client.post(desk(debate, "/conclure"), data={"body": "Fermée."}).status_code == 303
    assert "Fermée." in fresh(debate).conclusion_html


def test_an_edit_on_an_old_version_shows_both(client):
    debate = make_debate()
    client.log_in(manager_of(debate))
    sent = {**TEXTS, "project": "0", "version": "1"}
    assert client.post(desk(debate), data=sent).status_code == 303
    late = client.post(desk(debate), data={**sent, "title": "Autre", "asked": "Autre chose."})
    assert late.status_code == 409
    assert "Autre" in late.text
    assert 'value="2"' in late.text
    meanwhile = [each.split("</p>")[0] for each in late.text.split('<p class="bf-changes mb-0">')[1:]]
    assert meanwhile == [TEXTS["title"], TEXTS["asked"]], "where it differs, and only there"


def test_two_tabs_on_a_conclusion_show_both_and_the_second_sending_is_meant(client):
    debate = make_debate(opens_at=OPENS - timedelta(days=9999), closes_at=OPENS - timedelta(days=9990))
    client.log_in(manager_of(debate))
    address = desk(debate, "/conclure")
    read = client.get(address).text.split('name="version" type="hidden" value="')[1].split('"')[0]
    assert client.post(address, data={"body": "La leur.", "version": read}).status_code == 303
    late = client.post(address, data={"body": "La mienne.", "version": read})
    assert late.status_code == 409
    assert "La leur." in late.text
    assert "La mienne." in late.text
    again = late.text.split('name="version" type="hidden" value="')[1].split('"')[0]
    assert client.post(address, data={"body": "La mienne.", "version": again}).status_code == 303
    assert "La mienne." in fresh(debate).conclusion_html


def test_another_territory_s_debate_does_not_exist_here(client):
    """T01: the same answer as for a number that was never given."""
    debate, mine = make_debate(), make_territory()
    client.log_in(make_person(roles=[("manager", mine)]))
    for end in ("", "/publier", "/clore", "/conclure", "/phases"):
        theirs, none = (client.post(f"/gestion/{mine.slug}/debats/{number}{end}") for number in (debate.id, 999_999))
        assert theirs.status_code == none.status_code == 404
        assert (
            client.post(desk(debate, end)).status_code
            == client.post(f"/gestion/{territory_of(debate).slug}/debats/999999{end}").status_code
            == 404
        )


def test_neither_citizen_nor_moderator_opens_debates(client):
    territory = make_territory()
    for roles in ([], [("moderator", territory)]):
        client.log_in(make_person(roles=roles))
        assert client.get(f"/gestion/{territory.slug}/debats/nouveau").status_code == 404
