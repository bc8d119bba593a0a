from datetime import timedelta

import pytest
from sqlalchemy import select

from app.comments import queries, services
from app.comments.models import Argument, Side
from app.contents import queries as contents
from app.contents.models import Content, Revision, State, StateChange, Tally, Vote
from app.core.db import db
from app.core.errors import Conflict, DomainError
from tests.factories import make_person
from tests.participation import CLOSES, OPENS, fresh, make_argument, make_consultation, make_debate, make_proposal, make_reply


def test_a_citizen_gives_an_argument_with_a_title():
    debate, marie = make_debate(), make_person(name="Marie")
    services.post_argument(debate, author=marie, side="for", title="Le marché étouffe", body="Il serait **deux** fois plus grand.")
    page = queries.arguments_of(debate, marie)
    [argument] = page.items[Side.FOR]
    assert (argument.title, argument.byline, argument.state) == ("Le marché étouffe", "Marie", State.PUBLISHED)
    assert "<strong>deux</strong>" in argument.body_html
    assert (argument.space_id, argument.territory_id) == (debate.id, debate.territory_id)
    assert page.counts == {Side.FOR: 1, Side.AGAINST: 0}
    assert fresh(debate).replies_count == 1


def test_without_a_title_the_first_words_are_one():
    body = "Le parking est gratuit et à l’abri, et le libraire fait le tiers de sa semaine le samedi, il l’a dit. Autre phrase."
    argument = services.post_argument(make_debate(), author=make_person(), side="against", body=body)
    assert argument.title.startswith("Le parking est gratuit")
    assert len(argument.title) <= 90
    assert not argument.is_titled


def test_an_argument_about_a_proposal_lives_in_its_consultation():
    proposal = make_proposal()
    argument = services.post_argument(proposal, author=make_person(), side="for", body="Oui.")
    assert (argument.parent_id, argument.space_id) == (proposal.id, proposal.space_id)


@pytest.mark.parametrize(
    ("side", "title", "body", "field"),
    [
        ("for", "", "", "body"),
        ("for", "", "   \u200b\u200b ", "body"),
        ("for", "t" * 91, "Oui.", "title"),
        ("for", "\u200b", "Oui.", "title"),
        ("for", "", "o" * 20_001, "body"),
        ("for", "", "Un signe seul \ud800", "body"),
        ("sideways", "", "Oui.", "side"),
        ("", "", "Oui.", "side"),
    ],
)
def test_what_cannot_be_published_is_refused_beside_its_field(side, title, body, field):
    with pytest.raises(DomainError) as refusal:
        services.post_argument(make_debate(), author=make_person(), side=side, title=title, body=body)
    assert refusal.value.field == field
    assert len(refusal.value.message) > 15


def test_twenty_thousand_signs_are_still_an_argument():
    assert services.post_argument(make_debate(), author=make_person(), side="for", body="o " * 10_000).id


def test_the_same_text_is_given_once():
    debate, marie = make_debate(), make_person()
    services.post_argument(debate, author=marie, side="for", body="Oui.")
    with pytest.raises(DomainError) as refusal:
        services.post_argument(debate, author=marie, side="against", body=" Oui.\r\n")
    assert refusal.value.field == "body"
    services.post_argument(debate, author=make_person(), side="for", body="Oui.")  # somebody else may think the same
    services.post_argument(make_debate(), author=marie, side="for", body="Oui.")  # and she may, elsewhere


def test_a_text_taken_back_may_be_sent_again():
    debate, marie = make_debate(), make_person()
    services.withdraw(services.post_argument(debate, author=marie, side="for", body="Oui."), by=marie)
    assert services.post_argument(debate, author=marie, side="for", body="Oui.").is_public


@pytest.mark.parametrize(
    ("moment", "word"), [(OPENS - timedelta(seconds=1), "pas encore"), (CLOSES, "clos"), (CLOSES + timedelta(days=1), "clos")]
)
def test_outside_of_its_dates_a_debate_takes_nothing(at, moment, word):
    debate, argument = make_debate(opens_at=OPENS, closes_at=CLOSES), None
    at(OPENS)
    argument = services.post_argument(debate, author=make_person(), side="for", body="À l’heure.")
    at(moment)
    with pytest.raises(DomainError, match=word):
        services.post_argument(debate, author=make_person(), side="for", body="Oui.")
    with pytest.raises(DomainError, match=word):
        services.vote(argument, person=make_person(), value="agree")
    with pytest.raises(DomainError, match=word):
        services.reply(argument, author=make_person(), body="Oui.")


