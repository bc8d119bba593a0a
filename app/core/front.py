"""What stands in front of Flask: pages that are the same for every visitor, as they were rendered.

A page is rendered once a process and a change, however many are waiting for it. A request that carries a session never
meets what is kept here, and what it is answered is never kept. Views say which pages: `pagecache.public`.
"""

import gzip
import threading
import time
from collections.abc import Callable, Hashable, Iterable
from hashlib import blake2b
from typing import Any

import brotli
from flask import Flask
from werkzeug.datastructures import Accept
from werkzeug.exceptions import SecurityError
from werkzeug.http import parse_accept_header
from werkzeug.wsgi import get_host

from app.core import clock
from app.core.logs import log
from app.core.pagecache import LONGEST, MARK, MOMENT, Public
from app.core.shelf import Shelf
from app.core.stamps import Watch

WAIT = 10.0  # seconds one waits for another's rendering
ADDRESS_LIMIT = 512  # signs of a path, of a query
SMALL = 400  # bytes that compression would not help
CODINGS = ("br", "gzip")
OURS = {"content-length", "etag", "cache-control", "vary", "date"}
UNSHARED_LIMIT = 2_000  # addresses known not to be public, so that nobody waits for them


class Entry:
    """A page as it was rendered, its compressed forms, and what makes it stale."""

    __slots__ = ("body", "checked", "ends", "etag", "forms", "headers", "key", "names", "since", "unmodified")

    def __init__(self, key: Hashable, headers: list[tuple[str, str]], body: bytes, names: Iterable[str], since: int, ends: float):
        self.key = key
        self.body = body
        self.names = tuple(names)
        self.since = self.checked = since  # the stamps' moment before rendering began; the last one it was found good at
        self.ends = ends
        self.etag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
        ours = [("ETag", self.etag), ("Cache-Control", "no-cache"), ("Vary", "Cookie, Accept-Encoding")]
        self.headers = [*((name, value) for name, value in headers if name.lower() not in OURS), *ours]
        self.unmodified = ours
        self.forms: dict[str, tuple[list[tuple[str, str]], bytes]] = {"": ([*self.headers, ("Content-Length", str(len(body)))], body)}

    def form(self, coding: str) -> tuple[list[tuple[str, str]], bytes]:
        """Headers and body in this coding, compressed the first time it is asked for."""
        found = self.forms.get(coding)
        if found is None:
            packed = brotli.compress(self.body, quality=4) if coding == "br" else gzip.compress(self.body, 5, mtime=0)
            headers = [*self.headers, ("Content-Encoding", coding), ("Content-Length", str(len(packed)))]
            found = self.forms[coding] = (headers, packed)
        return found

    @property
    def size(self) -> int:
        return sum(len(body) for _, body in self.forms.values()) + 2_500


