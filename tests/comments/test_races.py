"""What only real parallel connections show. Each test was seen red once without its guard; its docstring says how."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.comments.models import Argument
from app.contents.models import Content, Tally, Vote
from app.core import clock
from app.core.db import db
from tests.factories import make_person
from tests.participation import make_argument, make_debate

CROWD = 16


def all_at_once(app, clients, act):
    """Every client acts at the same moment; returns their answers."""
    answers, barrier = [None] * len(clients), threading.Barrier(len(clients))

    def run(n, client):
        barrier.wait(20)
        answers[n] = act(n, client)

    threads = [threading.Thread(target=run, args=each) for each in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def logged_in(app, person, count=CROWD):
    clients = [app.test_client() for _ in range(count)]
    for client in clients:
        client.log_in(person)
    return clients


def test_one_person_votes_once_however_often_at_once(committed):
    """K01. Red on PostgreSQL (12 rows of 16) with `cast_vote` reading, then inserting, and the UNIQUE of `votes` dropped."""
    argument, person = make_argument(), make_person()
    clients = logged_in(committed, person)
    answers = all_at_once(
        committed, clients, lambda n, client: client.post(f"/contributions/{argument.id}/avis", data={"value": "agree"}).status_code
    )
    assert answers == [303] * CROWD
    assert db.scalar(select(func.count(Vote.id)).where(Vote.content_id == argument.id)) == 1
    assert db.scalars(select(Tally.cast).where(Tally.content_id == argument.id)).all() == [1]


def test_a_crowd_changing_and_taking_back_votes_leaves_counts_equal_to_rows(committed):
    """K02. Any serial order leaves the tallies equal to the rows. Red with a tally read, changed in Python and written back."""
    argument, people = make_argument(), [make_person() for _ in range(4)]
    clients = [client for person in people for client in logged_in(committed, person, 4)]
    wanted = ["agree", "disagree", "none", "mixed"]

    def act(n, client):
        return [client.post(f"/contributions/{argument.id}/avis", data={"value": wanted[(n + turn) % 4]}).status_code for turn in range(4)]

    answers = all_at_once(committed, clients, act)
    assert {status for turns in answers for status in turns} == {303}
    rows = dict(db.execute(select(Vote.value, func.count()).where(Vote.content_id == argument.id).group_by(Vote.value)).all())
    counted = dict(db.execute(select(Tally.value, Tally.cast).where(Tally.content_id == argument.id, Tally.cast > 0)).all())
    assert counted == rows
    assert sum(rows.values()) <= len(people)


@pytest.mark.parametrize("key", ["the same form", None])
def test_a_double_click_gives_one_argument(committed, key):
    """K05. With the key of one form, every click gets the same answer; without it (two windows), the others are told.

    Red on PostgreSQL without `in_turn` (two windows: 8 arguments), and without the claim of `once` (the same form: the
    others were told 422 instead of being led to their argument).
    """
    debate, person = make_debate(), make_person()
    clients = logged_in(committed, person, 8)
    sent = {"side": "for", "body": "Parce que le marché étouffe."} | ({"_once": key} if key else {})
    answers = all_at_once(committed, clients, lambda n, client: client.post(f"/debats/{debate.id}/argumenter", data=sent))
    assert db.scalar(select(func.count(Argument.id))) == 1
    assert db.scalar(select(Content.replies_count).where(Content.id == debate.id)) == 1
    if key:
        assert {answer.status_code for answer in answers} == {303}
        assert len({answer.location for answer in answers}) == 1
    else:
        assert sorted(answer.status_code for answer in answers) == [303] + [422] * 7
        assert all("Parce que le marché étouffe." in answer.text for answer in answers if answer.status_code == 422)


def test_what_comes_after_the_end_is_refused_with_its_text_and_what_came_before_is_kept(committed):
    """H01. The clock is read inside of the transaction, after the lock. Red without `require_open` in `post_argument`:
    arguments dated after the end."""
    debate, person = make_debate(closes_at=clock.now() + timedelta(seconds=60)), make_person()
    from tests.participation import open_space

    clients = logged_in(committed, person, 8)
    assert clients[0].post(f"/debats/{debate.id}/argumenter", data={"side": "for", "body": "Bien avant"}).status_code == 303
    open_space(debate, closes_at=clock.now() + timedelta(seconds=1))
    closes_at = debate.closes_at
    stop = closes_at + timedelta(seconds=0.5)

    def act(n, client):
        answers, turn = [], 0
        while clock.now() < stop:
            turn += 1
            body = f"Argument {n}-{turn}"
            sent = clock.now()
            answer = client.post(f"/debats/{debate.id}/argumenter", data={"side": "for", "body": body})
            answers.append((sent, answer.status_code, body, answer.text))
        return answers

    answers = [each for turns in all_at_once(committed, clients, act) for each in turns]
    kept = dict(db.execute(select(Content.body_source, Content.created_at).where(Content.kind == "argument")).all())
    assert kept
    assert all(moment < closes_at for moment in kept.values())
    assert {"Bien avant", *(body for _sent, status, body, _text in answers if status == 303)} == set(kept)
    refused = [each for each in answers if each[1] != 303]
    assert refused
    assert {status for _sent, status, _body, _text in refused} == {422}
    assert all(body in text and "clos" in text for _sent, _status, body, text in refused)
    assert all(status == 422 for sent, status, _body, _text in answers if sent >= closes_at)