def test_the_last_instant_is_inside_and_dated_inside(at):
    debate = make_debate(opens_at=OPENS, closes_at=CLOSES)
    at(CLOSES - timedelta(microseconds=1))
    argument = services.post_argument(debate, author=make_person(), side="for", body="Oui.")
    assert OPENS <= argument.created_at < CLOSES


@pytest.mark.parametrize(("allowed", "act"), [("argue", "argue"), ("vote", "vote"), ("comment", "comment")])
def test_a_phase_allows_what_it_says_and_nothing_else(allowed, act):
    debate = make_debate(allows=[allowed])
    argument = make_argument(debate)
    acts = {
        "argue": lambda: services.post_argument(debate, author=make_person(), side="for", body="Oui."),
        "vote": lambda: services.vote(argument, person=make_person(), value="agree"),
        "comment": lambda: services.reply(argument, author=make_person(), body="Oui."),
    }
    acts.pop(act)()
    for refused in acts.values():
        with pytest.raises(DomainError, match="pas proposé"):
            refused()


def test_nothing_is_written_under_what_is_not_published():
    proposal = make_proposal(state=State.HIDDEN)
    with pytest.raises(DomainError, match="plus publié"):
        services.post_argument(proposal, author=make_person(), side="for", body="Oui.")
    with pytest.raises(DomainError, match="plus publié"):
        services.vote(proposal, person=make_person(), value="agree")


def test_a_consultation_itself_takes_neither_argument_nor_vote_nor_reply():
    consultation = make_consultation()
    with pytest.raises(DomainError):
        services.post_argument(consultation, author=make_person(), side="for", body="Oui.")
    with pytest.raises(DomainError):
        services.vote(consultation, person=make_person(), value="agree")
    with pytest.raises(DomainError):
        services.reply(consultation, author=make_person(), body="Oui.")


# --- Replies -----------------------------------------------------------------------------------------------------------------


def test_an_argument_is_replied_to_a_reply_is_not():
    argument = make_argument()
    reply = services.reply(argument, author=make_person(name="Josiane"), body="Seulement jusqu’à 14 heures.")
    assert queries.replies_of([argument.id], make_person())[argument.id] == [reply]
    assert reply.byline == "Josiane"
    with pytest.raises(DomainError, match="pas à une réponse"):
        services.reply(reply, author=make_person(), body="Si.")


def test_the_territory_replies_in_its_own_voice_even_after_the_end(at):
    debate = make_debate(opens_at=OPENS, closes_at=CLOSES)
    argument = make_argument(debate)
    at(CLOSES + timedelta(days=3))
    reply = services.reply(argument, author=make_person(name="Karim Benali"), body="Ces chiffres sont exacts.", voice="official")
    assert reply.voice == "official"
    assert reply.byline.startswith("Karim Benali, Commune")


def test_a_reply_counts_for_its_argument_and_leaves_with_it():
    marie = make_person()
    argument = make_argument(author=marie)
    reply = services.reply(argument, author=make_person(), body="Oui.")
    assert fresh(argument).replies_count == 1
    services.withdraw(argument, by=marie)
    assert not fresh(reply).is_public


# --- Editing, withdrawing ------------------------------------------------------------------------------------------------------


def test_an_edit_is_a_version_that_votes_do_not_follow():
    argument, jeanne = make_argument(body="Sept accidents."), make_person()
    services.vote(argument, person=jeanne, value="agree")
    services.edit_argument(argument, by=argument.author, seen=1, body="Huit accidents.", title="Les enfants traversent")
    assert (argument.revision, argument.title) == (2, "Les enfants traversent")
    assert [revision.fields["body_source"] for revision in contents.revisions_of(argument)] == ["Huit accidents.", "Sept accidents."]
    assert db.scalars(select(Vote.revision).where(Vote.content_id == argument.id)).all() == [1]
    assert contents.figures_of([argument.id])[argument.id].agree == 1


def test_an_edit_that_changes_nothing_is_no_version():
    argument = make_argument(body="Sept accidents.", title="Les enfants")
    services.edit_argument(argument, by=argument.author, seen=1, body="Sept accidents.\r\n", title=" Les enfants ")
    assert argument.revision == 1


