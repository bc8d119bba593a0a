from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.sessions import Visitor
from app.consultations.proposals import queries, services
from app.consultations.proposals.models import Proposal
from app.contents import gate
from app.contents import queries as contents
from app.contents.models import Revision, State, StateChange
from app.core.db import db
from app.core.errors import Conflict, DomainError
from tests.factories import make_person
from tests.participation import CLOSES, OPENS, fresh, make_consultation, make_proposal, make_section, make_source

GIVEN = {"title": "Un parc", "body": "On garde **trois** murs."}


def test_a_citizen_proposes():
    consultation, lucie = make_consultation(), make_person(name="Lucie")
    section = make_section(consultation)
    proposal = services.propose(consultation, author=lucie, section_id=section.id, **GIVEN)
    assert (proposal.state, proposal.byline, proposal.section_id, proposal.space_id) == (
        State.PUBLISHED,
        "Lucie",
        section.id,
        consultation.id,
    )
    assert "<strong>trois</strong>" in proposal.body_html
    assert not proposal.is_official


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "\u200b"}, "title"),
        ({"title": "t" * 201}, "title"),
        ({"body": " \n "}, "body"),
        ({"body": "o" * 20_001}, "body"),
        ({"section_id": None}, "section"),
        ({"section_id": 999_999}, "section"),
    ],
)
def test_what_cannot_be_published_is_refused_beside_its_field(change, field):
    consultation = make_consultation()
    section = make_section(consultation)
    with pytest.raises(DomainError) as refusal:
        services.propose(consultation, author=make_person(), **({"section_id": section.id} | GIVEN | change))
    assert refusal.value.field == field


def test_a_section_of_another_consultation_is_refused():
    """T02: a number inside of the form leads nowhere else."""
    consultation, other = make_consultation(), make_consultation()
    make_section(consultation)
    with pytest.raises(DomainError) as refusal:
        services.propose(consultation, author=make_person(), section_id=make_section(other).id, **GIVEN)
    assert refusal.value.field == "section"


@pytest.mark.parametrize(("moment", "word"), [(OPENS - timedelta(seconds=1), "pas encore"), (CLOSES, "clos")])
def test_outside_of_its_dates_nothing_is_proposed_but_a_draft_is_kept(at, moment, word):
    consultation, lucie = make_consultation(opens_at=OPENS, closes_at=CLOSES), make_person()
    at(moment)
    draft = services.save_draft(consultation, author=lucie, **GIVEN)
    with pytest.raises(DomainError, match=word):
        services.propose(consultation, author=lucie, **GIVEN)
    assert draft.state == State.DRAFT
    assert draft.body_source == GIVEN["body"]


def test_the_same_proposal_is_made_once():
    consultation, lucie = make_consultation(), make_person()
    services.propose(consultation, author=lucie, **GIVEN)
    with pytest.raises(DomainError, match="déjà"):
        services.propose(consultation, author=lucie, **GIVEN)
    services.propose(make_consultation(), author=lucie, **GIVEN)
    services.propose(consultation, author=lucie, title="Un autre parc", body=GIVEN["body"])


# --- Drafts ----------------------------------------------------------------------------------------------------------------------


def test_a_draft_is_one_row_and_one_version_however_often_it_is_saved():
    consultation, lucie = make_consultation(), make_person()
    for n in range(4):
        services.save_draft(consultation, author=lucie, title="", body="mot " * n)
    draft = queries.draft_of(lucie, consultation)
    assert (draft.state, draft.revision, draft.is_public) == (State.DRAFT, 1, False)
    revision = db.scalars(select(Revision).where(Revision.content_id == draft.id)).one()
    assert revision.fields["body_source"] == "mot mot mot"
    assert queries.draft_of(make_person(), consultation) is None
    assert queries.draft_of(Visitor(), consultation) is None


def test_the_draft_becomes_the_proposal():
    consultation, lucie = make_consultation(), make_person()
    draft = services.save_draft(consultation, author=lucie, title="Un p", body="On g")
    proposal = services.propose(consultation, author=lucie, **GIVEN)
    assert proposal.id == draft.id
    assert proposal.is_public
    assert proposal.revision == 1
    assert [revision.fields["title"] for revision in contents.revisions_of(proposal)] == ["Un parc"]
    assert queries.draft_of(lucie, consultation) is None


def test_a_draft_too_long_is_refused():
    with pytest.raises(DomainError) as refusal:
        services.save_draft(make_consultation(), author=make_person(), title="", body="o" * 20_001)
    assert refusal.value.field == "body"


