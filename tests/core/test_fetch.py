"""S01, S03, S04: what somebody typed is read, never our own network, never without end."""

import gzip
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.core import fetch
from app.core.fetch import Unreachable

OURS = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1%25eth0]/",
    "http://10.0.0.1/",
    "http://172.16.3.4/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://224.0.0.1/",
    "http://localhost/",
    "http://localhost./",
    "http://LOCALHOST/",
    "http://127.0.0.1:5432/",
    "http://example.org:6379/",
    "http://example.org:22/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "ftp://example.org/",
    "//example.org/",
    "http://",
    "http://user:pass@example.org/",
    "http://example.org@127.0.0.1/",
    "http://exa mple.org/",
    "http://example.org/\r\nX: y",
    "http://[::1",
    "http://example.org:99999/",
    "",
]


@pytest.mark.parametrize("url", OURS)
def test_s01_our_own_network_is_never_asked(app, url, monkeypatch):
    """Seen red without `is_public`, and without the check of ports: connections were made."""
    asked = socket.getaddrinfo
    there = [(0, 0, 0, "", ("93.184.216.34", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: there if "example" in host else asked(host, *a, **k))
    monkeypatch.setattr(socket, "create_connection", lambda *_a, **_k: pytest.fail(f"{url} was connected to"))
    with pytest.raises(Unreachable) as told:
        fetch.fetch(url, seconds=2)
    assert told.value.code in {"refused", "unknown_host"}


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2001:4860:4860::8888", True), ("::ffff:8.8.8.8", True), ("::", False), ("192.0.2.1", False)],
)
def test_public_addresses_are_known(address, public):
    assert fetch.is_public(address) is public


def test_s01_a_name_with_one_private_address_is_refused_whole(app, monkeypatch):
    found = [(0, 0, 0, "", ("93.184.216.34", 80)), (0, 0, 0, "", ("10.0.0.7", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: found)
    with pytest.raises(Unreachable) as told:
        fetch.fetch("http://two.example/")
    assert told.value.code == "refused"


@contextmanager
def site(monkeypatch, answer, tls=None):
    """A server on loopback that stands for the public internet, under the name site.example."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            answer(self)
            self.close_connection = True

        do_HEAD = do_POST = do_GET

        def log_message(self, *_said):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme = "https" if tls else "http"
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    port = server.server_address[1]
    monkeypatch.setitem(fetch.PORTS, scheme, port)
    monkeypatch.setattr(fetch, "public_address_of", lambda host, _port: "127.0.0.1" if host == "site.example" else fetch.refuse(host))
    monkeypatch.setattr(fetch, "refuse", lambda host: (_ for _ in ()).throw(fetch.refused()), raising=False)
    try:
        yield f"{scheme}://site.example/"
    finally:
        server.shutdown()
        server.server_close()


def say(handler, body=b"", status=200, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def test_an_answer_is_read_with_its_name_and_decompressed(app, monkeypatch):
    asked = []

    def answer(handler):
        asked.append((handler.path, handler.headers["Host"]))
        say(handler, gzip.compress(b"bonjour"), Content_Encoding="gzip", Content_Type="text/plain")

    with site(monkeypatch, answer) as url:
        found = fetch.fetch(url + "fil?page=2")
    assert (found.status, found.body, found.headers["content-type"]) == (200, b"bonjour", "text/plain")
    assert asked == [("/fil?page=2", "site.example")]


def test_s01_a_redirection_to_our_network_is_refused(app, monkeypatch):
    """Seen red with redirections followed by the library."""
    with (
        site(monkeypatch, lambda handler: say(handler, status=302, Location="http://169.254.169.254/")) as url,
        pytest.raises(Unreachable) as told,
    ):
        fetch.fetch(url)
    assert told.value.code == "refused"


def test_redirections_end(app, monkeypatch):
    with site(monkeypatch, lambda handler: say(handler, status=301, Location="/encore")) as url, pytest.raises(Unreachable) as told:
        fetch.fetch(url)
    assert told.value.code == "redirects"


@pytest.mark.parametrize("packed", [False, True])
def test_s03_a_body_without_end_is_cut(app, monkeypatch, packed):
    body = gzip.compress(bytes(3_000_000)) if packed else bytes(200_000)
    more = {"Content_Encoding": "gzip"} if packed else {}
    with site(monkeypatch, lambda handler: say(handler, body, **more)) as url, pytest.raises(Unreachable) as told:
        fetch.fetch(url, most_bytes=100_000)
    assert told.value.code == "too_large"


@pytest.mark.parametrize("part", ["headers", "body", "body without a length"])
def test_s03_who_drips_is_left(app, monkeypatch, part):
    """Seen red without the watch: each byte gave it a new delay."""

    def answer(handler):
        more = {"headers": b"X-Slow: ", "body": b"Content-Length: 1000\r\n\r\n", "body without a length": b"Connection: close\r\n\r\n"}
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + more[part])
        try:
            for _ in range(100):
                handler.wfile.write(b"a")
                time.sleep(0.1)
        except OSError:
            pass

    with site(monkeypatch, answer) as url, pytest.raises(Unreachable) as told:
        fetch.fetch(url, seconds=0.5)
    assert told.value.code == "too_slow"


def test_s04_what_answered_is_never_quoted(app, monkeypatch):
    with (
        site(monkeypatch, lambda handler: handler.wfile.write(b"-ERR redis secret banner\r\n\r\n")) as url,
        pytest.raises(Unreachable) as told,
    ):
        fetch.fetch(url)
    assert "redis" not in str(told.value)
    assert told.value.__cause__ is None


@pytest.mark.parametrize(
    ("name", "is_known", "code"), [("site.example", True, ""), ("other.example", True, "tls"), ("site.example", False, "tls")]
)
def test_a_certificate_is_asked_for_the_name_that_was_typed(app, monkeypatch, tmp_path, name, is_known, code):
    """Seen red with the address for name: no certificate was good; and without a default context: all were."""
    ours = make_certificate(tmp_path, name)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(ours)
    trusting = ssl.create_default_context(cafile=str(ours) if is_known else None)
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    with site(monkeypatch, lambda handler: say(handler, b"bonjour"), tls=server) as url:
        if code:
            with pytest.raises(Unreachable) as told:
                fetch.fetch(url)
            assert told.value.code == code
        else:
            assert fetch.fetch(url).body == b"bonjour"


def make_certificate(folder, name):
    """A certificate that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    path = folder / "site.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return path
