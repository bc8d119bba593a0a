"""What is near a text: on pages, beside forms, and suggested. Read through the index, which follows the worker."""

from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm.attributes import set_committed_value

from app.accounts.models import Person
from app.consultations.models import Consultation
from app.consultations.proposals.models import Proposal
from app.contents import links
from app.contents import services as contents
from app.contents.models import Link, State, Term
from app.core import clock, outbox
from app.core.db import db, writing
from app.initiatives.models import Initiative
from app.projects.models import Project
from app.related import near, pages, queries, reasons, services, worker
from app.related.models import Neighbour, Suggestion, SuggestionState
from app.search import engines, sync
from tests.factories import make_content, make_person, make_territory
from tests.participation import make_consultation, make_proposal

BIKES = "Des pistes cyclables sûres le long du canal, de la gare à l’écluse, avec des arceaux pour attacher les vélos."
CANTEEN = "La cantine sert des légumes des fermes voisines, pèse les restes et forme les cuisiniers."
ROADS = "Une bande cyclable en pointillés ne suffit pas : à l’écluse, les vélos attendent entre deux camions."


def kept(thing):
    """What outlives the index's transactions: they let go of every row."""
    return SimpleNamespace(id=thing.id, model=type(thing), slug=thing.slug)


def now(each):
    return db.get(each.model, each.id)


class Region:
    """Texts of three subjects in two territories, found by the index."""

    def __init__(self):
        self.here, self.there = kept(make_territory()), kept(make_territory())
        self.sheet = self.make(Initiative, self.there, "Pistes cyclables du canal", BIKES)
        self.canteen = self.make(Initiative, self.there, "Cantine des fermes", CANTEEN)
        self.own = self.make(Project, self.here, "Vélos à l’écluse", ROADS)
        for n in range(6):
            self.make(Project, self.there, f"Autre chose {n}", f"Un sujet tout différent, numéro {n}, du théâtre.")
        self.index()

    def make(self, model, place, title, body, **given):
        return kept(make_content(model, territory=place, title=title, body=body, **given))

    def propose(self, consultation, title, body):
        return kept(make_proposal(now(consultation), title=title, body=body))

    def index(self):
        sync.rebuild()

    def compute(self, *made):
        for content in made:
            worker.compute_one(content.id)


@pytest.fixture
def region(app, transaction):
    """The database is rolled back after each test; what the engine remembers of its index is not."""
    engine = engines.current()
    forget = getattr(engine, "forget", lambda: None)
    forget()
    yield Region()
    forget()


def test_what_is_near_is_of_other_territories_public_and_not_ones_own(region):
    reader = make_person()
    reader_id = reader.id
    mine = region.make(Project, region.there, "Mes pistes cyclables du canal", BIKES, author=reader)
    hidden = region.make(Consultation, region.there, "Pistes cyclables secrètes", BIKES)
    region.index()
    contents.change_state(now(hidden), State.ARCHIVED)  # the index does not know yet
    db.commit()
    found = near.elsewhere("Pistes cyclables", ROADS, territory_id=region.here.id, reader=db.get(Person, reader_id))
    assert [each.content.id for each in found] == [region.sheet.id]
    assert {mine.id, hidden.id, region.own.id}.isdisjoint({each.content.id for each in found})
    assert near.elsewhere("", "", territory_id=None, reader=db.get(Person, reader_id)) == []


def test_the_box_beside_a_form_follows_what_is_typed(client, region):
    assert client.post(f"/deja-fait-ailleurs/{region.here.slug}", data={"title": "Pistes cyclables"}).status_code == 401
    client.log_in(make_person())
    answer = client.post(f"/deja-fait-ailleurs/{region.here.slug}", data={"title": "Des pistes cyclables", "body": ROADS})
    assert answer.status_code == 200
    assert "Pistes cyclables du canal" in answer.text
    assert "Cantine" not in answer.text
    assert "Vélos à l’écluse" not in answer.text
    assert "<html" not in answer.text
    assert answer.text.count("<a ") == answer.text.count('target="_blank" rel="noopener"') > 0  # what is typed stays where it is
    nothing = client.post("/deja-fait-ailleurs/region", data={"title": "zzyzx"})
    assert "Rien de semblable" in nothing.text
    assert client.post("/deja-fait-ailleurs/nulle-part", data={}).status_code == 404


def test_the_box_takes_no_turn_among_writers(client, region, monkeypatch):
    """Sent by POST so that drafts stay out of addresses; red when the view does not say `reading_only`."""
    seen = []

    def elsewhere(*given, **named):
        seen.append(writing.get())
        return []

    monkeypatch.setattr(near, "elsewhere", elsewhere)
    client.log_in(make_person())
    assert client.post("/deja-fait-ailleurs/region", data={"title": "Pistes cyclables du canal"}).status_code == 200
    assert seen == [False]