# --- The gate, editing -------------------------------------------------------------------------------------------------------------


def test_what_the_gate_holds_waits(monkeypatch):
    monkeypatch.setattr(gate, "_gatekeepers", [lambda content, author: State.PENDING])
    consultation, lucie = make_consultation(), make_person()
    proposal = services.propose(consultation, author=lucie, **GIVEN)
    assert proposal.state == State.PENDING
    assert not proposal.is_public
    assert db.execute(queries.proposals_of(consultation, lucie)).all()[0][0] == proposal
    assert db.execute(queries.proposals_of(consultation, Visitor())).all() == []


def test_an_edit_makes_a_version_that_votes_do_not_follow():
    from app.comments.services import vote
    from app.contents.redactions import public_revisions

    proposal = make_proposal(title="Un parc", body="Trois murs.")
    vote(proposal, person=make_person(), value="agree")
    services.edit_proposal(proposal, by=proposal.author, seen=1, title="Un parc", body="Deux murs.")
    vote(proposal, person=make_person(), value="disagree")
    assert proposal.revision == 2
    assert queries.votes_by_revision(proposal) == {1: 1, 2: 1}
    assert [each.fields["body_source"] for each in public_revisions(proposal)] == ["Deux murs.", "Trois murs."]


def test_an_old_version_is_not_overwritten_and_the_same_text_is_no_version():
    proposal = make_proposal(title="Un parc", body="Un.")
    services.edit_proposal(proposal, by=proposal.author, seen=1, title=" Un parc", body="Un.")
    assert proposal.revision == 1
    services.edit_proposal(proposal, by=proposal.author, seen=1, title="Un parc", body="Deux.")
    with pytest.raises(Conflict):
        services.edit_proposal(proposal, by=proposal.author, seen=1, title="Un parc", body="Trois.")


def test_a_proposal_is_not_edited_after_the_end(at):
    proposal = make_proposal(make_consultation(opens_at=OPENS, closes_at=CLOSES))
    at(CLOSES)
    with pytest.raises(DomainError, match="clos"):
        services.edit_proposal(proposal, by=proposal.author, seen=1, title="Un parc", body="Deux.")


def test_a_withdrawn_proposal_takes_its_arguments_and_sources_with_it():
    from tests.participation import make_argument

    lucie = make_person()
    proposal = make_proposal(author=lucie)
    argument, source = make_argument(proposal), make_source(proposal)
    services.withdraw(proposal, by=lucie)
    assert not fresh(argument).is_public
    assert not fresh(source).is_public


def test_the_territory_puts_its_own_text_up_before_the_opening(at):
    consultation = make_consultation(opens_at=OPENS, closes_at=CLOSES)
    at(OPENS - timedelta(days=1))
    proposal = services.propose_officially(consultation, by=make_person(), byline="Tourcoing", **GIVEN)
    assert (proposal.is_official, proposal.voice, proposal.byline, proposal.is_public) == (True, "official", "Tourcoing", True)
    changes = db.scalars(select(StateChange).where(StateChange.content_id == proposal.id)).all()
    assert [(change.before, change.after) for change in changes] == [(State.DRAFT, State.PUBLISHED)]


# --- Sources -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" https://exemple.fr/a b", None),
        ("https://exemple.fr/é?q=1#x", "https://exemple.fr/é?q=1#x"),
        ("www.exemple.fr", "https://www.exemple.fr"),
    ],
)
def test_an_address_is_kept_as_it_was_typed_or_refused(typed, kept):
    if kept:
        assert services.web_address(typed) == kept
    else:
        with pytest.raises(DomainError):
            services.web_address(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "JaVaScRiPt://exemple.fr/%0aalert(1)",
        "data:text/html,x",
        "ftp://exemple.fr",
        "//exemple.fr",
        "https://",
        "http:///x",
        "",
        "http://[",
        "https://exemple.fr/" + "a" * 500,
    ],
)
def test_only_the_web_may_be_a_source(typed):
    with pytest.raises(DomainError) as refusal:
        services.add_source(make_proposal(), author=make_person(), title="Rapport", url=typed)
    assert refusal.value.field == "url"