class PageCache:
    """The outermost WSGI application. A hit costs no Flask, no request object, no query but the look at the stamps."""

    def __init__(self, app: Callable, stamps: Watch, config: dict[str, Any]):
        self.app = app
        self.stamps = stamps
        self.shelf: Shelf[Entry] = Shelf(config["PAGE_CACHE_BYTES"])
        self.private = (config["SESSION_COOKIE_NAME"], config.get("REMEMBER_COOKIE_NAME", "remember_token"))
        self.trusted = config["TRUSTED_HOSTS"]
        self.hops = config.get("PROXY_HOPS", 0)
        self.hosts: set[str] = set()  # as clients wrote them, found trusted
        self.codings: dict[str, str] = {"": ""}
        self.unshared: dict[Hashable, None] = {}
        self.flights: dict[Hashable, threading.Event] = {}
        self.lock = threading.Lock()
        self.hits = self.built = self.waited = 0  # about right: threads may miscount

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        key = self.key_of(environ)
        moment = self.stamps.look() if environ["REQUEST_METHOD"] in {"GET", "HEAD"} else None
        environ[MOMENT] = moment  # looked at before this request reads anything: what it keeps is at least as young
        if moment is None or key is None:
            return self.app(environ, start_response)
        entry = self.shelf.get(key)
        if entry is not None and self.is_good(entry, moment):
            self.hits += 1
            return self.answer(entry, environ, start_response)
        return self.fetch(key, environ, start_response)

    def key_of(self, environ: dict[str, Any]) -> Hashable | None:
        """What the page depends on, or None when the request is not one that any visitor could have made."""
        method = environ["REQUEST_METHOD"]
        if method != "GET" and method != "HEAD":
            return None
        cookies = environ.get("HTTP_COOKIE")
        if cookies and any(name in cookies for name in self.private):  # anywhere in it: rather too careful than not
            return None
        host = environ.get("HTTP_HOST")
        if host not in self.hosts and not self.is_trusted(environ):
            return None
        if "HTTP_AUTHORIZATION" in environ or "HTTP_HX_REQUEST" in environ:
            return None
        path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
        if len(path) > ADDRESS_LIMIT or len(query) > ADDRESS_LIMIT:
            return None
        if "&" in query:  # the same fields in another order; fields of one name keep theirs
            query = "&".join(sorted(query.split("&"), key=lambda part: part.partition("=")[0]))
        scheme = environ["wsgi.url_scheme"] if not self.hops else self.forwarded_scheme(environ)
        return (scheme, host, environ.get("SCRIPT_NAME"), path, query)

    def is_trusted(self, environ: dict[str, Any]) -> bool:
        """Is the Host one of ours? Without a list of ours nothing is kept. Flask itself answers those that are not."""
        if not self.trusted or "HTTP_HOST" not in environ:
            return False
        try:
            get_host(environ, self.trusted)
        except SecurityError:
            return False
        if len(self.hosts) < 64:
            self.hosts.add(environ["HTTP_HOST"])
        return True

    def forwarded_scheme(self, environ: dict[str, Any]) -> str:
        """The scheme our nearest trusted proxy saw: pages may contain whole addresses."""
        values = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")
        return values[-self.hops].strip() if len(values) >= self.hops else ""

    def is_good(self, entry: Entry, moment: int) -> bool:
        if entry.ends <= clock.now().timestamp():
            return False
        if entry.checked != moment:
            if self.stamps.changed(entry.names, entry.since):
                return False
            entry.checked = moment
        return True

    def answer(self, entry: Entry, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        known = environ.get("HTTP_IF_NONE_MATCH")
        if known is not None and (known == entry.etag or matches(known, entry.etag)):
            start_response("304 NOT MODIFIED", entry.unmodified[:])
            return ()
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        coding = self.codings.get(accepted)
        if coding is None:
            coding = self.choose(accepted)
        if coding and len(entry.body) < SMALL:
            coding = ""
        if coding not in entry.forms:
            before = entry.size
            entry.form(coding)
            self.shelf.grow(entry.key, entry, entry.size - before)
        headers, body = entry.forms[coding]
        start_response("200 OK", headers[:])
        return () if environ["REQUEST_METHOD"] == "HEAD" else (body,)

    def choose(self, accepted: str) -> str:
        wanted = parse_accept_header(accepted, Accept)
        coding = next((coding for coding in CODINGS if wanted.quality(coding) > 0), "")
        if len(self.codings) < 200 and len(accepted) < 200:
            self.codings[accepted] = coding
        return coding

    def fetch(self, key: Hashable, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        """Render, or wait for whoever is rendering this page and take what they made if it is still good."""
        patience = time.monotonic() + WAIT
        while True:
            with self.lock:
                flight = self.flights.get(key)
                if flight is None:
                    mine = self.flights[key] = threading.Event()
                    break
            if key in self.unshared or not flight.wait(max(0, patience - time.monotonic())):
                return self.build(key, environ, start_response)
            self.waited += 1
            moment = self.stamps.look()
            entry = self.shelf.get(key)
            if moment is not None and entry is not None and self.is_good(entry, moment):
                return self.answer(entry, environ, start_response)
            if moment is None:
                return self.app(environ, start_response)
        try:
            return self.build(key, environ, start_response)
        finally:
            with self.lock:
                self.flights.pop(key, None)
            mine.set()

    def build(self, key: Hashable, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        since = self.stamps.look()
        environ[MOMENT] = since
        asked = environ if environ["REQUEST_METHOD"] == "GET" else {**environ, "REQUEST_METHOD": "GET"}
        told: list[Any] = []

        def hold(status: str, headers: list[tuple[str, str]], exc_info=None) -> Callable[[bytes], object]:
            told[:] = status, headers
            return unused

        chunks = self.app(asked, hold)
        status, headers = told
        page = asked.get(MARK)
        if page is None or since is None or not self.may_keep(key, page, status, headers):
            self.remember_unshared(key)
            start_response(status, headers)
            return chunks if environ is asked else closed(chunks)
        body = joined(chunks)
        if trouble := shared_form(body):
            self.complain(key, trouble)
            start_response(status, headers)
            return [body] if environ is asked else ()
        self.unshared.pop(key, None)
        now = clock.now().timestamp()
        ends = min(now + LONGEST, page.until.timestamp()) if page.until else now + LONGEST
        entry = Entry(key, headers, body, sorted(page.names), since, ends)
        self.built += 1
        self.shelf.put(key, entry, entry.size)
        return self.answer(entry, environ, start_response)

    def may_keep(self, key: Hashable, page: Public, status: str, headers: list[tuple[str, str]]) -> bool:
        if not status.startswith("200"):
            return False
        names = {name.lower() for name, _ in headers}
        if "set-cookie" in names:
            self.complain(key, "it sets a cookie")
            return False
        if page.until is not None and page.until <= clock.now():
            return False
        return "content-encoding" not in names and "content-range" not in names

    def complain(self, key: Hashable, reason: str) -> None:
        if key not in self.unshared:
            log.warning("public page not kept", reason=reason, path=key[3] if isinstance(key, tuple) else "")
        self.remember_unshared(key)

    def remember_unshared(self, key: Hashable) -> None:
        with self.lock:
            self.unshared[key] = None
            while len(self.unshared) > UNSHARED_LIMIT:
                del self.unshared[next(iter(self.unshared))]

    def figures(self) -> dict[str, int]:
        return {"pages": len(self.shelf.slots), "bytes": self.shelf.bytes, "hits": self.hits, "built": self.built, "waited": self.waited}

    def clear(self) -> None:
        self.shelf.clear()
        self.unshared.clear()


def unused(data: bytes) -> None:
    raise AssertionError("Flask never writes outside of the body it returns")


def joined(chunks: Iterable[bytes]) -> bytes:
    try:
        return b"".join(chunks)
    finally:
        closed(chunks)


def closed(chunks: Iterable[bytes]) -> Iterable[bytes]:
    if hasattr(chunks, "close"):
        chunks.close()
    return ()


def shared_form(body: bytes) -> str | None:
    """A token made for one reader, on a page meant for all."""
    for field in (b"csrf_token", b"_once"):
        if b'name="%s"' % field in body:
            return f"it holds a form with {field.decode()}"
    return None


def matches(known: str, etag: str) -> bool:
    """If-None-Match, compared weakly."""
    if known.strip() == "*":
        return True
    return etag.removeprefix("W/") in {each.strip().removeprefix("W/") for each in known.split(",")}


def init_app(app: Flask) -> None:
    app.config.setdefault("PAGE_CACHE_BYTES", 64 * 1024 * 1024)  # 0: nothing is kept
    if app.config["PAGE_CACHE"] and app.config["PAGE_CACHE_BYTES"]:
        cache = PageCache(app.wsgi_app, app.extensions["stamps"], app.config)
        app.extensions["pagecache"] = cache
        app.wsgi_app = cache  # type: ignore[method-assign]
