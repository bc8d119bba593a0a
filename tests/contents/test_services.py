from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.contents import links, queries, services
from app.contents.models import Content, Phase, Revision, State, StateChange, Tally, Vote
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.projects.models import Project
from tests.factories import make_content, make_person, make_territory, restrict

PAST, FUTURE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)


def counts(content):
    return {row.value: row.cast for row in db.scalars(select(Tally).where(Tally.content_id == content.id)) if row.cast}


def test_a_vote_is_given_changed_and_withdrawn():
    project, marie = make_content(Project), make_person()
    make_content(Project)
    services.cast_vote(project, person=marie, value="agree")
    services.cast_vote(project, person=marie, value="agree")
    assert counts(project) == {"agree": 1}
    services.cast_vote(project, person=marie, value="disagree")
    assert counts(project) == {"disagree": 1}
    services.cast_vote(project, person=marie, value=None)
    services.cast_vote(project, person=marie, value=None)
    assert counts(project) == {}
    assert db.scalar(select(func.count(Vote.id))) == 0


def test_a_vote_that_is_not_on_the_scale_is_refused():
    with pytest.raises(DomainError, match="n’existe pas"):
        services.cast_vote(make_content(Project), person=make_person(), value="seventeen")


def test_a_vote_remembers_the_version_it_saw():
    project, marie = make_content(Project), make_person()
    services.edit(project, by=marie, title="Autre", body="Autre texte")
    services.cast_vote(project, person=marie, value="mixed")
    assert db.scalar(select(Vote.revision)) == 2


def test_figures_put_imported_totals_and_votes_together_and_say_how_many_came():
    project = make_content(Project)
    services.move_tally(project.id, "agreement", "agree", imported=1320)
    services.cast_vote(project, person=make_person(), value="agree")
    figures = queries.figures_of([project.id])[project.id]
    assert (figures.agree, figures.imported, figures.total) == (1321, 1320, 1321)


def test_an_edit_makes_a_revision_and_refuses_an_older_one():
    project, marie = make_content(Project, body="Un"), make_person()
    services.edit(project, by=marie, seen=1, title="Deux", body="Deux")
    with pytest.raises(Conflict, match="modifié"):
        services.edit(project, by=marie, seen=1, title="Trois", body="Trois")
    assert [revision.fields["body_source"] for revision in queries.revisions_of(project)] == ["Deux", "Un"]
    assert project.title == "Deux"


def test_every_state_has_a_line_in_the_table_and_others_are_refused():
    assert set(services.FOLLOWS) == set(State)
    project = make_content(Project, state=State.WITHDRAWN)
    with pytest.raises(DomainError):
        services.change_state(project, State.PUBLISHED)


def test_a_change_of_state_is_written_in_the_history():
    project, marie = make_content(Project, state=State.DRAFT), make_person()
    services.change_state(project, State.PUBLISHED, by=marie, reason="Prêt")
    restrict(project, by=marie, reason="À relire")
    history = db.scalars(select(StateChange).where(StateChange.content_id == project.id).order_by(StateChange.id)).all()
    assert [(step.before, step.after, step.reason, step.by_id) for step in history] == [
        (State.DRAFT, State.PUBLISHED, "Prêt", marie.id),
        (State.PUBLISHED, State.HIDDEN, "À relire", marie.id),
    ]


def test_hiding_something_hides_what_hangs_from_it_and_showing_it_shows_it_again():
    project = make_content(Project)
    child = make_content(Project, project_id=project.id)
    grandchild = make_content(Project, parent_id=child.id, project_id=project.id)
    refused = make_content(Project, parent_id=child.id, state=State.REFUSED)
    other = make_content(Project)
    restrict(project)
    assert [db.scalar(select(Content.is_public).where(Content.id == each.id)) for each in (project, child, grandchild, refused, other)] == [
        False,
        False,
        False,
        False,
        True,
    ]
    services.change_state(project, State.PUBLISHED)
    assert [db.scalar(select(Content.is_public).where(Content.id == each.id)) for each in (project, child, grandchild, refused)] == [
        True,
        True,
        True,
        False,
    ]


def test_replies_are_counted_while_they_are_public():
    parent = make_content(Project)
    reply = make_content(Project, parent_id=parent.id)
    make_content(Project, parent_id=parent.id, state=State.PENDING)
    count = select(Content.replies_count).where(Content.id == parent.id)
    assert db.scalar(count) == 1
    restrict(reply, State.REMOVED)
    assert db.scalar(count) == 0


