"""The embedded server against hostile and slow connections, and how it stops."""

import socket
import threading
import time
from contextlib import suppress

import pytest

from app.operations import server

pytestmark = pytest.mark.no_database


def answer(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Seen-For", environ.get("HTTP_X_FORWARDED_FOR", "nobody"))])
    return [b"read %d bytes" % len(body)]


@pytest.fixture
def serving(monkeypatch):
    monkeypatch.setattr(server, "HEADER_TIME", 1)
    monkeypatch.setattr(server, "SLOWEST", 1000)
    bound = server.bind("127.0.0.1", 0)
    running = server.make_server(answer, bound, largest_body=100_000, proxies=0)
    running.adj.cleanup_interval = 0.2
    thread = threading.Thread(target=running.run)
    thread.start()
    running.thread, running.port = thread, bound.getsockname()[1]
    yield running
    running.end()
    thread.join(10)
    assert not thread.is_alive()


def connect(serving):
    connection = socket.create_connection(("127.0.0.1", serving.port), timeout=10)
    connection.settimeout(10)
    return connection


def ask(serving, request: bytes) -> bytes:
    with connect(serving) as connection:
        connection.sendall(request)
        received = b""
        with suppress(ConnectionResetError):  # refused before it was read to its end
            while b"read " not in received and (more := connection.recv(65536)):
                received += more
        return received


GET = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def test_it_answers_without_saying_what_it_is_made_of(serving):
    received = ask(serving, GET)
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert b"waitress" not in received.lower()


def test_a_client_cannot_say_that_it_is_another(serving):
    assert b"X-Seen-For: nobody" in ask(serving, GET.replace(b"Host: x", b"Host: x\r\nX-Forwarded-For: 10.0.0.1"))


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", b"413"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: x\r\n\r\n", b"501"),
    ],
)
def test_impossible_requests_are_refused_at_once(serving, request_, status):
    received = ask(serving, request_)
    assert received.split(b" ")[1] == status


def test_an_endless_header_is_not_read_to_its_end(serving):
    with connect(serving) as connection, suppress(ConnectionResetError, BrokenPipeError):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        for _ in range(10_000):
            connection.sendall(b"X: " + b"a" * 1000 + b"\r\n")
        pytest.fail("ten megabytes of header were taken")
    assert ask(serving, GET).startswith(b"HTTP/1.1 200")


def test_those_who_drip_a_header_are_cut_and_hold_nobody(serving):
    dripping = [connect(serving) for _ in range(50)]
    begun = time.monotonic()
    cut = 0
    for connection in dripping:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
    while time.monotonic() - begun < 4 and cut < 50:
        cut = 0
        for connection in dripping:
            try:
                connection.sendall(b"X: y\r\n")
            except OSError:
                cut += 1
        assert ask(serving, GET).startswith(b"HTTP/1.1 200")
        time.sleep(0.2)
    assert cut == 50
    for connection in dripping:
        connection.close()


def test_a_body_that_comes_slowly_but_comes_is_read(serving):
    with connect(serving) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4000\r\n\r\n")
        for _ in range(4):
            time.sleep(0.6)
            connection.sendall(b"a" * 1000)
        assert b"read 4000 bytes" in connection.recv(65536) + connection.recv(65536)


def test_a_stop_answers_what_was_asked_and_takes_nothing_new(serving):
    with connect(serving) as connection:
        connection.sendall(GET.replace(b"GET /", b"GET /slow"))
        time.sleep(0.3)
        serving.end()
        received = b""
        while more := connection.recv(65536):
            received += more
        assert received.startswith(b"HTTP/1.1 200 OK")
        assert b"read 0 bytes" in received
    serving.thread.join(10)
    with pytest.raises(ConnectionRefusedError):
        connect(serving)


def test_a_stop_does_not_wait_for_those_who_hold_a_connection(serving):
    with connect(serving):
        time.sleep(0.2)
        begun = time.monotonic()
        serving.end()
        serving.thread.join(10)
        assert time.monotonic() - begun < 2


def test_a_taken_port_is_told(serving):
    with pytest.raises(OSError, match="in use"):
        server.bind("127.0.0.1", serving.port)


def test_it_is_known_when_somebody_had_a_first_answer(serving):
    with connect(serving) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        time.sleep(0.2)
        assert not serving.answered.is_set()
        connection.sendall(b"Host: x\r\nConnection: close\r\n\r\n")
        while connection.recv(65536):
            pass
    assert serving.answered.wait(10)


def test_a_stop_waits_for_no_first_answer(serving):
    serving.end()
    assert serving.answered.wait(10)
