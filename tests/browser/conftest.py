"""A real server with the demonstration region, and a real Chromium in front of it. Both are started once."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.region import Region

ROOT = Path(__file__).resolve().parents[2]
START = 90  # seconds the region may take to load on a busy machine


@pytest.fixture(scope="session")
def playwright():
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is absent (pip install -e '.[browser]')")
    with api.sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(playwright):
    browser = playwright.chromium.launch(
        executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    )
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def region(tmp_path_factory, chromium) -> Iterator[Region]:
    """The demonstration, served as an operator serves it: page cache, CSRF, worker and mail in `outbox/`."""
    folder = tmp_path_factory.mktemp("browsed")
    (folder / "instance").mkdir(mode=0o700)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "JOBS_URL", "REDIS_URL", "MAIL_URL", "BASE_URL"}
    }
    said = folder / "said.txt"
    with said.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.serve"],
            cwd=ROOT,
            env={**kept, "INSTANCE_DIR": str(folder / "instance"), "PORT": str(port)},
            stdout=out,
            stderr=out,
        )
    try:
        until = time.monotonic() + START
        while b"ready" not in said.read_bytes():
            assert server.poll() is None, said.read_text()
            assert time.monotonic() < until, "the server did not start:\n" + said.read_text()
            time.sleep(0.1)
        database = sqlite3.connect(f"file:{folder / 'instance' / 'beffroi.db'}?mode=ro", uri=True, isolation_level=None)
        yield Region(f"http://127.0.0.1:{port}", folder / "instance", chromium, database)
        database.close()
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture
def visit(region):
    """`visit(role, javascript=True, …)` opens a browser of its own for someone; closed at the end of the test."""
    opened = []

    def open_for(role: str = "visitor", **options):
        context = region.context(role, **options)
        opened.append(context)
        return context.new_page()

    yield open_for
    for context in opened:
        context.close()
