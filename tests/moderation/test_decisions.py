"""Each verdict: what it does to the text, what it writes, who is told and when, and how it is taken back."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.comments import services as comments
from app.comments.queries import get_said
from app.consultations.proposals.queries import get_source
from app.consultations.proposals.services import remove_section
from app.contents import redactions
from app.contents import services as contents
from app.contents.models import Content, Revision, State
from app.core import clock
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.core.mail import MailMessage
from app.core.outbox import OutboxJob
from app.moderation import queries, reports, services, telling
from app.moderation.desk import waiting
from app.moderation.desk.filters import Filters
from app.moderation.desk.places import Desk, get_place
from app.moderation.listeners import Unwarranted
from app.moderation.models import Cause, Decision, Ground, Message, Report, Route, Scope, Statement, Verdict
from app.notifications.models import Notification
from tests.factories import make_person, save
from tests.moderation.made import case_of, make_world, span
from tests.participation import fresh, make_consultation, make_debate, make_proposal, make_reply, make_section, make_source


@pytest.fixture
def world():
    return make_world()


def messages_to(person_id, template=None):
    query = select(Notification).where(Notification.person_id == person_id)
    return db.scalars(query.where(Notification.template == template) if template else query).all()


# --- Restricting -----------------------------------------------------------------------------------------------------------


def test_a_cut_text_stays_up_without_the_passage_and_its_statement_says_so(world):
    text = world.text(body="Le projet est bon. Appelez Josette au 06 39 98 55 12. Elle sait.")
    decision = world.decide(world.reported(text), Verdict.REDACT, spans=[span(text, "Josette au 06 39 98 55 12")])
    assert (text.state, text.is_public, text.restriction) == (State.PUBLISHED, True, "Injures")
    assert "06 39" not in text.body_html + text.body_source + text.summary
    statement = queries.statement_of(decision.id)
    assert (statement.scope, statement.ground, statement.was_reported, statement.is_decision_automated) == (
        Scope.CUT,
        Ground.CHARTER,
        True,
        False,
    )
    assert "article 2, « Injures »" in statement.rule
    told = messages_to(text.author_id, "decision_redact")[0]
    assert "06 39 98 55 12" in told.text  # its author keeps the original
    assert not case_of(text).is_open


def test_the_ground_is_the_law_when_the_article_applies_one(world):
    world.article.legal_ground = "loi du 29 juillet 1881, article 24"
    decision = world.decide(world.waiting(world.text(state=State.PENDING)), Verdict.REFUSE)
    statement = queries.statement_of(decision.id)
    assert (statement.ground, statement.scope) == (Ground.LAW, Scope.REFUSED)
    assert statement.rule.endswith("loi du 29 juillet 1881, article 24")


def test_a_precaution_leaves_the_case_open_to_be_decided(world):
    text = world.text()
    case = world.reported(text)
    world.decide(case, Verdict.HIDE)
    assert (text.state, text.restriction, case.is_open) == (State.HIDDEN, "Injures", True)
    world.decide(case, Verdict.KEEP, article=None)
    assert (text.state, text.restriction, case.is_open) == (State.PUBLISHED, "", False)


def test_keeping_a_cut_text_keeps_its_cuts_unless_they_are_lifted(world):
    text = world.text(body="Bon projet, dit Josette.")
    case = world.reported(text)
    world.decide(case, Verdict.REDACT, spans=[span(text, "Josette")])
    world.decide(world.reported(text), Verdict.KEEP, article=None)
    assert (text.body_source, text.restriction) == ("Bon projet, dit […].", "Injures")
    world.decide(world.reported(text), Verdict.KEEP, article=None, lift=True)
    assert (text.body_source, text.restriction) == ("Bon projet, dit Josette.", "")


def test_a_contribution_moves_with_its_votes_and_what_answers_it(world):
    here, there = make_debate(territory=world.place), make_debate(territory=world.place, title="Le bon débat")
    text = world.text(here)
    answer = make_reply(text)
    contents.cast_vote(text, person=make_person(), value="agree")
    decision = world.decide(world.reported(text), Verdict.MOVE, article=None, destination=there)
    assert (text.space_id, text.parent_id, fresh(answer).space_id, text.is_public) == (there.id, there.id, there.id, True)
    assert contents.queries.figures_of([text.id])[text.id].agree == 1
    assert (fresh(here).replies_count, fresh(there).replies_count) == (0, 1)
    assert queries.statement_of(decision.id) is None
    assert "Le bon débat" in messages_to(text.author_id, "decision_move")[0].text
    services.undo(decision, by=world.agent)
    assert (text.space_id, text.parent_id, fresh(answer).space_id) == (here.id, here.id, here.id)
    assert (fresh(here).replies_count, fresh(there).replies_count) == (1, 0)


def test_a_proposal_moves_to_the_section_of_the_same_name(world):
    here, there = make_consultation(territory=world.place), make_consultation(territory=world.place)
    one, other = make_section(here, title="Nature"), make_section(there, title="Nature")
    proposal = make_proposal(here, section_id=one.id)
    world.decide(world.reported(proposal), Verdict.MOVE, article=None, destination=there)
    assert fresh(proposal).section_id == other.id


def test_a_text_only_moves_to_an_open_activity_of_its_territory_that_takes_it(world):
    case_id, place_id = world.reported(world.text()).id, world.place.id
    closed = make_debate(territory=world.place, closes_at=clock.now() - timedelta(hours=1))
    for where in (None, closed, make_debate(), make_consultation(territory=world.place)):
        with pytest.raises(DomainError, match="activité ouverte"), db.begin_nested():
            world.decide(queries.get_case(case_id), Verdict.MOVE, article=None, destination=where, seen=1)
    reply = world.waiting(make_reply(territory_id=place_id), Cause.REPORT)
    with pytest.raises(DomainError, match="activité ouverte"):
        world.decide(reply, Verdict.MOVE, article=None, destination=make_debate())


@pytest.mark.parametrize("other", ["Un autre titre", "Circulation"])
def test_a_proposal_whose_move_is_undone_is_back_in_its_section(world, other):
    """Red before: the section of the same name was looked for on the way back too, and the other activity had none, or another."""
    here, there = (make_consultation(territory=world.place, title=title) for title in ("Ici", "Là"))
    section, _noise = make_section(here, title="Circulation"), make_section(here, title="Circulation")
    elsewhere = make_section(there, title=other)
    proposal = make_proposal(here, section_id=section.id)
    decision = world.decide(world.reported(proposal), Verdict.MOVE, article=None, destination=there)
    assert (proposal.space_id, proposal.section_id) == (there.id, elsewhere.id if other == "Circulation" else None)
    services.undo(decision, by=world.agent)
    assert (proposal.space_id, proposal.section_id) == (here.id, section.id)


def test_a_section_that_is_gone_is_not_given_back(world):
    here, there = (make_consultation(territory=world.place, title=title) for title in ("Ici", "Là"))
    section = make_section(here, title="Circulation")
    proposal = make_proposal(here, section_id=section.id)
    decision = world.decide(world.reported(proposal), Verdict.MOVE, article=None, destination=there)
    remove_section(section, here)
    services.undo(decision, by=world.agent)
    assert (proposal.space_id, proposal.section_id) == (here.id, None)


def test_words_of_a_text_that_is_already_removed_are_erased_too(world, at, run_worker):
    text = world.text(body="Un secret.")
    before = world.decide(world.reported(text), Verdict.REFUSE).at
    at(clock.from_now(days=40))
    case, text_id = case_of(text), text.id
    erased = world.decide(case, Verdict.ERASE, route=Route.ERASURE, by=world.manager)
    assert (erased.before, erased.opened_at > before) == (State.REMOVED, True), "it did not wait forty days: it was taken up now"
    db.commit()
    at(clock.from_now(minutes=1))
    run_worker(services.ERASING)
    assert "secret" not in str(db.scalars(select(Revision.fields).where(Revision.content_id == text_id)).all())


def test_cuts_are_lifted_once_decided_and_their_author_is_told(world):
    text = world.text(body="Bon projet, dit Josette.")
    world.decide(world.reported(text), Verdict.REDACT, spans=[span(text, "Josette")])
    lifted = world.decide(case_of(text), Verdict.KEEP, article=None, lift=True)
    assert (text.body_source, text.restriction) == ("Bon projet, dit Josette.", "")
    assert len(messages_to(text.author_id, "decision_keep")) == 1
    with pytest.raises(DomainError, match="Rien n’est coupé"):
        world.decide(case_of(text), Verdict.KEEP, article=None, lift=True)
    services.undo(lifted, by=world.agent)
    assert (text.body_source, text.restriction) == ("Bon projet, dit […].", "Injures")
    assert messages_to(text.author_id, "decision_keep") == []


def test_what_is_decided_is_not_decided_again_without_that_door(world):
    text = world.text()
    world.decide(world.reported(text), Verdict.KEEP, article=None)
    with pytest.raises(Conflict):
        world.decide(case_of(text), Verdict.REFUSE)


def test_erasing_removes_at_once_and_destroys_the_words_once_nobody_can_undo(world, at, run_worker):
    source = make_source(title="Un nom secret", body="Des mots secrets.", url="https://secret.example/nom")
    world.article.territory_id = source.territory_id
    author_id, source_id = source.author_id, source.id
    decision_id = world.decide(world.reported(source), Verdict.ERASE, route=Route.ERASURE, by=world.manager).id
    db.commit()
    run_worker(services.ERASING)
    source = get_source(source_id)
    assert source.state == State.REMOVED
    assert "secrets" in source.body_source  # thirty seconds to think again
    at(clock.from_now(seconds=40))
    run_worker(services.ERASING)
    kept, source = "".join(map(str, db.scalars(select(Revision.fields)).all())), get_source(source_id)
    assert "secret" not in kept + source.title + source.body_source + source.url
    assert all("secret" not in each.text + each.title for each in messages_to(author_id))
    services.erase_words([str(decision_id)])  # twice is once


def test_the_words_of_a_sheet_are_not_erased_from_the_desk(world):
    from app.initiatives.models import Tool
    from tests.factories import make_content

    tool = make_content(Tool, territory=world.place, author=make_person(), summary="Un outil")
    with pytest.raises(DomainError, match="ne s’effacent pas"):
        world.decide(world.reported(tool), Verdict.ERASE, route=Route.ERASURE)


@pytest.mark.parametrize(("verdict", "route"), [(Verdict.HOLD, Route.DESK), (Verdict.ERASE, Route.DESK), (Verdict.REFUSE, Route.ERASURE)])
def test_some_verdicts_have_a_door_of_their_own(world, verdict, route):
    with pytest.raises(DomainError, match="ne se prend pas d’ici"):
        world.decide(world.reported(world.text()), verdict, route=route)


# --- Taking back -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.KEEP, State.PENDING),
        (Verdict.REFUSE, State.PENDING),
        (Verdict.REDACT, State.PENDING),
        (Verdict.REFUSE, State.PUBLISHED),
        (Verdict.HIDE, State.PUBLISHED),
        (Verdict.REDACT, State.PUBLISHED),
    ],
)
def test_undoing_leaves_the_text_the_case_and_the_people_as_before(world, verdict, state, at, run_worker):
    text = world.text(state=state, body="Bon projet, dit Josette.")
    case = world.waiting(text)
    opened = case.opened_at
    reporter_id, author_id = make_person().id, text.author_id
    save(Report(content_id=text.id, person_id=reporter_id, article_id=world.article.id, confirmed_at=clock.now()))
    before = (text.title, text.body_source, text.is_public, text.published_at, text.restriction)
    sealed = [each.n for each in redactions.public_revisions(text)]
    at(clock.from_now(minutes=3))
    decision = world.decide(case, verdict, spans=[span(text, "Josette")] if verdict == Verdict.REDACT else ())
    at(clock.from_now(seconds=29))
    services.undo(decision, by=world.agent)
    assert text.state == state
    assert (text.title, text.body_source, text.is_public, text.published_at, text.restriction) == before
    assert [each.n for each in redactions.public_revisions(text)] == sealed
    again = case_of(text)
    assert (again.is_open, again.opened_at, again.decided_at) == (True, opened, None)
    assert decision.undone_at is not None
    db.commit()
    at(clock.from_now(minutes=5))
    run_worker()
    assert messages_to(author_id) == messages_to(reporter_id) == []
    assert db.scalar(select(func.count(MailMessage.id)).where(MailMessage.sent_at.is_not(None))) == 0
    assert db.scalar(select(func.count(Statement.id))) == (verdict != Verdict.KEEP)  # void with its decision, but kept


@pytest.mark.parametrize(("verdict", "is_reported_again"), [(Verdict.KEEP, False), (Verdict.KEEP, True), (Verdict.ERASE, False)])
def test_undoing_what_a_decided_case_was_taken_up_for_leaves_it_decided(world, at, verdict, is_reported_again):
    """Red before: the case came into the queue, where nobody had put it, and its former date was lost."""
    text = world.text(body="Bon projet, dit Josette.")
    former = world.decide(world.reported(text), Verdict.REDACT, spans=[span(text, "Josette")])
    case = case_of(text)
    opened, decided = case.opened_at, former.at
    at(clock.from_now(days=3))
    given = {"lift": True, "article": None} if verdict == Verdict.KEEP else {"route": Route.ERASURE, "by": world.manager}
    decision = world.decide(case, verdict, **given)
    at(clock.from_now(seconds=5))
    if is_reported_again:
        world.reported(text)
    at(clock.from_now(seconds=5))
    services.undo(decision, by=world.manager)
    case = case_of(text)
    since = decision.opened_at if is_reported_again else opened
    assert (case.is_open, case.opened_at, case.decided_at) == (is_reported_again, since, decided)
    assert (text.body_source, text.restriction) == ("Bon projet, dit […].", "Injures")


def test_after_thirty_seconds_a_decision_is_gone(world, at):
    decision = world.decide(world.reported(world.text()), Verdict.REFUSE)
    at(decision.at + timedelta(seconds=services.UNDO_SECONDS))
    with pytest.raises(DomainError, match="trente secondes"):
        services.undo(decision, by=world.agent)


def test_only_the_last_decision_is_undone_and_once(world):
    text = world.text()
    case = world.reported(text)
    first = world.decide(case, Verdict.HIDE)
    second = world.decide(case, Verdict.REFUSE)
    with pytest.raises(Conflict):
        services.undo(first, by=world.agent)
    services.undo(second, by=world.agent)
    assert (text.state, text.restriction) == (State.HIDDEN, "Injures")
    with pytest.raises(Conflict):
        services.undo(second, by=world.agent)


def test_an_answer_to_an_appeal_is_not_undone(world):
    text = world.text()
    case = world.reported(text)
    world.decide(case, Verdict.REFUSE)
    with pytest.raises(DomainError, match="recours"):
        services.undo(world.decide(case_of(text), Verdict.KEEP, article=None, route=Route.APPEAL), by=world.agent)


# --- Older versions --------------------------------------------------------------------------------------------------------


def cut_at_its_third_version(world):
    """A proposal that said « Josette » in each of its versions, cut: the decision sealed the first two."""
    text = make_proposal(make_consultation(territory=world.place), title="Un banc", body="Devant chez Josette, un banc.")
    for n in (2, 3):
        contents.edit(text, by=text.author, title="Un banc", body=f"Devant chez Josette, {n} bancs.")
    world.decide(world.reported(text), Verdict.REDACT, spans=[span(text, "Josette")])
    return text


def versions_shown(client, text):
    """What a visitor reads at the address of each version: its status, and whether the cut words stand there."""
    path = f"/propositions/{text.id}/versions"
    db.commit()
    pages = [client.get(path, query_string={"version": n}) for n in (1, 2, 3)]
    return [(page.status_code, "Josette" in page.text) for page in pages]


ONLY_THE_CUT_ONE = [(404, False), (404, False), (200, False)]


def test_cuts_put_back_by_an_undo_close_the_older_versions_again(world, client):
    """Red before: the cut came back on the third version only, and any visitor read the words in the first two."""
    text = cut_at_its_third_version(world)
    lifted = world.decide(case_of(text), Verdict.KEEP, article=None, lift=True)
    assert [each.n for each in redactions.public_revisions(text)] == [3, 2, 1]
    services.undo(lifted, by=world.agent)
    assert versions_shown(client, text) == ONLY_THE_CUT_ONE


def test_an_undo_leaves_the_older_versions_as_easily_shown_again(world, client):
    text = cut_at_its_third_version(world)
    services.undo(world.decide(case_of(text), Verdict.KEEP, article=None, lift=True), by=world.agent)
    world.decide(case_of(text), Verdict.KEEP, article=None, lift=True)
    assert versions_shown(client, text) == [(200, True), (200, True), (200, True)]


@pytest.mark.parametrize("verdict", [Verdict.KEEP, Verdict.MOVE])
@pytest.mark.parametrize("is_undone", [False, True])
def test_while_cuts_stand_the_older_versions_stay_closed(world, client, verdict, is_undone):
    """Red before: reported again and kept as it was, or moved, the text showed its words in the first two versions."""
    text = cut_at_its_third_version(world)
    there = make_consultation(territory=world.place)
    decision = world.decide(world.reported(text), verdict, article=None, destination=there if verdict == Verdict.MOVE else None)
    if is_undone:
        services.undo(decision, by=world.agent)
    assert versions_shown(client, text) == ONLY_THE_CUT_ONE


def test_cuts_that_are_lifted_after_the_text_was_hidden_and_kept_open_all_that_they_had_closed(world, client, at):
    """Red before: what was closed with the hiding alone came back, and the older versions stayed closed for ever."""
    text = cut_at_its_third_version(world)
    at(clock.from_now(minutes=1))
    world.decide(world.reported(text), Verdict.HIDE)
    at(clock.from_now(minutes=1))
    world.decide(case_of(text), Verdict.KEEP, article=None)
    assert versions_shown(client, text) == ONLY_THE_CUT_ONE
    at(clock.from_now(minutes=1))
    world.decide(case_of(text), Verdict.KEEP, article=None, lift=True)
    assert versions_shown(client, text) == [(200, True), (200, True), (200, True)]


# --- Appeals ---------------------------------------------------------------------------------------------------------------


def test_an_upheld_appeal_restores_the_whole_text_its_versions_and_its_place(world):
    here, there = make_debate(territory=world.place), make_debate(territory=world.place)
    text = world.text(here, body="Première version.")
    contents.edit(text, by=None, title="T", body="Bon projet, dit Josette.")
    world.decide(world.reported(text), Verdict.REFUSE)
    assert redactions.public_revisions(text) == []
    world.decide(case_of(text), Verdict.KEEP, article=None, route=Route.APPEAL)
    assert (text.state, [each.n for each in redactions.public_revisions(text)]) == (State.PUBLISHED, [2, 1])
    world.decide(world.reported(text), Verdict.REDACT, spans=[span(text, "Josette")])
    world.decide(case_of(text), Verdict.KEEP, article=None, route=Route.APPEAL)
    assert text.body_source == "Bon projet, dit Josette."
    world.decide(world.reported(text), Verdict.MOVE, article=None, destination=there)
    world.decide(case_of(text), Verdict.KEEP, article=None, route=Route.APPEAL)
    assert text.space_id == here.id


# --- Edits -----------------------------------------------------------------------------------------------------------------


def test_an_edit_of_a_cut_text_waits_to_be_read_and_its_statement_says_that_a_machine_did_it(world):
    text = world.text(body="Bon projet, dit Josette.")
    world.decide(world.reported(text), Verdict.REDACT, spans=[span(text, "Josette")])
    contents.edit(text, by=fresh_person(text), title="T", body="Josette, toujours Josette.")
    assert (text.state, text.is_public, case_of(text).is_open) == (State.PENDING, False, True)
    held = queries.last_decision(case_of(text).id)
    statement = queries.statement_of(held.id)
    assert (held.verdict, held.route, held.is_automated, held.by_id) == (Verdict.HOLD, Route.EDIT, True, None)
    assert (statement.scope, statement.is_decision_automated, statement.ends_at) == (Scope.HELD, True, None)
    assert "automatiquement" in messages_to(text.author_id, "decision_hold")[0].text
    world.decide(case_of(text), Verdict.KEEP, article=None)
    assert [each.fields["body_source"] for each in redactions.public_revisions(text)] == [
        "Josette, toujours Josette.",
        "Bon projet, dit […].",
    ]


def fresh_person(content):
    from app.accounts.models import Person

    return db.get(Person, content.author_id)


def test_the_author_of_a_cut_text_edits_what_they_wrote_and_the_same_text_is_no_version(world, client):
    text = world.text(title="Un titre", body="Bon projet, dit Josette.")
    world.decide(world.reported(text), Verdict.REDACT, spans=[span(text, "Josette")])
    comments.edit_argument(text, by=text.author, seen=1, title="Un titre", body="Bon projet, dit Josette.")
    assert (text.revision, text.state) == (1, State.PUBLISHED)
    db.commit()
    client.log_in(text.author)
    assert "Bon projet, dit Josette." in client.get(f"/contributions/{text.id}/modifier").text


def test_an_edit_of_a_text_whose_cuts_were_put_back_is_shown_at_once(world):
    """Red before: it waited to be read, as if the team had not said that it was wrong to cut it."""
    text = world.text(body="Bon projet, dit Josette.")
    world.decide(world.reported(text), Verdict.REDACT, spans=[span(text, "Josette")])
    world.decide(case_of(text), Verdict.KEEP, article=None, lift=True)
    contents.edit(text, by=fresh_person(text), title="T", body="Bon projet, dit toujours Josette.")
    assert text.state == State.PUBLISHED
    world.decide(case_of(text), Verdict.REDACT, spans=[span(text, "Josette")])
    contents.edit(text, by=fresh_person(text), title="T", body="Josette !")
    assert text.state == State.PENDING, "cut again, it waits again"


def test_an_edit_of_a_text_that_was_kept_reopens_its_case_only_when_it_had_been_reported(world):
    kept = world.text()
    world.decide(world.reported(kept), Verdict.KEEP, article=None)
    contents.edit(kept, by=kept.author, title="T", body="Autre chose.")
    assert (kept.state, case_of(kept).is_open, case_of(kept).cause) == (State.PUBLISHED, True, "edit")
    read = world.text(state=State.PENDING)
    world.decide(world.waiting(read), Verdict.KEEP, article=None)
    contents.edit(read, by=read.author, title="T", body="Autre chose.")
    assert (read.state, case_of(read).is_open) == (State.PUBLISHED, False)


def test_an_edit_while_it_is_read_makes_the_decision_a_conflict(world):
    text = world.text(state=State.PENDING)
    case = world.waiting(text)
    seen = case.version
    contents.edit(text, by=text.author, title="T", body="Autre chose.")
    with pytest.raises(Conflict, match="a changé pendant"):
        world.decide(queries.get_case(case.id), Verdict.KEEP, article=None, seen=seen)


def test_what_was_decided_before_the_case_reopened_is_no_news(world, at):
    """Red before: whoever was overtaken by a report was told that the case « a été décidé », by the decision of another month."""
    text = world.text()
    world.decide(world.reported(text), Verdict.KEEP, article=None)
    at(clock.now() + timedelta(days=30))
    seen = world.reported(text).version
    world.reported(text)
    with pytest.raises(Conflict, match="a changé pendant"):
        world.decide(case_of(text), Verdict.KEEP, article=None, seen=seen)


# --- Corrections -----------------------------------------------------------------------------------------------------------


def test_a_correction_is_asked_answered_and_moves_the_version(world):
    text = world.text(state=State.PENDING)
    case = world.waiting(text)
    seen = case.version
    services.ask_for_correction(case, by=world.agent, text="Retirez le nom.", seen=seen)
    assert case.version == seen + 1
    with pytest.raises(Conflict, match="a changé pendant"):
        services.ask_for_correction(case, by=world.manager, text="Enlevez le nom.", seen=seen)  # asked a moment ago by another
    assert "Retirez le nom." in messages_to(text.author_id, "correction_asked")[0].text
    services.answer_correction(case, by=text.author, text="C’est fait.")
    assert "C’est fait." in messages_to(world.agent.id, "correction_answered")[0].text
    assert [(each.text, each.is_from_author) for each in queries.messages_of(case.id)] == [
        ("Retirez le nom.", False),
        ("C’est fait.", True),
    ]
    with pytest.raises(DomainError, match="Écrivez"):
        services.answer_correction(case, by=text.author, text="  ")
    world.decide(case, Verdict.KEEP, article=None)
    with pytest.raises(DomainError, match="déjà décidé"):
        services.answer_correction(case, by=text.author, text="Encore.")
    with pytest.raises(Conflict):
        services.ask_for_correction(case, by=world.agent, text="Encore.", seen=case.version)
    assert db.scalar(select(func.count(Message.id))) == 2


def test_nobody_is_asked_to_correct_a_text_without_an_author(world):
    text = world.text(state=State.PENDING)
    text.author_id = None
    with pytest.raises(DomainError, match="plus d’auteur"):
        services.ask_for_correction(world.waiting(text), by=world.agent, text="Retirez le nom.", seen=case_of(text).version)
    decision = world.decide(case_of(text), Verdict.REFUSE)  # nobody to tell, and yet a statement
    assert queries.statement_of(decision.id).person_id is None


# --- Reporters -------------------------------------------------------------------------------------------------------------


def test_reporters_are_told_the_outcome_once_when_nobody_can_undo_it(world, at, run_worker):
    text, reporter = world.text(body="Bon projet, dit Josette."), make_person()
    reporter_id = reporter.id
    world.reported(text, reporter)
    save(Report(content_id=text.id, visitor_name="Odette", visitor_email="odette@example.org", confirmed_at=clock.now()))
    save(Report(content_id=text.id, visitor_name="Paul", visitor_email="paul@example.org"))
    world.decide(case_of(text), Verdict.HIDE)
    decision_id = world.decide(case_of(text), Verdict.REDACT, spans=[span(text, "Josette")]).id
    db.commit()
    run_worker(telling.REPORTERS)
    assert messages_to(reporter_id) == []
    at(clock.from_now(seconds=40))
    run_worker(telling.REPORTERS)
    told = messages_to(reporter_id, "report_outcome")
    assert len(told) == 1
    assert "coupé un passage" in told[0].text
    assert "Josette" not in told[0].text
    letters = db.scalars(select(MailMessage).where(MailMessage.template == "report_outcome")).all()
    assert sorted(each.to_address for each in letters if "example.org" in each.to_address and each.person_id is None) == [
        "odette@example.org"
    ]
    assert all(letter.context["decision_id"] == decision_id for letter in letters)
    telling.tell_reporters([str(decision_id)])  # twice is once
    assert len(messages_to(reporter_id, "report_outcome")) == 1


def test_a_reporter_who_closed_their_account_is_not_written_to(world, at, run_worker):
    text, reporter = world.text(), make_person()
    world.decide(world.reported(text, reporter), Verdict.KEEP, article=None)
    reporter_id, reporter.closed_at = reporter.id, clock.now()
    db.commit()
    at(clock.from_now(minutes=2))
    run_worker(telling.REPORTERS)
    assert messages_to(reporter_id) == []


# --- Enough reports --------------------------------------------------------------------------------------------------------


def masking(world, threshold):
    from app.moderation import regimes

    regimes.set_regime(world.place, by=world.manager, regime="a_posteriori", target_hours=24, mask_threshold=threshold)


def test_enough_reports_hide_a_text_until_somebody_reads_it(world):
    masking(world, 3)
    text = world.text()
    world.reported(text, make_person(), make_person())
    assert text.state == State.PUBLISHED
    case = world.reported(text)
    hidden = queries.last_decision(case.id)
    statement = queries.statement_of(hidden.id)
    assert (text.state, case.is_open, hidden.route, hidden.by_id) == (State.HIDDEN, True, Route.THRESHOLD, None)
    assert (statement.scope, statement.is_decision_automated, statement.was_reported) == (Scope.HIDDEN, True, True)
    earlier = world.waiting(world.text(state=State.PENDING))
    here = Desk((get_place(world.place.slug),))
    assert [row.case.id for row in waiting.queue(here, Filters(), world.agent).rows] == [case.id, earlier.id]  # the hidden one on top


def test_without_a_threshold_no_number_of_reports_hides_anything(world):
    text = world.text()
    world.reported(text, *(make_person() for _ in range(6)))
    assert text.state == State.PUBLISHED


def test_a_person_weighs_once_also_as_a_visitor(world):
    masking(world, 2)
    text, marie = world.text(), make_person(email="marie@example.org")
    world.reported(text, marie)
    visitor = save(
        Report(content_id=text.id, article_id=world.article.id, visitor_email="marie@example.org", token_hash=reports.hashed("a"))
    )
    reports.confirm_report("a")
    assert visitor.confirmed_at is not None
    assert text.state == State.PUBLISHED
    save(Report(content_id=text.id, article_id=world.article.id, visitor_email="other@example.org", token_hash=reports.hashed("b")))
    reports.confirm_report("b")
    assert fresh(text).state == State.HIDDEN


def test_reports_already_judged_weigh_no_more(world):
    masking(world, 2)
    text = world.text()
    world.decide(world.reported(text), Verdict.KEEP, article=None)
    world.reported(text)
    assert text.state == State.PUBLISHED
    world.reported(text)
    assert text.state == State.HIDDEN


def test_a_machine_hides_nothing_when_nobody_says_which_rule_is_broken(world):
    masking(world, 2)
    text = world.text()
    for _ in range(3):
        reports.report(text, person=make_person(), article=None, message="Non.")
    assert text.state == State.PUBLISHED


# --- One door --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [State.HIDDEN, State.REMOVED, State.REFUSED])
def test_o02_nothing_restricts_a_text_without_a_decision(world, after):
    """O02. Seen red (no exception, no statement) without the listener `refuse_unwarranted`."""
    text, other = world.text(state=State.PENDING if after == State.REFUSED else State.PUBLISHED), world.text()
    other_id = other.id
    with services.warrant(other, after), pytest.raises(Unwarranted), db.begin_nested():
        contents.change_state(text, after)
    assert db.scalar(select(func.count(Content.id)).where(Content.state == after)) == 0
    with pytest.raises(Unwarranted):
        contents.change_state(get_said(other_id), after, is_undone=True)


def test_o02_every_route_to_every_restriction_yields_exactly_one_statement(world, at):
    """O02. A new route, or a new restrictive verdict, fails here until it is listed."""
    from app.moderation.models import RESTRICTIVE
    from app.moderation.services import AFTER

    reached = set()

    def check(decision):
        assert db.scalar(select(func.count(Statement.id)).where(Statement.decision_id == decision.id)) == 1
        statement = queries.statement_of(decision.id)
        assert all((statement.rule, statement.facts, statement.redress, statement.person_id))
        reached.add((decision.route, decision.verdict))

    for route in (Route.DESK, Route.BATCH, Route.API, Route.SANCTION, Route.APPEAL):
        for verdict in (Verdict.REDACT, Verdict.HIDE, Verdict.REFUSE):
            for state in AFTER[verdict]:
                text = world.text(state=state, body="Bon projet, dit Josette.")
                spans = [span(text, "Josette")] if verdict == Verdict.REDACT else ()
                check(world.decide(world.waiting(text), verdict, route=route, spans=spans, batch="lot" if route == Route.BATCH else None))
    for state in AFTER[Verdict.ERASE]:
        check(world.decide(world.waiting(world.text(state=state)), Verdict.ERASE, route=Route.ERASURE, by=world.manager))
    masking(world, 2)
    masked = world.text()
    world.reported(masked, make_person(), make_person())
    check(queries.last_decision(case_of(masked).id))
    edited = world.text(body="Bon projet, dit Josette.")
    world.decide(world.reported(edited), Verdict.REDACT, spans=[span(edited, "Josette")])
    contents.edit(edited, by=edited.author, title="T", body="Autre.")
    check(queries.last_decision(case_of(edited).id))
    people_decide = {(route, verdict) for route in (Route.DESK, Route.BATCH, Route.API, Route.SANCTION, Route.APPEAL) for verdict in (Verdict.REDACT, Verdict.HIDE, Verdict.REFUSE)}  # fmt: skip
    assert reached == people_decide | {(Route.ERASURE, Verdict.ERASE), (Route.THRESHOLD, Verdict.HIDE), (Route.EDIT, Verdict.HOLD)}
    assert {route for route, _verdict in reached} == set(Route)
    assert {verdict for _route, verdict in reached} == RESTRICTIVE
    decisions = db.scalar(select(func.count(Decision.id)).where(Decision.verdict.in_(RESTRICTIVE)))
    assert decisions == db.scalar(select(func.count(Statement.id)))


def test_the_letter_waits_longer_than_the_undoing(world):
    decision = world.decide(world.reported(world.text()), Verdict.REFUSE)
    due = db.scalars(select(OutboxJob.due_at).where(OutboxJob.topic.in_(("mail", telling.REPORTERS)))).all()
    assert due
    assert all(each > decision.at + timedelta(seconds=services.UNDO_SECONDS) for each in due)