def test_without_scripts_a_draft_shows_what_was_done_elsewhere(client, region):
    consultation = kept(make_consultation(territory=region.here))
    client.log_in(make_person())
    path = f"/consultations/{consultation.id}/proposer"
    assert "Rien de semblable" in client.get(path).text
    saved = client.post(path, data={"title": "Des pistes cyclables", "body": ROADS, "action": "draft"})
    saved = client.get(saved.location)
    assert "Pistes cyclables du canal" in saved.text
    refused = client.post(path, data={"title": "", "body": ROADS})
    assert refused.status_code == 422
    assert "Pistes cyclables du canal" in refused.text


def test_without_scripts_a_project_shows_it_after_the_first_save(client, region):
    client.log_in(make_person(roles=[("manager", region.here)]))
    data = {"title": "Des pistes cyclables", "summary": "Pour les vélos du canal.", "body": ROADS, "project_kind": "consultation"}
    made = client.post(f"/gestion/{region.here.slug}/projets/nouveau", data=data)
    page = client.get(made.location).text
    assert "Pistes cyclables du canal" in page
    assert 'data-near-url="/deja-fait-ailleurs/' in page


def test_pages_show_what_is_near_with_the_reason(client, region):
    proposal = region.propose(kept(make_consultation(territory=region.here)), "Vélos et pistes cyclables", ROADS)
    region.index()
    region.compute(region.sheet, region.own, proposal)
    text = client.get(f"/propositions/{proposal.id}").text
    assert "Contenus proches" in text
    assert "Pistes cyclables du canal" in text
    assert "Textes proches" in text
    for path in (f"/catalogue/{region.sheet.id}", f"/projets/{region.own.id}"):
        assert "Contenus proches" in client.get(path).text
    contents.change_state(now(region.sheet), State.ARCHIVED)
    db.commit()
    assert "Pistes cyclables du canal" not in client.get(f"/propositions/{proposal.id}").text


def test_what_is_new_is_near_what_was_there(region, run_worker):
    def near_the_sheet():
        return db.scalars(select(Neighbour.other_id).where(Neighbour.content_id == region.sheet.id)).all()

    region.compute(region.sheet)
    newer = region.make(Project, region.here, "Pistes cyclables, suite", BIKES)
    region.index()
    assert newer.id not in near_the_sheet()
    db.execute(update(outbox.OutboxJob).values(due_at=clock.now()))
    db.commit()
    run_worker(worker.TOPIC)
    assert newer.id in near_the_sheet()
    assert len(near_the_sheet()) <= worker.KEPT


def test_what_changed_its_subject_is_no_longer_near(region):
    region.compute(region.own)
    assert region.sheet.id in [other.id for other, _ in queries.neighbours_of(now(region.own))]
    contents.edit(now(region.own), by=None, title="Le théâtre", body="Une troupe joue dans la salle des fêtes.")
    db.commit()
    region.index()
    region.compute(region.own)
    assert region.sheet.id not in [other.id for other, _ in queries.neighbours_of(now(region.own))]
    assert region.own.id not in [other.id for other, _ in queries.neighbours_of(now(region.sheet))]


def test_publishing_and_editing_queue_a_look_and_a_draft_does_not(region):
    def waiting():
        return db.scalars(select(outbox.OutboxJob.key).where(outbox.OutboxJob.topic == worker.TOPIC)).all()

    db.execute(outbox.OutboxJob.__table__.delete())
    draft = region.make(Project, region.here, "Brouillon", "Texte", state=State.DRAFT)
    contents.edit(now(draft), by=None, title="Autre", body="Texte")
    assert waiting() == []
    contents.change_state(now(draft), State.PUBLISHED)
    contents.edit(now(draft), by=None, title="Encore", body="Texte")
    assert waiting() == [str(draft.id)] * 2


def test_what_imports_left_aside_is_looked_at_within_the_hour(region):
    db.execute(outbox.OutboxJob.__table__.delete())
    worker.look_at_what_was_missed()
    keys = {int(key) for key in db.scalars(select(outbox.OutboxJob.key).where(outbox.OutboxJob.topic == worker.TOPIC))}
    assert {region.sheet.id, region.own.id} <= keys
    worker.look_at_what_was_missed()
    assert len(db.scalars(select(outbox.OutboxJob.id).where(outbox.OutboxJob.topic == worker.TOPIC)).all()) == len(keys)


def test_a_consultation_and_its_proposals_are_not_each_others_news(region):
    consultation = kept(make_consultation(territory=region.here, title="Pistes cyclables du canal", body=BIKES))
    proposal = region.propose(consultation, "Pistes cyclables du canal", BIKES)
    region.index()
    region.compute(consultation, proposal)
    assert proposal.id not in [other.id for other, _ in queries.neighbours_of(now(consultation))]
    assert consultation.id not in [other.id for other, _ in queries.neighbours_of(now(proposal))]


# --- Suggestions -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def suggested(region):
    twin = region.make(Initiative, None, "Pistes cyclables du canal, à Gand", BIKES)
    ensure_theme(region.sheet, twin)
    region.index()
    region.compute(region.sheet, twin)
    found = select(Suggestion.id).where(Suggestion.one_id == region.sheet.id, Suggestion.other_id == twin.id)
    return SimpleNamespace(id=db.scalars(found).one()), twin


