"""Servers started for a measurement, wrk, and what /proc says of processes."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Request:
    path: str = "/"
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass
class Measure:
    per_second: float
    p50: float  # milliseconds
    p99: float
    cpu: float  # milliseconds a request, the server's process tree
    database_cpu: float  # milliseconds a request, PostgreSQL's processes
    kilobytes: float
    errors: int  # answers that are neither 2xx nor 3xx, and connections lost
    memory: float  # MB, proportional, the server's process tree


def tree(pid: int) -> list[int]:
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += tree(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    total = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(each) for each in fields[11:15]) / TICKS  # own user and system, then those of children that ended
    return total


def memory_of(pids: Sequence[int]) -> float:
    kilobytes = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        kilobytes += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return kilobytes / 1024


def postmaster() -> int | None:
    """PostgreSQL's first process on this machine, if there is one."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "comm").read_text().strip() == "postgres" and b"-D" in (entry / "cmdline").read_bytes():
                    return int(entry.name)
            except (FileNotFoundError, ProcessLookupError):
                continue
    return None


@contextmanager
def gunicorn(what: str, port: int, *, workers: int = 2, threads: int = 1, environment: dict[str, str] | None = None):
    """A gunicorn of its own session, up and answering; gives its process id, and ends it."""
    command = [sys.executable, "-m", "gunicorn", what, "--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--log-level", "warning"]
    command += ["--threads", str(threads)] if threads > 1 else ["--worker-class", "sync"]
    with tempfile.TemporaryFile("w+") as log:
        env = {**os.environ, **(environment or {})}
        server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            wait_for(f"http://127.0.0.1:{port}/", server, log)
            yield server.pid
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def wait_for(address: str, server: subprocess.Popen, log) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=10).read()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    log.seek(0)
    raise SystemExit(f"the server at {address} did not come up:\n{log.read()[-3000:]}")


SCRIPT = """
local requests = {%s}
local turn = %d
request = function()
  turn = turn %% #requests + 1
  return requests[turn]
end
done = function(summary, latency)
  local e = summary.errors
  local lost = e.status + e.timeout + e.connect + e.read + e.write
  local p50, p99 = latency:percentile(50), latency:percentile(99)
  io.write(string.format('FIGURES {"requests": %%d, "microseconds": %%d, ', summary.requests, summary.duration))
  io.write(string.format('"bytes": %%d, "p50": %%d, "p99": %%d, "errors": %%d}', summary.bytes, p50, p99, lost))
end
"""


def raw(request: Request, host: str) -> str:
    """The request as it is sent, as a Lua string."""
    headers = {"Host": host, "Accept": "text/html", **request.headers}
    if request.body:
        headers |= {
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(request.body.encode())),
        } | request.headers
    lines = [f"{request.method} {request.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", request.body]
    return '"' + "".join(f"\\{byte:03d}" for byte in "\r\n".join(lines).encode()) + '"'


def wrk(port: int, requests: Sequence[Request], *, seconds: float, connections: int, server: int, database: int | None = None) -> Measure:
    """These requests in turn, again and again, over so many connections; what they cost."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % (",\n".join(raw(request, f"127.0.0.1:{port}") for request in requests), time.time_ns() % len(requests)))
        script.flush()
        before, before_database = cpu_seconds(tree(server)), cpu_seconds(tree(database)) if database else 0.0
        command = [
            "wrk",
            "--threads",
            "1",
            "--connections",
            str(connections),
            "--duration",
            f"{seconds:g}s",
            "--timeout",
            "30s",
            "--script",
            script.name,
        ]
        told = subprocess.run([*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=False)
        after, after_database = cpu_seconds(tree(server)), cpu_seconds(tree(database)) if database else 0.0
    if "FIGURES " not in told.stdout:
        raise SystemExit(f"wrk failed: {told.stdout} {told.stderr}")
    figures = json.loads(told.stdout.split("FIGURES ", 1)[1])
    count = max(1, figures["requests"])
    return Measure(
        per_second=count / figures["microseconds"] * 1e6,
        p50=figures["p50"] / 1000,
        p99=figures["p99"] / 1000,
        cpu=(after - before) / count * 1000,
        database_cpu=(after_database - before_database) / count * 1000,
        kilobytes=figures["bytes"] / count / 1000,
        errors=figures["errors"],
        memory=memory_of(tree(server)),
    )
