"""The queue: its order, its filters, its counts; the same for lists and for the case that comes next."""

import pytest

from app.comments.models import Argument
from app.contents import services as contents
from app.contents.models import Phase
from app.core import clock
from app.core.db import db
from app.debates.models import Debate
from app.moderation.desk import queries, services, waiting
from app.moderation.desk.filters import Filters, read
from app.moderation.desk.places import Desk, get_place, places_of
from app.moderation.models import Case, Cause, Settings
from app.moderation.places import destinations_of
from tests.factories import make_content, make_person, make_territory, save
from tests.moderation.desk.conftest import make_article, make_case


def desk(*places):
    return Desk(tuple(get_place(place.slug) for place in places))


def ids(*cases):
    return [case.id for case in cases]


def listed(here, person, **asked):
    return ids(*(row.case for row in waiting.queue(here, Filters(**asked), person).rows))


def test_what_waits_comes_first_by_age_then_what_was_reported(place, agent, article):
    young = make_case(place, hours=1)
    reported = make_case(place, cause=Cause.REPORT, hours=40, article=article)
    old = make_case(place, hours=30)
    make_case(make_territory(), hours=90)  # noise: another's
    done = make_case(place, hours=50)
    done.is_open = False
    db.commit()
    assert listed(desk(place), agent) == ids(old, young, reported)


def test_across_places_it_is_the_promise_that_counts(agent):
    """A text that waits for 30 hours where 72 are promised is less pressing than one of 20 hours where 24 are."""
    quick, slow = make_territory(), make_territory()
    save(Settings(territory_id=slow.id, target_hours=72))
    here = desk(quick, slow)
    patient, pressing, later = make_case(slow, hours=30), make_case(quick, hours=20), make_case(quick, hours=1)
    assert listed(here, agent) == ids(pressing, later, patient)
    assert waiting.next_in(here, Filters(), agent, loaded(pressing)) == (later.id, here.places[0])
    assert waiting.next_in(here, Filters(), agent, loaded(patient))[0] == pressing.id, "after the last, the first"


def loaded(case):
    return queries.get_case(case.id).case


def test_a_case_is_shown_among_its_neighbours(place, agent):
    cases = [make_case(place, hours=50 - n) for n in range(30)]
    around = ids(*(row.case for row in waiting.around(desk(place), Filters(), agent, loaded(cases[10]))))
    before, after = waiting.AROUND
    assert around == ids(*cases[10 - before : 11 + after])


def test_each_filter_keeps_what_it_says(place, agent, article):
    waiting = make_case(place, title="Un banc devant l’École", body="Pour les anciens, 100 % en bois.")
    late = make_case(place, hours=30, title="Une baignade")
    reported = make_case(place, cause=Cause.REPORT, article=article, title="Un stade")
    make_case(place, cause=Cause.REPORT, article=make_article(place, number=3), title="Une patinoire")
    services.look_at(waiting, by=agent)
    db.commit()
    here = desk(place)
    kept = lambda **asked: set(listed(here, agent, **asked))
    assert kept(cause="gate") == {waiting.id, late.id}
    assert kept(reason=article.id) == {reported.id}
    assert kept(late=True) == {late.id}
    assert kept(claim="mine") == {waiting.id}
    assert waiting.id not in kept(claim="free")
    assert kept(q="école banc") == {waiting.id}
    assert kept(q="100 %") == {waiting.id}
    assert kept(q="%") == {waiting.id}, "a sign of the language of searches is a letter like another"
    assert kept(kind="argument") == set()
    assert kept(activity=reported.content_id) == set()


def test_counts_are_those_of_the_lists(place, agent, article):
    make_case(place, hours=30)
    make_case(place)
    mine = make_case(place, cause=Cause.REPORT, article=article)
    make_case(make_territory())
    services.look_at(mine, by=agent)
    db.commit()
    found = waiting.counts(desk(place).places, agent)
    assert (found.all, found.gate, found.report, found.late, found.mine, found.free) == (3, 2, 1, 1, 1, 2)
    assert found.oldest < clock.from_now(hours=-29)
    offered = waiting.options(desk(place).places)
    assert offered.kinds == [("project", 3)]
    assert [(title, many) for _id, title, many in offered.reasons] == [("Injures", 1)]


def test_the_queue_asks_as_much_whatever_its_length(place, agent, article, count_queries):
    here = desk(place)

    def cost():
        count_queries.clear()
        waiting.queue(here, Filters(), agent)
        return len(count_queries)

    make_case(place, article=article)
    one = cost()
    for _n in range(5):
        make_case(place, article=article)
    assert cost() == one <= 2