def test_a_source_is_added_once_while_arguments_are_taken(at):
    proposal, marie = make_proposal(make_consultation(opens_at=OPENS, closes_at=CLOSES)), make_person()
    at(OPENS)
    source = services.add_source(proposal, author=marie, title="Rapport", url="https://exemple.fr", body="Le coût.", category="Rapport")
    assert queries.sources_of(proposal, Visitor()) == [source]
    with pytest.raises(DomainError, match="déjà"):
        services.add_source(proposal, author=marie, title="Rapport", url="https://exemple.fr", body="Le coût.")
    at(CLOSES)
    with pytest.raises(DomainError, match="clos"):
        services.add_source(proposal, author=marie, title="Autre", url="https://exemple.fr")


def test_a_source_without_a_word_of_body_is_fine():
    assert services.add_source(make_proposal(), author=make_person(), title="Loi", url="https://exemple.fr").is_public


# --- Sections ------------------------------------------------------------------------------------------------------------------------


def test_sections_have_keys_of_their_own_in_the_order_given():
    consultation = make_consultation()
    made = [services.add_section(consultation, title=title) for title in ("Nature et jardins", "Nature et jardins", "!!!")]
    assert [section.key for section in made] == ["nature-et-jardins", "nature-et-jardins-2", "rubrique"]
    services.edit_section(made[2], consultation, title="Sport", text="Bouger.", position=0)
    made[0].position = 1
    db.flush()
    assert queries.sections_of(consultation)[0].title == "Sport"


def test_a_section_with_proposals_is_not_removed():
    consultation = make_consultation()
    full, empty = make_section(consultation), make_section(consultation)
    make_proposal(consultation, section_id=full.id)
    services.remove_section(empty, consultation)
    with pytest.raises(DomainError, match="contient"):
        services.remove_section(full, consultation)
    with pytest.raises(DomainError):
        services.add_section(consultation, title=" ")
    with pytest.raises(DomainError):
        services.edit_section(full, consultation, title="\u200b", text="")


# --- Lists -----------------------------------------------------------------------------------------------------------------------------


def listed(consultation, **asked):
    return [proposal.id for proposal, _count in db.execute(queries.proposals_of(consultation, Visitor(), **asked))]


def test_proposals_are_sorted_as_asked():
    from app.contents.services import move_tally
    from tests.participation import make_argument

    consultation = make_consultation()
    make_proposal()
    a, b, c = (make_proposal(consultation) for _ in range(3))
    make_proposal(consultation, state=State.HIDDEN)
    for proposal, agree, disagree in ((a, 5, 4), (b, 9, 0), (c, 2, 3)):
        move_tally(proposal.id, "agreement", "agree", imported=agree)
        move_tally(proposal.id, "agreement", "disagree", cast=disagree)
    make_argument(c), make_argument(c), make_argument(a)
    assert listed(consultation) == [c.id, b.id, a.id]
    assert listed(consultation, sort="supported") == [b.id, a.id, c.id]
    assert listed(consultation, sort="divided") == [a.id, c.id, b.id]
    assert listed(consultation, sort="discussed") == [c.id, a.id, b.id]
    counts = {proposal.id: count for proposal, count in db.execute(queries.proposals_of(consultation, Visitor()))}
    assert counts == {a.id: 1, b.id: 0, c.id: 2}


def test_a_random_order_is_stable_for_its_seed_and_differs_between_seeds():
    consultation = make_consultation()
    ids = [make_proposal(consultation).id for _ in range(12)]
    orders = {seed: tuple(listed(consultation, sort="random", seed=seed)) for seed in range(1, 8)}
    assert all(sorted(order) == sorted(ids) for order in orders.values())
    assert tuple(listed(consultation, sort="random", seed=3)) == orders[3]
    assert len(set(orders.values())) == len(orders)
    assert len({order[0] for order in orders.values()}) > 2  # no proposal is always first


def test_sections_filter_and_count():
    consultation = make_consultation()
    nature, sport = make_section(consultation), make_section(consultation)
    kept = make_proposal(consultation, section_id=nature.id)
    (
        make_proposal(consultation, section_id=sport.id),
        make_proposal(consultation),
        make_proposal(consultation, section_id=nature.id, state=State.HIDDEN),
    )
    assert listed(consultation, section_id=nature.id) == [kept.id]
    assert queries.counts_by_section(consultation, Visitor()) == {nature.id: 1, sport.id: 1, None: 1}


def test_one_writes_one_proposal_at_a_time():
    consultation, lucie = make_consultation(), make_person()
    services.save_draft(consultation, author=lucie, title="A", body="a")
    services.save_draft(consultation, author=lucie, title="B", body="b")
    assert len(db.scalars(select(Proposal).where(Proposal.author_id == lucie.id)).all()) == 1
