"""Reading what other people publish, at an address somebody typed: never our own network, never without end.

The name is resolved once, every address it has must be public, and the connection is made to the very address that was checked:
a name that changes its mind between the two changes nothing. Redirections are checked alike. What goes wrong is told in one
of a few sentences of ours, never in the words of what answered.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from time import monotonic
from urllib.parse import SplitResult, urljoin, urlsplit

from app.core.i18n import _

PORTS = {"http": 80, "https": 443}
REDIRECTS = 4
CHUNK = 64 * 1024
AGENT = "Beffroi (plateforme de participation)"


class Unreachable(Exception):
    """Nothing could be read there; `str()` is a sentence for whoever typed the address. `code` is for programs."""

    def __init__(self, code: str, sentence: str):
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Fetched:
    """An answer: `url` is where it came from in the end, `body` is decompressed, at most `most_bytes` long."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_found(self) -> bool:
        return 200 <= self.status < 300


def fetch(
    url: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    most_bytes: int = 5_000_000,
    seconds: float = 20.0,
) -> Fetched:
    """Read `url`, redirections followed, in `seconds` overall. Raises Unreachable; a status of 404 or 500 is an answer, not an error.

    A body longer than `most_bytes`, as sent or once decompressed, is Unreachable("too_large").
    """
    deadline = monotonic() + seconds
    for _hop in range(REDIRECTS + 1):
        parts, port = checked(url)
        answer, there = ask(parts, port, method, body, headers or {}, most_bytes, deadline)
        if there is None:
            return answer
        url = urljoin(url, there)
        if answer.status in {301, 302, 303} and method != "HEAD":
            method, body = "GET", None
    raise Unreachable("redirects", _("Cette adresse renvoie sans fin vers une autre."))


def checked(url: str) -> tuple[SplitResult, int]:
    """The parts of an address we may ask: http or https, on their own ports, without a name and password in it."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.hostname else ""
    except (ValueError, UnicodeError):
        raise refused() from None
    if parts.scheme not in PORTS or not host or parts.username is not None or parts.password is not None:
        raise refused()
    if any(ord(sign) <= 32 or ord(sign) == 127 for sign in url):
        raise refused()
    if port not in (None, PORTS[parts.scheme]):
        raise refused()
    return parts._replace(netloc=host), PORTS[parts.scheme]


def refused() -> Unreachable:
    return Unreachable("refused", _("Donnez une adresse publique qui commence par http:// ou https://."))


def public_address_of(host: str, port: int) -> str:
    """An address of this name that may be asked. One that is not public among several refuses them all."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise Unreachable("unknown_host", _("Aucun site ne porte ce nom.")) from None
    if not found or not all(is_public(address) for address in found):
        raise refused()
    return min(found, key=lambda address: (":" in address, address))  # IPv4 first: not every host of ours has a way out by IPv6


def is_public(address: str) -> bool:
    """Is this an address of the public internet, under whatever clothes it comes?"""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in ipaddress.ip_network("64:ff9b::/96"):  # NAT64: an IPv4 address in the last 32 bits
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def ask(
    parts: SplitResult, port: int, method: str, body: bytes | None, headers: Mapping[str, str], most_bytes: int, deadline: float
) -> tuple[Fetched, str | None]:
    """One request; the answer, and where it sends us when it is a redirection."""
    address = public_address_of(parts.netloc, port)
    connection = Pinned(parts.netloc, port, address, secure=parts.scheme == "https", seconds=left(deadline))
    watch = threading.Timer(left(deadline), connection.cut)  # a timeout counts from the last byte: it never ends one that drips
    watch.daemon = True
    watch.start()
    response: http.client.HTTPResponse | None = None
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = {"User-Agent": AGENT, "Accept-Encoding": "gzip", **headers}
        connection.request(method, target.encode("utf-8").decode("latin-1"), body, sent)
        response = connection.getresponse()
        url = parts.geturl()
        if connection.was_cut:
            raise late()
        if response.status in {301, 302, 303, 307, 308} and (there := response.getheader("Location")):
            return Fetched(response.status, url, {}, b""), there
        found = b"" if method == "HEAD" else read(response, most_bytes)
        if connection.was_cut:
            raise late()
        return Fetched(response.status, url, lowered(response.headers), found), None
    except TimeoutError:
        raise late() from None
    except ssl.SSLError:
        raise Unreachable("tls", _("Ce site n’a pas de certificat valable.")) from None
    except (OSError, http.client.HTTPException, ValueError, zlib.error):
        if connection.was_cut:
            raise late() from None
        raise Unreachable("no_answer", _("Ce site ne répond pas correctement.")) from None
    finally:
        watch.cancel()
        if response:
            response.close()
        connection.close()


def late() -> Unreachable:
    return Unreachable("too_slow", _("Ce site met trop de temps à répondre."))


def left(deadline: float) -> float:
    return max(0.01, deadline - monotonic())


def lowered(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def read(response: http.client.HTTPResponse, most_bytes: int) -> bytes:
    """The whole body, or a refusal as soon as it is known to be too long: compressed or not."""
    packed = (response.getheader("Content-Encoding") or "identity").strip().lower()
    if packed not in {"identity", "gzip", "x-gzip", ""}:
        raise ValueError("an encoding we did not ask for")
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in packed else None
    found, size = [], 0
    while piece := response.read1(CHUNK):
        if inflate:
            piece = inflate.decompress(piece, most_bytes - size + 1)
        size += len(piece)
        if size > most_bytes:
            raise Unreachable("too_large", _("Ce qui est à cette adresse est trop long pour être lu."))
        found.append(piece)
    if response.length or (inflate and not inflate.eof):
        raise ValueError("cut short")
    return b"".join(found)


class Pinned(http.client.HTTPConnection):
    """A connection to one address, under the name that was asked: its certificate must be that name's."""

    def __init__(self, host: str, port: int, address: str, *, secure: bool, seconds: float):
        super().__init__(host, port, timeout=seconds)
        self._address, self._secure = address, secure
        self.was_cut = False
        self._held: socket.socket | None = None  # `sock` is let go to the response once its headers are read
        self.default_port = port  # so that Host says no port

    def connect(self) -> None:
        self.sock = self._held = socket.create_connection((self._address, self.port), self.timeout)
        if self._secure:
            tls = ssl.create_default_context()
            self.sock = self._held = tls.wrap_socket(self._held, server_hostname=self.host, do_handshake_on_connect=False)
            self._held.do_handshake()

    def cut(self) -> None:
        self.was_cut = True
        if self._held is not None:
            try:
                self._held.shutdown(socket.SHUT_RDWR)
            except OSError:  # closed already: nothing to cut
                return