def test_an_edit_of_an_older_version_is_a_conflict():
    argument = make_argument(body="Un.")
    services.edit_argument(argument, by=argument.author, seen=1, body="Deux.")
    with pytest.raises(Conflict):
        services.edit_argument(argument, by=argument.author, seen=1, body="Trois.")


def test_a_text_is_not_edited_after_the_end_nor_once_it_is_no_longer_published(at):
    debate = make_debate(opens_at=OPENS, closes_at=CLOSES)
    argument, hidden = make_argument(debate), make_argument(debate, state=State.HIDDEN)
    at(CLOSES)
    with pytest.raises(DomainError, match="clos"):
        services.edit_argument(argument, by=argument.author, seen=1, body="Autre.")
    at(OPENS)
    with pytest.raises(DomainError, match="plus publié"):
        services.edit_argument(hidden, by=hidden.author, seen=1, body="Autre.")


def test_a_reply_is_edited_too_and_not_into_one_already_sent():
    argument, marie = make_argument(), make_person()
    one, two = (services.reply(argument, author=marie, body=body) for body in ("Un.", "Deux."))
    services.edit_reply(one, by=marie, seen=1, body="Trois.")
    with pytest.raises(DomainError, match="déjà"):
        services.edit_reply(two, by=marie, seen=1, body="Trois.")


def test_withdrawing_is_written_in_the_history_and_is_for_good():
    argument = make_argument()
    services.withdraw(argument, by=argument.author)
    assert not argument.is_public
    assert [(change.before, change.after) for change in contents.history_of(argument)][-1] == (State.PUBLISHED, State.WITHDRAWN)
    assert queries.arguments_of(db.get(Content, argument.parent_id), argument.author).total == 0
    with pytest.raises(DomainError):
        services.vote(argument, person=make_person(), value="agree")


# --- Votes -----------------------------------------------------------------------------------------------------------------------


def test_a_vote_is_given_changed_and_taken_back():
    argument, jeanne = make_argument(), make_person()
    noise = make_argument(db.get(Content, argument.parent_id))
    services.vote(noise, person=jeanne, value="disagree")
    seen = []
    for value in ("agree", "agree", "mixed", None, None):
        services.vote(argument, person=jeanne, value=value)
        figures = contents.figures_of([argument.id])[argument.id]
        seen.append((figures.agree, figures.mixed, figures.disagree))
        assert contents.votes_of(jeanne, [argument.id]) == ({argument.id: value} if value else {})
    assert seen == [(1, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 0), (0, 0, 0)]


def test_an_opinion_that_does_not_exist_is_refused():
    with pytest.raises(DomainError):
        services.vote(make_argument(), person=make_person(), value="love")


def test_two_people_are_two_votes_and_the_count_is_that_of_the_rows():
    argument = make_argument()
    for value in ("agree", "agree", "disagree"):
        services.vote(argument, person=make_person(), value=value)
    counted = dict(db.execute(select(Tally.value, Tally.cast).where(Tally.content_id == argument.id)).all())
    assert counted == {"agree": 2, "disagree": 1}


# --- What an argument leaves behind ------------------------------------------------------------------------------------------------


def test_an_argument_has_its_first_version_and_its_history():
    argument = services.post_argument(make_debate(), author=make_person(), side="for", body="Oui.")
    revision = db.scalars(select(Revision).where(Revision.content_id == argument.id)).one()
    change = db.scalars(select(StateChange).where(StateChange.content_id == argument.id)).one()
    assert (revision.n, revision.fields["body_source"], revision.author_id) == (1, "Oui.", argument.author_id)
    assert (change.before, change.after, change.by_id) == (State.DRAFT, State.PUBLISHED, argument.author_id)


def test_hostile_text_is_kept_as_text():
    argument = services.post_argument(
        make_debate(), author=make_person(), side="for", title="<b>Oui</b>", body="<script>alert(1)</script>[x](javascript:alert(1))"
    )
    assert "<script" not in argument.body_html
    assert "javascript:" not in argument.body_html.replace("javascript:alert(1))", "")
    assert "href" not in argument.body_html
    assert argument.title == "<b>Oui</b>"  # escaped where it is shown


def test_the_model_keeps_to_two_sides():
    assert {side.value for side in Side} == {"for", "against"}
    assert Argument.__mapper_args__["polymorphic_identity"] == "argument"
    assert make_reply().kind == "comment"
