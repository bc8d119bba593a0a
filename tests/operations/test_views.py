"""What those who watch the site are told, and who may be told what."""

import pytest

from app.core import health
from app.core.db import db


def test_alive_asks_nobody(client, count_queries):
    count_queries.clear()
    response = client.get("/healthz")
    assert response.json == {"status": "ok"}
    assert count_queries == []
    assert "Set-Cookie" not in response.headers


def test_ready_names_what_is_wrong_and_says_no_more(client, monkeypatch):
    monkeypatch.setattr(health, "checks", {"fine": lambda: None, "bad": lambda: "the password is 1234", "slow": lambda: "never asked"})
    monkeypatch.setattr(health, "serving_checks", {"fine", "bad"})
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json == {"status": "trouble", "checks": {"bad": "trouble", "fine": "ok"}}


def test_a_check_that_fails_is_a_trouble(client, monkeypatch):
    def fail():
        raise OSError("/var/lib/beffroi is gone")

    monkeypatch.setattr(health, "checks", {"disk": fail})
    monkeypatch.setattr(health, "serving_checks", {"disk"})
    response = client.get("/readyz")
    assert response.status_code == 503
    assert b"/var" not in response.data


@pytest.mark.parametrize(
    ("settings", "request_", "status"),
    [
        ({}, {}, 200),
        ({}, {"environ_base": {"REMOTE_ADDR": "10.0.0.4"}}, 404),
        ({}, {"environ_base": {"REMOTE_ADDR": "not an address"}}, 404),
        ({"METRICS_TOKEN": "a-long-secret-token"}, {"environ_base": {"REMOTE_ADDR": "10.0.0.4"}}, 404),
        ({"METRICS_TOKEN": "a-long-secret-token"}, {"environ_base": {"REMOTE_ADDR": "10.0.0.4"}, "auth": "a-long-secret-token"}, 200),
        ({"METRICS_TOKEN": "a-long-secret-token"}, {"environ_base": {"REMOTE_ADDR": "10.0.0.4"}, "auth": "a-long-secret-tokex"}, 404),
        ({"METRICS_TOKEN": "a-long-secret-token"}, {"environ_base": {"REMOTE_ADDR": "10.0.0.4"}, "auth": "é"}, 404),
        ({"BASE_URL": "https://participer.example.fr"}, {}, 404),  # an undeclared proxy makes everyone look like this machine
        ({"BASE_URL": "https://participer.example.fr", "PROXY_HOPS": 1}, {}, 200),
    ],
)
def test_figures_are_for_this_machine_or_for_the_bearer_of_a_token(app, client, monkeypatch, settings, request_, status):
    for name, value in settings.items():
        monkeypatch.setitem(app.config, name, value)
    given = dict(request_)
    if "auth" in given:
        given["headers"] = {"Authorization": f"Bearer {given.pop('auth')}"}
    assert client.get("/metrics", **given).status_code == status


def test_figures_count_requests_and_what_waits(app, client):
    from app.core import outbox

    outbox.enqueue("mail", 1)
    db.commit()
    client.get("/healthz")
    client.get("/nothing-here")
    figures = client.get("/metrics").text
    assert 'beffroi_requests_total{endpoint="operations.alive",method="GET",status="200"}' in figures
    assert 'beffroi_requests_total{endpoint="none",method="any",status="404"}' in figures
    assert 'beffroi_outbox_waiting{topic="mail"} 1.0' in figures


def test_check_says_one_sentence_a_check_and_fails_when_something_is_wrong(app, monkeypatch):
    monkeypatch.setattr(health, "checks", {"fine": lambda: None})
    result = app.test_cli_runner().invoke(args=["check"])
    assert (result.exit_code, result.output) == (0, "fine : tout va bien.\n")
    monkeypatch.setattr(health, "checks", {"fine": lambda: None, "bad": lambda: "Faites ceci."})
    result = app.test_cli_runner().invoke(args=["check"])
    assert result.exit_code == 1
    assert "bad : Faites ceci." in result.output