def ensure_theme(*sheets):
    contents.ensure_vocabulary("theme", "Thèmes", {"mobilite": "Mobilité"})
    term = db.scalars(select(Term).where(Term.key == "mobilite")).one()
    for sheet in sheets:
        contents.set_terms(now(sheet), [term])
    db.commit()


def test_a_suggestion_says_why_and_becomes_a_link_of_the_nature_chosen(client, region, suggested):
    suggestion, twin = suggested
    client.log_in(make_person(roles=[("curator", None)]))
    desk = client.get("/gestion/region/liens/").text
    assert "même thème\u00a0: mobilité" in desk
    assert "textes proches" in desk
    path = f"/suggestions/{suggestion.id}/accepter"
    assert client.post(path, data={"page": twin.id}).status_code == 422
    assert client.post(path, data={"page": twin.id, "nature": "inspired_by"}).status_code == 303
    row = db.scalars(select(Link)).one()
    assert (row.from_id, row.to_id, row.nature) == (twin.id, region.sheet.id, "inspired_by")
    assert db.scalar(select(Suggestion.state).where(Suggestion.id == suggestion.id)) == SuggestionState.ACCEPTED


def test_what_was_dismissed_is_never_suggested_again(client, region, suggested):
    suggestion, twin = suggested
    client.log_in(make_person(roles=[("curator", None)]))
    assert client.post(f"/suggestions/{suggestion.id}/ecarter").status_code == 303
    assert client.post(f"/suggestions/{suggestion.id}/ecarter").status_code == 422
    region.compute(region.sheet, twin)
    states = db.scalars(select(Suggestion.state).where(Suggestion.one_id == region.sheet.id, Suggestion.other_id == twin.id)).all()
    assert states == [SuggestionState.DISMISSED]
    assert suggestion.id not in [row.id for row in db.scalars(queries.suggestions_in(None))]


def test_a_suggestion_of_others_does_not_exist(client, suggested):
    suggestion, _twin = suggested
    client.log_in(make_person(roles=[("manager", make_territory())]))
    assert client.post(f"/suggestions/{suggestion.id}/ecarter").status_code == 404
    assert client.post(f"/suggestions/{suggestion.id}/accepter", data={"nature": "follows"}).status_code == 404


def test_what_is_linked_is_not_suggested(region, suggested):
    _suggestion, twin = suggested
    links.link(now(region.sheet), now(twin), "documents", author=None)
    db.commit()
    region.compute(region.sheet)
    waiting = db.scalars(select(Suggestion).where(Suggestion.state == SuggestionState.WAITING)).all()
    assert (region.sheet.id, twin.id) not in [(row.one_id, row.other_id) for row in waiting]


def test_proposals_are_near_and_are_not_linked_by_hand(region):
    proposal = region.propose(kept(make_consultation(territory=region.here)), "Pistes cyclables du canal", BIKES)
    region.index()
    region.compute(proposal)
    assert queries.neighbours_of(now(proposal))
    assert (
        db.scalar(select(func.count(Suggestion.id)).where((Suggestion.one_id == proposal.id) | (Suggestion.other_id == proposal.id))) == 0
    )
    with pytest.raises(services.DomainError, match="ne se lie pas"):
        services.tie(now(proposal), now(region.sheet), "follows", by=make_person(), own={proposal.id, region.sheet.id})


def test_a_short_text_is_believed_less():
    """Ten words, three in common, are soon an accident; the phrases of amendments and numbers make no text longer."""
    short, long = near.weight_of("Les données critiques", "", "fr"), near.weight_of("Pistes", f"{BIKES} {CANTEEN} {ROADS}", "fr")
    assert 0 < short < 0.2
    assert long == 1
    assert near.weight_of("Les données critiques", "Au 2e alinéa de l’article 11, le mot est remplacé, 1978.", "fr") < 0.2


def test_of_one_consultation_the_place_says_nothing():
    """Seen red before: every pair of one consultation was worth 0.05 more, and half of what pages showed was under the limit."""
    place = make_territory()
    consultation = make_consultation(territory=place)
    one, other = (make_proposal(consultation) for _ in range(2))
    elsewhere = make_proposal(make_consultation(territory=place))
    set_committed_value(place, "parent", None)
    for each in (one, other, elsewhere):
        set_committed_value(each, "territory", place)
    assert reasons.score(one, other, 0.10, {}) == pytest.approx(0.10)
    assert reasons.score(one, elsewhere, 0.10, {}) == pytest.approx(0.15)


def test_a_page_asks_two_questions_for_what_is_near(region, count_queries):
    region.compute(region.own)
    db.expunge_all()
    content = queries.get_content(region.own.id)
    count_queries.clear()
    with region_request():
        assert pages.nearby(content)
    assert len(count_queries) == 2


def region_request():
    from flask import current_app

    return current_app.test_request_context("/")


def test_proposal_is_known_to_be_compared():
    from app.related import registry

    assert Proposal.__mapper_args__["polymorphic_identity"] in registry.compared()
    assert set(registry.precedents()) == {"initiative", "document", "tool", "project", "consultation"}
