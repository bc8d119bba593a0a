"""What can happen to files: killed writers, damage, absence, readers at work meanwhile."""

import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.search.engines.base import SearchUnavailable
from app.search.engines.whoosh import MOST_SEGMENTS, WhooshEngine
from tests.search.test_engines import ask, document, ids

pytestmark = pytest.mark.no_database
ROOT = Path(__file__).resolve().parents[2]

WRITE_FOR_EVER = """
import sys, itertools
from app.search.engines.whoosh import WhooshEngine
from tests.search.test_engines import document
engine = WhooshEngine(sys.argv[1])
print("ready", flush=True)
for n in itertools.count(1):
    engine.put([document(n, f"Vélo {n}", "piste cyclable " * 20), document(n + 100_000, "École")], removed=[n - 3, n + 100_000 - 3])
    if n % 20 == 0:
        engine.tend()
    if n % 33 == 0:
        engine.rebuild(iter([[document(m, f"Vélo {m}") for m in range(n - 2, n + 1)]]), lambda ids: [])
"""


@pytest.fixture
def engine(tmp_path):
    made = WhooshEngine(tmp_path / "search")
    made.rebuild(iter([[document(n, f"Vélo {n}", "piste cyclable") for n in range(1, 31)]]), lambda ids: [])
    return made


def test_a_writer_killed_at_any_instant_leaves_an_index_that_opens_and_goes_on(engine):
    """attacks.md F02; the same two hundred times in bench/search_kill.py."""
    chance = random.Random(4)
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(engine.folder)], cwd=ROOT, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(chance.uniform(0.02, 0.6))
            process.send_signal(signal.SIGKILL)
        fresh = WhooshEngine(engine.folder)
        ask(fresh, "vélo")
        fresh.put([document(777, "Après la mort")])
        assert ids(fresh, "mort") == [777]
        fresh.remove([777])
        assert ids(engine, "mort") == []
    count = engine.rebuild(iter([[document(1, "Vélo")]]), lambda ids: [])
    assert count == 1
    assert len(list(engine.folder.glob("edition-*"))) == 1
    assert not list(engine.folder.rglob("*.tmp"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Whoosh leaves a damaged file open
@pytest.mark.parametrize("damage", ["absent", "no current", "odd current", "empty edition", "cut", "noise", "zeros"])
def test_a_damaged_index_is_unavailable_then_mended_by_a_rebuild(engine, damage):
    edition = next(engine.folder.glob("edition-*"))
    files = [path for path in edition.iterdir() if path.suffix in {".seg", ".toc"}]
    assert files
    if damage == "absent":
        shutil.rmtree(engine.folder)
    elif damage == "no current":
        (engine.folder / "CURRENT").unlink()
    elif damage == "odd current":
        (engine.folder / "CURRENT").write_text("../../etc")
    elif damage == "empty edition":
        for path in files:
            path.unlink()
    elif damage == "cut":
        for path in files:
            os.truncate(path, path.stat().st_size // 3)
    else:
        for path in files:
            path.write_bytes(bytes(path.stat().st_size) if damage == "zeros" else random.Random(1).randbytes(path.stat().st_size))
    fresh = WhooshEngine(engine.folder)
    for act in (
        lambda: ask(fresh, "vélo"),
        lambda: fresh.more_like("vélo", "vélo"),
        lambda: fresh.suggest(["vlo"]),
        lambda: fresh.put([document(9, "x")]),
    ):
        with pytest.raises(SearchUnavailable):
            act()
    assert not fresh.status().is_ready
    assert fresh.rebuild(iter([[document(5, "Vélo")]]), lambda ids: []) == 1
    assert ids(fresh, "vélo") == [5]
    assert ids(WhooshEngine(engine.folder), "vélo") == [5]


def test_nobody_else_may_write_what_will_be_unpickled(engine):
    """attacks.md I08"""
    assert stat.S_IMODE(engine.folder.stat().st_mode) == 0o700


def test_only_one_rebuild_at_a_time(engine):
    def batches():
        with pytest.raises(SearchUnavailable, match="another rebuild"):
            WhooshEngine(engine.folder).rebuild(iter(()), lambda ids: [])
        yield [document(1, "Vélo")]

    assert engine.rebuild(batches(), lambda ids: []) == 1


def test_small_commits_are_merged(engine):
    for n in range(100, 100 + 2 * MOST_SEGMENTS):
        engine.put([document(n, "Vélo")])
        assert len(engine.snapshot().segments) <= MOST_SEGMENTS + 1
    while engine.tend():
        pass
    assert len(engine.snapshot().segments) <= 4
    assert ask(engine, "vélo").total == 30 + 2 * MOST_SEGMENTS


def test_threads_search_while_another_process_writes_merges_and_rebuilds(engine):
    failures: list[BaseException] = []
    stop = threading.Event()

    def look():
        try:
            while not stop.is_set():
                assert ask(engine, "vélo").total
                ask(engine, '"piste cyclable"')
                ask(engine, "cyclbale pis")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=look) for _ in range(4)]
    with subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(engine.folder)], cwd=ROOT, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        for thread in threads:
            thread.start()
        time.sleep(1.5)
        stop.set()
        for thread in threads:
            thread.join()
        process.kill()
    assert failures == []
