"""`python -m app` as an operator meets it: started, stopped, started again, refused."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import text

from app.operations import migrations
from tests.conftest import database_url
from tests.core.kills import free_port
from tests.core.small import Outside, until

pytestmark = [pytest.mark.no_database, pytest.mark.skipif(migrations.head() is None, reason="no migration is written yet")]
ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ("BASE_URL", "SECRET_KEY", "MAIL_URL", "REDIS_URL", "JOBS_URL", "PORT", "METRICS_TOKEN", "PROXY_HOPS", "CI")


class Installation:
    def __init__(self, folder: Path):
        self.folder = folder / "instance"
        self.url = database_url("main", folder)
        self.outside = Outside(self.url)
        self.processes: list[subprocess.Popen] = []

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen:
        environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        environment |= {"INSTANCE_DIR": str(self.folder), "DATABASE_URL": self.url, "PYTHONUNBUFFERED": "1"} | settings
        self.said = self.folder.parent / f"said-{len(self.processes)}.txt"
        with self.said.open("w") as said:
            process = subprocess.Popen([sys.executable, "-m", "app", *arguments], cwd=ROOT, env=environment, stdout=said, stderr=said)
        self.processes.append(process)
        return process

    def serve(self, *arguments: str, **settings: str) -> tuple[subprocess.Popen, int]:
        """Start, and wait for the first answer."""
        port = free_port()
        process = self.start("--port", str(port), *arguments, **settings)
        until(lambda: process.poll() is not None or get(port, "/healthz"), 60)
        assert process.poll() is None, self.said.read_text()
        return process, port


def get(port: int, path: str, **headers: str):
    """Status and body; None while nobody answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return None


@pytest.fixture
def installation(tmp_path):
    made = Installation(tmp_path)
    yield made
    for process in made.processes:
        process.kill()
        process.wait()
    made.outside.engine.dispose()


def test_a_first_start_says_where_it_is_and_how_the_first_administrator_gets_in(installation):
    process, port = installation.serve()
    said = until(lambda: "Beffroi répond" in (words := installation.said.read_text()) and words)
    assert f"http://127.0.0.1:{port}" in said
    assert "Créez son premier compte" in said
    assert get(port, "/healthz") == (200, '{"status":"ok"}\n')
    _status, body = until(lambda: (found := get(port, "/readyz"))[0] == 200 and found)
    assert {"database", "migrations", "worker"} <= set(json.loads(body)["checks"])
    figures = get(port, "/metrics")[1]
    assert "beffroi_requests_total" in figures
    assert "beffroi_kept_hits{" in figures
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert "Beffroi est arrêté." in installation.said.read_text()
    assert "Traceback" not in installation.said.read_text()


def test_a_second_start_finds_everything_again(installation):
    process, _ = installation.serve()
    key = (installation.folder / "secret-key").read_text()
    assert len(key) >= 64
    assert (installation.folder.stat().st_mode & 0o777, (installation.folder / "secret-key").stat().st_mode & 0o777) == (0o700, 0o600)
    with installation.outside.engine.connect() as connection:
        connection.execute(
            text("INSERT INTO worker_beats (name, is_leader, seen_at) VALUES ('kept', :leads, '2099-01-01')"), {"leads": False}
        )
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    process, _ = installation.serve()
    assert (installation.folder / "secret-key").read_text() == key
    assert installation.outside.rows("SELECT name FROM worker_beats WHERE name = 'kept'")


def test_two_first_starts_at_once_make_one_site_with_one_leader(installation):
    ports = [free_port(), free_port()]
    processes = [installation.start("--port", str(port)) for port in ports]
    until(lambda: all(get(port, "/healthz") for port in ports) or any(process.poll() is not None for process in processes), 60)
    assert [process.poll() for process in processes] == [None, None]
    until(lambda: len(installation.outside.rows("SELECT name FROM worker_beats")) == 2)
    assert len(installation.outside.rows("SELECT name FROM worker_beats WHERE is_leader")) == 1
    for process in processes:
        process.send_signal(signal.SIGTERM)
    assert [process.wait(20) for process in processes] == [0, 0]


def test_a_killed_start_is_started_again(installation):
    process = installation.start("--port", str(free_port()))
    until(lambda: installation.folder.exists() and (installation.folder / "start.lock").exists())
    process.kill()
    process.wait()
    _, port = installation.serve()
    assert until(lambda: get(port, "/readyz")[0] == 200)


def test_the_worker_comes_even_when_nobody_asks_for_a_page(installation):
    process = installation.start("--port", str(free_port()))
    until(lambda: "Beffroi répond" in installation.said.read_text(), 60)
    assert until(lambda: installation.outside.rows("SELECT name FROM worker_beats WHERE is_leader"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_an_unsafe_public_start_is_refused_before_anything_is_made(installation):
    process = installation.start("--demo", BASE_URL="http://participer.example.fr", SECRET_KEY="court", METRICS_TOKEN="court")
    assert process.wait(30) == 2
    said = installation.said.read_text()
    for word in ("https://", "SECRET_KEY", "MAIL_URL", "MAIL_FROM", "--demo", "METRICS_TOKEN", "PROXY_HOPS"):
        assert len([line for line in said.splitlines() if line.startswith("- ") and word in line]) == 1
    assert not installation.folder.exists()


def test_the_worker_and_the_commands_are_refused_too(installation):
    environment = {
        **os.environ,
        "INSTANCE_DIR": str(installation.folder),
        "DATABASE_URL": installation.url,
        "BASE_URL": "http://example.fr",
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "https://" in done.stderr


def test_a_taken_port_is_told_in_a_sentence(installation):
    _, port = installation.serve()
    second = installation.start("--port", str(port))
    assert second.wait(30) == 2
    assert "déjà pris" in installation.said.read_text()


def test_a_database_from_the_future_is_refused(installation):
    process, _ = installation.serve()
    process.kill()
    process.wait()
    with installation.outside.engine.connect() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    process = installation.start("--port", str(free_port()))
    assert process.wait(30) == 2
    assert "plus récente" in installation.said.read_text()
