from datetime import timedelta

import pytest

from app.accounts.sessions import Visitor
from app.comments import queries, services
from app.comments.models import Side
from app.contents import services as contents
from app.contents.addresses import with_parents
from app.contents.models import State
from app.core import clock
from app.core.db import db
from tests.factories import make_person, restrict
from tests.participation import fresh, make_argument, make_debate, make_proposal, make_reply, make_source

HIDDEN_FROM_ALL = [State.DRAFT, State.HIDDEN, State.REMOVED, State.REFUSED, State.WITHDRAWN, State.ARCHIVED]


def ids(page, side="for"):
    return [argument.id for argument in page.items[Side(side)]]


def test_each_side_is_listed_and_counted_apart_from_other_debates():
    debate = make_debate()
    make_argument()
    one, two = make_argument(debate, side="for"), make_argument(debate, side="against")
    page = queries.arguments_of(debate, Visitor())
    assert (ids(page), ids(page, "against")) == ([one.id], [two.id])
    assert (page.total, page.pages) == (2, 1)


@pytest.mark.parametrize("state", HIDDEN_FROM_ALL)
def test_what_is_not_published_is_shown_to_nobody(state):
    debate = make_debate()
    argument = make_argument(debate, state=state)
    for viewer in (Visitor(), make_person(), argument.author):
        assert queries.arguments_of(debate, viewer).total == 0


def test_what_waits_is_shown_to_its_author_alone():
    debate = make_debate()
    waiting = make_argument(debate, state=State.PENDING)
    assert ids(queries.arguments_of(debate, waiting.author)) == [waiting.id]
    assert queries.arguments_of(debate, make_person()).total == queries.arguments_of(debate, Visitor()).total == 0


def test_pages_cut_both_columns_at_the_same_place_and_count_everything():
    debate = make_debate()
    pros = [make_argument(debate).id for _ in range(5)]
    make_argument(debate, side="against")
    page = queries.arguments_of(debate, Visitor(), number=2, per_side=2)
    assert ids(page) == [pros[2], pros[1]]
    assert ids(page, "against") == []
    assert (page.counts[Side.FOR], page.counts[Side.AGAINST], page.pages) == (5, 1, 3)
    beyond = queries.arguments_of(debate, Visitor(), number=9, per_side=2)
    assert (beyond.all, beyond.total) == ([], 6)


def test_the_most_supported_come_first_when_asked():
    debate = make_debate()
    first, second = make_argument(debate), make_argument(debate)
    contents.move_tally(first.id, "agreement", "agree", imported=3)
    contents.move_tally(second.id, "agreement", "disagree", imported=9)
    assert ids(queries.arguments_of(debate, Visitor(), sort="supported")) == [first.id, second.id]
    assert ids(queries.arguments_of(debate, Visitor())) == [second.id, first.id]


def test_the_page_that_holds_an_argument_is_found():
    debate = make_debate()
    made = [make_argument(debate).id for _ in range(5)]
    other = make_argument()
    found = [queries.page_holding(each, debate, Visitor(), per_side=2) for each in (*made, other.id)]
    assert found == [3, 2, 2, 1, 1, 1]


def test_replies_come_in_order_under_their_argument():
    argument = make_argument()
    make_reply()
    first, second = make_reply(argument), make_reply(argument)
    waiting = make_reply(argument, state=State.PENDING)
    assert queries.replies_of([argument.id], Visitor())[argument.id] == [first, second]
    assert queries.replies_of([argument.id], waiting.author)[argument.id][-1] == waiting


def test_figures_count_public_contributions_by_kind():
    proposal = make_proposal()
    make_argument(proposal), make_source(proposal), make_argument(proposal, state=State.HIDDEN)
    space_id = proposal.space_id
    assert queries.figures_in([space_id, 999])[space_id] == {"proposal": 1, "argument": 1, "source": 1}
    assert queries.figures_in([]) == {}


def test_parents_of_many_are_two_queries(count_queries):
    replies = [make_reply(make_argument(make_proposal())).id for _ in range(4)]
    db.expunge_all()
    loaded = [queries.get_said(each) for each in replies]
    db.expunge_all()
    for each in loaded:
        each.__dict__.pop("parent", None)
    count_queries.clear()
    with_parents(loaded)
    assert len(count_queries) == 2
    assert {each.parent.parent.kind for each in loaded} == {"proposal"}


def test_an_argument_that_was_hidden_is_back_with_its_replies_when_restored():
    argument = make_argument()
    reply = make_reply(argument)
    restrict(argument)
    assert queries.replies_of([argument.id], Visitor())[argument.id] == []
    contents.change_state(argument, State.PUBLISHED)
    assert fresh(reply).is_public


def test_a_longer_debate_costs_no_more_queries(count_queries):
    debate, viewer = make_debate(), make_person()

    def cost():
        db.expunge_all()
        count_queries.clear()
        page = queries.arguments_of(debate, viewer)
        queries.replies_of(page.ids, viewer)
        return len(count_queries)

    make_reply(make_argument(debate))
    one = cost()
    for _ in range(4):
        make_reply(make_argument(debate, side="against"))
    assert cost() == one == 2


def test_the_same_text_is_looked_for_at_the_same_place_only():
    argument = make_argument(body="Oui.")
    elsewhere = make_argument(body="Oui.", author=argument.author)
    assert not queries.has_said(argument.author, argument, body="Oui.")  # itself apart
    assert not queries.has_said(elsewhere.author, elsewhere, body="Oui.")
    assert services.says_something("…")
    assert not services.says_something("\u200b \u00ad")


def test_an_author_is_not_shown_twice_their_pending_text_next_to_others(at):
    debate, marie = make_debate(), make_person()
    at(clock.now() + timedelta(seconds=1))
    make_argument(debate, author=marie, state=State.PENDING)
    make_argument(debate)
    assert queries.arguments_of(debate, marie).counts[Side.FOR] == 2
