"""A12: what may not be public is refused, one sentence each."""

import pytest

from app.operations.settings import refusals
from config import Config

pytestmark = pytest.mark.no_database


def config(tmp_path, **changes):
    tmp_path.chmod(0o700)
    safe = {
        "BASE_URL": "https://participer.example.fr",
        "SECRET_KEY": None,
        "MAIL_URL": "smtps://beffroi:secret@mail.example.fr",
        "MAIL_FROM": "ne-pas-repondre@example.fr",
        "INSTANCE_DIR": tmp_path,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'beffroi.db'}",
        "JOBS_URL": f"sqlite:///{tmp_path / 'jobs.db'}",
        "REDIS_URL": None,
        "METRICS_TOKEN": None,
        "DEMO": False,
        "DEBUG": False,
        "RATELIMIT_ENABLED": True,
    }
    assert set(safe) - {"DEBUG"} <= set(dir(Config))
    return safe | changes


def test_a_careful_configuration_is_accepted(tmp_path):
    assert refusals(config(tmp_path)) == []
    assert refusals(config(tmp_path, SECRET_KEY="q8F2mZ7rT1xK9vB4nH6pW3sD5gJ0yLcE", REDIS_URL="redis://:secret@127.0.0.1/0")) == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"BASE_URL": "http://participer.example.fr"}, "https"),
        ({"SECRET_KEY": "dev"}, "SECRET_KEY"),
        ({"SECRET_KEY": "changeme" * 8}, "SECRET_KEY"),
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "x" * 64}, "SECRET_KEY"),
        ({"MAIL_URL": None}, "MAIL_URL"),
        ({"MAIL_FROM": "ne-pas-repondre@localhost"}, "MAIL_FROM"),
        ({"DEMO": True}, "--demo"),
        ({"DEBUG": True}, "FLASK_DEBUG"),
        ({"RATELIMIT_ENABLED": False}, "limites"),
        ({"METRICS_TOKEN": "court"}, "METRICS_TOKEN"),
        ({"REDIS_URL": "redis://127.0.0.1:6379/0"}, "REDIS_URL"),
        ({"JOBS_URL": "redis://127.0.0.1:6379/0"}, "JOBS_URL"),
    ],
)
def test_each_unsafe_setting_is_refused_by_its_own_sentence(tmp_path, changes, word):
    (sentence,) = refusals(config(tmp_path, **changes))
    assert word in sentence
    assert sentence.endswith((".", "»."))


def test_files_open_to_others_of_the_machine_are_refused(tmp_path):
    unsafe = config(tmp_path)
    tmp_path.chmod(0o755)
    (sentence,) = refusals(unsafe)
    assert "chmod 700" in sentence


def test_a_database_elsewhere_must_be_private_too(tmp_path):
    elsewhere = tmp_path / "elsewhere.db"
    elsewhere.touch()
    elsewhere.chmod(0o644)
    instance = tmp_path / "instance"
    instance.mkdir(mode=0o700)
    (sentence,) = refusals(config(tmp_path, INSTANCE_DIR=instance, DATABASE_URL=f"sqlite:///{elsewhere}"))
    assert "chmod 600" in sentence


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
def test_what_stays_on_this_machine_may_be_anything(tmp_path, address):
    assert refusals(config(tmp_path, BASE_URL=address, DEMO=True, MAIL_URL=None, SECRET_KEY="dev")) == []


@pytest.mark.parametrize(
    "address", ["http://0.0.0.0:8000", "http://192.168.1.4", "http://localhost.example.fr", "http://127.0.0.1.example.fr"]
)
def test_everything_else_is_public(tmp_path, address):
    assert any("https" in sentence for sentence in refusals(config(tmp_path, BASE_URL=address)))