@pytest.mark.parametrize(
    "args", [{"activity": "x", "kind": "nothing", "cause": "'", "late": "2", "claim": "?", "q": "\0", "page": "0"}, {}]
)
def test_what_an_address_holds_that_is_no_filter_is_left_out(args):
    assert read(args, {"argument": None}) == Filters()


def test_nobody_sees_the_queue_of_a_place_that_is_not_theirs(place, agent):
    other = make_territory()
    curator = make_person(roles=[("curator", None)])
    assert [each.slug for each in places_of(agent)] == [place.slug]
    assert [each.slug for each in places_of(curator)] == ["region"]
    assert places_of(make_person(roles=[("manager", other)])) == ()
    assert queries.cases_among(places_of(agent), [make_case(other).id], only_open=True) == []


def test_the_authors_past_is_that_of_the_place(place, agent, article):
    """Z02: what happened in another territory is not told."""
    from app.moderation import services as moderation
    from app.moderation.models import Verdict

    author = make_person()
    elsewhere = make_territory()
    there = make_case(elsewhere, author=author)
    judge = make_person(roles=[("moderator", elsewhere)])
    moderation.decide(
        loaded(there), by=judge, verdict=Verdict.REFUSE, article=make_article(elsewhere), reasons="Une injure.", seen=there.version
    )
    before = make_case(place, author=author)
    moderation.decide(loaded(before), by=agent, verdict=Verdict.REFUSE, article=article, reasons="Une injure.", seen=before.version)
    now = loaded(make_case(place, author=author)).content
    db.flush()
    past = queries.history_of(now)
    assert ([each.id for each in past.latest], past.total, past.restricted) == ([before.content_id], 1, 1)
    assert [each.content_id for each in queries.decisions_about(now)[1]] == [before.content_id]


def test_a_text_decided_many_times_leaves_room_for_the_others_of_its_author(place, agent):
    """Seen red with one limit for both."""
    from app.moderation import services as moderation
    from app.moderation.models import Cause, Verdict

    author = make_person()
    before, now = make_case(place, author=author), make_case(place, author=author)
    moderation.decide(loaded(before), by=agent, verdict=Verdict.KEEP, article=None, reasons="Lu.", seen=before.version)
    for _time in range(2 * queries.SHOWN):
        case = moderation.open_case(loaded(now).content, Cause.REPORT)
        moderation.decide(loaded(case), by=agent, verdict=Verdict.KEEP, article=None, reasons="Lu.", seen=loaded(case).version)
    own, others = queries.decisions_about(loaded(now).content)
    assert [each.id for each in own] == sorted((each.id for each in own), reverse=True)
    assert (len(own), [each.content_id for each in others]) == (queries.SHOWN, [before.content_id])


def test_only_open_cases_of_the_place_are_alike(place, agent):
    text = {"title": "Stop au béton", "body": "Gardez la friche en jardin pour les enfants du quartier, on manque de nature ici."}
    first, second = make_case(place, hours=3, **text), make_case(place, hours=2, **text)
    make_case(place, title="Des boules", body="Un terrain couvert serait utile aux anciens, surtout en hiver.")
    make_case(make_territory(), **text)
    gone = make_case(place, **text)
    services.sign([row[0] for row in db.query(Case.id).order_by(Case.id)])
    gone.is_open = False
    db.commit()
    found = queries.get_case(first.id)
    others, count, authors = queries.alike(get_place(place.slug), found.case, found.campaign)
    assert (ids(*others), count, authors) == (ids(second), 2, 2)
    assert set(listed(desk(place), agent, campaign=found.campaign)) == {first.id, second.id}


def test_where_a_text_can_be_moved_costs_two_questions_however_many_places_there_are(place, count_queries):
    def debate(*allows):
        made = make_content(Debate, territory=place)
        contents.set_phases(made, [Phase(name="Débat", allows=list(allows))])
        db.commit()
        return made

    here, there, closed = debate("argue"), debate("argue"), debate("vote")
    text = make_content(Argument, territory=place, author=make_person(), side="for", parent_id=here.id, space_id=here.id)
    assert [each.id for each in destinations_of(text)] == [there.id]
    for _n in range(2):
        debate("argue")
    count_queries.clear()
    assert len(destinations_of(text)) == 3
    assert len(count_queries) == 2
    assert closed.id not in {each.id for each in destinations_of(text)}


def test_a_line_of_the_queue_goes_on_with_words(app):
    """« … . Prévenons-le » began with the end of the sentence before."""
    said = Argument(
        title="Un piège pour des gens qui travaillent bien …", summary="Un piège pour des gens qui travaillent bien. Prévenons-le."
    )
    assert waiting.rest_of(said) == "… Prévenons-le."
