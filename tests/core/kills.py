"""Kill the embedded server while eight people write, start it again, and compare with what they were told was written."""

import http.client
import random
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.core import small

WRITERS = 8


@dataclass
class Count:
    kills: int = 0
    acknowledged: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    halves: list[str] = field(default_factory=list)
    slowest_recovery: float = 0.0  # seconds from the start after a kill to the last job done


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_up(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/")
        return connection.getresponse().read() == b"alive"
    except OSError:
        return False
    finally:
        connection.close()


def write_until_killed(port: int, prefix: str, acknowledged: list[str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        for number in range(1_000_000):
            connection.request("POST", f"/write/{prefix}-{number}")
            answer = connection.getresponse()
            if answer.read() == b"written" and answer.status == 200:
                acknowledged.append(f"{prefix}-{number}")
    except (OSError, http.client.HTTPException):
        pass  # killed: what was not acknowledged may be there or not
    finally:
        connection.close()


def kill_again_and_again(url: str, folder: Path, times: int, say=lambda count: None, seed: int = 1) -> Count:
    """`times` kills at random instants of write; what was acknowledged, lost, half written, and not done in the end."""
    chance = random.Random(seed)
    count, outside = Count(), small.Outside(url)
    port = free_port()
    for turn in range(times + 1):
        begun = time.monotonic()
        process = small.start(url, folder, "web", str(port), LEASE="3", BEAT="1")
        try:
            small.until(lambda: is_up(port))
            if turn:  # what the dead one left is done by the living
                small.until(lambda: not outside.rows("SELECT 1 FROM outbox_jobs LIMIT 1"), 60)
                count.slowest_recovery = max(count.slowest_recovery, time.monotonic() - begun)
            if turn == times:
                break
            people = [threading.Thread(target=write_until_killed, args=(port, f"{turn}-{n}", count.acknowledged)) for n in range(WRITERS)]
            for person in people:
                person.start()
            small.until(lambda said=len(count.acknowledged): len(count.acknowledged) >= said + WRITERS)  # however slow the machine
            time.sleep(chance.uniform(0.05, 0.6))
            process.kill()
            for person in people:
                person.join()
            count.kills += 1
            say(count)
        finally:
            process.kill()
            process.wait()
    there = outside.done()
    present, indexed = set(there), {job.removeprefix("index ") for job in there if job.startswith("index ")}
    written = {job for job in present if not job.startswith(("index ", "twin "))}
    count.lost = [job for job in count.acknowledged if job not in written]
    count.halves = [job for job in written if f"twin {job}" not in present or job not in indexed]
    if url.startswith("sqlite"):
        assert outside.rows("PRAGMA integrity_check")[0][0] == "ok"
    outside.engine.dispose()
    return count