def test_published_says_the_same_as_the_rule_public():
    from app.contents.rules import public

    for state in State:
        make_content(Project, state=state)
    shown = set(db.scalars(select(Content.id).where(queries.published())))
    for content in db.scalars(select(Content)):
        assert public(None, content) is (content.id in shown)


@pytest.mark.parametrize("who", ["visitor", "author", "moderator", "other_moderator", "curator", "citizen"])
def test_visible_to_says_the_same_as_the_rule(who):
    from app.accounts.sessions import Visitor
    from app.core.permissions import can

    here, there = make_territory(), make_territory()
    person = {
        "visitor": Visitor,
        "author": make_person,
        "citizen": make_person,
        "moderator": lambda: make_person(roles=[("moderator", here)]),
        "other_moderator": lambda: make_person(roles=[("moderator", there)]),
        "curator": lambda: make_person(roles=[("curator", None)]),
    }[who]()
    writer = person if who == "author" else make_person()
    for state in State:
        make_content(Project, territory=here, author=writer, state=state)
        make_content(Project, territory=None, state=state)
    shown = set(db.scalars(select(Content.id).where(queries.visible_to(person))))
    for content in db.scalars(select(Content)):
        assert can("content.read", content, person) is (content.id in shown), (content.state, content.territory_id)


@pytest.mark.parametrize(
    ("second", "allowed"),
    [(-1, False), (0, True), (9, True), (10, False)],
    ids=["before", "at the opening", "in the last second", "at the closing"],
)
def test_phases_are_half_open(at, second, allowed):
    start = datetime(2030, 6, 1, tzinfo=UTC)
    project = make_content(Project)
    services.set_phases(project, [Phase(name="Votre avis", opens_at=start, closes_at=start + timedelta(seconds=10), allows=["vote"])])
    at(start + timedelta(seconds=second))
    if allowed:
        assert services.require_open(project, "vote") == start + timedelta(seconds=second)
    else:
        with pytest.raises(DomainError):
            services.require_open(project, "vote")


def test_an_act_that_no_phase_allows_is_refused():
    project = make_content(Project)
    services.set_phases(project, [Phase(name="Lecture", opens_at=PAST, closes_at=FUTURE, allows=["vote"])])
    services.require_open(project, "vote")
    with pytest.raises(DomainError, match="pas proposé"):
        services.require_open(project, "propose")


def test_a_phase_that_ends_before_it_begins_is_refused():
    with pytest.raises(DomainError, match="après son début"):
        services.set_phases(make_content(Project), [Phase(name="X", opens_at=FUTURE, closes_at=PAST, allows=[])])


def test_the_same_link_twice_is_one():
    one, two = make_content(Project), make_content(Project)
    links.link(one, two, "inspired_by", author=None)
    links.link(one, two, "inspired_by", author=None)
    assert len(queries.links_of(one)) == 1
    assert queries.links_of(two)[0][2] is False
    with pytest.raises(DomainError):
        links.link(one, one, "follows", author=None)


def test_a_link_to_something_hidden_is_not_shown():
    one, two = make_content(Project), make_content(Project)
    links.link(one, two, "reuses", author=None)
    restrict(two)
    assert queries.links_of(one) == []


def test_what_is_added_has_its_first_revision():
    project = make_content(Project, state=State.DRAFT, body="Bonjour **vous**")
    assert db.scalars(select(Revision.fields).where(Revision.content_id == project.id)).one()["body_source"] == "Bonjour **vous**"
    assert project.body_html == "<p>Bonjour <strong>vous</strong></p>"


def test_taking_all_terms_away_queues_the_index():
    from app.core.outbox import OutboxJob

    services.ensure_vocabulary("theme", "Thèmes", {"eau": "Eau"})
    project = make_content(Project)
    services.set_terms(project, queries.terms_in("theme"))
    before = db.scalar(select(func.count(OutboxJob.id)).where(OutboxJob.topic == "search"))
    services.set_terms(project, [])
    assert queries.terms_of([project.id])[project.id] == {}
    assert db.scalar(select(func.count(OutboxJob.id)).where(OutboxJob.topic == "search")) == before + 1
