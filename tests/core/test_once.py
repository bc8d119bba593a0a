"""K05: a form sent twice acts once, whatever the reason it was sent twice."""

import threading

import pytest
from flask import redirect, request
from sqlalchemy import func, select

from app.core import once
from app.core.db import apart, db
from app.core.outbox import OutboxJob, enqueue
from app.core.permissions import anyone, require, rule


@pytest.fixture
def acting(committed):
    """A page that acts: adds a row, after slow work done apart when asked to."""
    rule("test.act", anyone)

    @committed.post("/agir")
    def act():
        require("test.act")
        if "slow" in request.form:
            with apart():
                pass
        enqueue("acted", 1)
        return redirect("/agi?n=" + request.form.get("text", ""))

    return committed


def acts():
    db.rollback()
    return db.scalar(select(func.count(OutboxJob.id)).where(OutboxJob.topic == "acted"))


@pytest.mark.parametrize("slow", [{}, {"slow": "1"}], ids=["plain", "apart"])
def test_the_same_form_twice_acts_once_and_answers_alike(acting, slow):
    """Red without the claim made again in `remember`, for the view that works apart."""
    client = acting.test_client()
    sent = {"_once": "k1", "text": "Bonjour"} | slow
    first, second = client.post("/agir", data=sent), client.post("/agir", data=sent)
    assert (first.location, second.location) == ("/agi?n=Bonjour", "/agi?n=Bonjour")
    assert acts() == 1


def test_the_same_key_with_another_text_is_refused_and_the_text_kept(acting):
    client = acting.test_client()
    client.post("/agir", data={"_once": "k2", "text": "Bonjour"})
    refused = client.post("/agir", data={"_once": "k2", "text": "Un autre texte"})
    assert refused.status_code == 409
    assert "Un autre texte" in refused.text
    assert acts() == 1


@pytest.mark.parametrize("slow", [{}, {"slow": "1"}], ids=["plain", "apart"])
def test_sixteen_sendings_at_once_act_once(acting, slow):
    """Red without the UNIQUE key: 16 acts."""
    statuses = []

    def send():
        statuses.append(acting.test_client().post("/agir", data={"_once": "k3", "text": "Bonjour"} | slow).status_code)

    threads = [threading.Thread(target=send) for _ in range(16)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert acts() == 1
    assert set(statuses) <= {302, 303}


def test_a_refused_form_may_be_sent_again(acting):
    @acting.post("/refuser")
    def refuse():
        require("test.act")
        enqueue("acted", 2)
        return "non", 422 if request.form["text"] == "mauvais" else 200

    client = acting.test_client()
    assert client.post("/refuser", data={"_once": "k4", "text": "mauvais"}).status_code == 422
    assert client.post("/refuser", data={"_once": "k4", "text": "bon"}).status_code == 200
    assert acts() == 1


def test_old_keys_are_forgotten(at):
    from app.core import clock

    with db.begin_nested():
        db.add(once.FormKey(key="x", digest="y", sending="z"))
    at(clock.from_now(days=3))
    once.forget_old()
    assert db.scalar(select(func.count(once.FormKey.id))) == 0
