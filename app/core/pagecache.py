"""Pages that are the same for every visitor, kept in front of Flask.

A view says so with `public("content:56", "territory:3", until=debate.closes_at)`: which stamps its page shows, and the
next moment that changes it. The page is then rendered once a process and a change, however many are waiting for it.
A request that carries a session never meets what is kept here, and what it is answered is never kept.

The language of a page must come from its address or from the session: neither Accept-Language nor a cookie is in the key.
"""

import gzip
import secrets
import threading
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from sys import getsizeof
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import brotli
from flask import Flask, Response, current_app, has_request_context, request, session
from markupsafe import Markup, escape
from werkzeug.datastructures import Accept
from werkzeug.exceptions import SecurityError
from werkzeug.http import parse_accept_header
from werkzeug.wsgi import get_host

from app.core import clock
from app.core.db import SAFE_METHODS, is_postgres, writing
from app.core.logs import log
from app.core.permissions import me
from app.core.stamps import Watch

MARK = "beffroi.public"
LONGEST = 60.0  # seconds a page is kept at most: it may say "il y a 3 minutes"
WAIT = 10.0  # seconds one waits for another's rendering
ADDRESS_LIMIT = 512  # signs of a path, of a query
SMALL = 400  # bytes that compression would not help
CODINGS = ("br", "gzip")
OURS = {"content-length", "etag", "cache-control", "vary", "date"}
MOMENT = "beffroi.moment"  # in the environment: the stamps' moment before the request read anything
SESSION_MARK, OWN_WRITES = "wrote", 3  # when this browser last changed something; seconds it then reads the database itself
SECRET = secrets.token_hex(8)
UNSHARED_LIMIT = 2_000  # addresses known not to be public, so that nobody waits for them
T = TypeVar("T")


# What views and templates use.


class Public:
    def __init__(self) -> None:
        self.names: set[str] = set()
        self.until: datetime | None = None


def public(*names: str, until: datetime | None = None) -> None:
    """The page being made is the same for all visitors: it shows these stamps, and changes by itself at `until`.

    May be called several times: the stamps add up, the nearest moment counts. A page made of a list names the stamp
    that moves when the list does ("territory:3", "region"), not only those of what is in it.
    """
    page = request.environ.setdefault(MARK, Public())
    page.names.update(names)
    if until is not None and (page.until is None or until < page.until):
        page.until = until


def fragment(name: str, version: Hashable, render: Callable[[], str] | None = None, *, caller: Callable[[], str] | None = None) -> Markup:
    """A piece of page rendered once a version: `{% call fragment("card:%d:fr" % content.id, content.updated_at) %}…{% endcall %}`.

    The name says what it is and in which language; the version moves with everything the piece shows. Nothing in it may
    depend on the reader. A request that writes renders for itself: its version may never come to be.
    """
    render = render or caller
    assert render is not None
    shelf: Shelf[Any] | None = current_app.extensions.get("fragments")
    if shelf is None or writing.get():
        return escape(render())
    kept = shelf.get(name)
    if kept is not None and kept[0] == version:
        return kept[1]
    made = escape(render())
    shelf.put(name, (version, made), getsizeof(made) + 300)
    return made


class Part(Generic[T]):
    """Something shown to every reader alike, and what makes it stale."""

    __slots__ = ("ends", "names", "since", "until", "value")

    def __init__(self, value: T, page: Public, since: int):
        now = clock.now().timestamp()
        self.value, self.since = value, since
        self.names, self.until = tuple(page.names), page.until
        self.ends = min(now + LONGEST, page.until.timestamp()) if page.until else now + LONGEST

    def is_good(self, stamps: Watch) -> bool:
        return self.ends > clock.now().timestamp() and not stamps.changed(self.names, self.since)


def kept(name: Hashable, build: Callable[[], T], *, size: Callable[[T], int] = getsizeof) -> T:
    """What every reader is shown alike, made once a process and a change: a page's body, the thing a page is about.

    `build` says which stamps it shows by `public`, as a page does; what names none is not kept. Nothing in what it makes may
    depend on the reader, unless the name does: the reader's own goes into `slot`s. It is read in a transaction younger than
    the stamps it is kept with, and is good until one of them moves, as a visitor's page is. Rows in it are first `let_go`.
    """
    shelf: Shelf[Any] | None = current_app.extensions.get("fragments")
    moment = request.environ.get(MOMENT)
    if writing.get() or (moment is not None and has_just_written()):
        moment = None
    if shelf is not None and moment is not None:
        part: Part[T] | None = shelf.get(name)
        if part is not None and part.is_good(current_app.extensions["stamps"]):
            public(*part.names, until=part.until)
            return part.value
    with _apart() as page:
        value = build()
    if page.names:
        public(*page.names, until=page.until)
        if shelf is not None and moment is not None and (page.until is None or page.until > clock.now()):
            shelf.put(name, Part(value, page, moment), size(value) + 600)
    return value


def known(name: Hashable, stamps: Sequence[str], build: Callable[[], T], *, size: Callable[[T], int] = getsizeof) -> T:
    """As `kept`, for what is only looked up on the way, and moves with these stamps: the view still says whether its page is public.

    Outside a request, it is made each time.
    """
    if not has_request_context():
        return build()

    def declared() -> T:
        public(*stamps)
        return build()

    with _apart():
        return kept(name, declared, size=size)


@contextmanager
def _apart() -> Iterator[Public]:
    """What is declared public in here is not so of the page around it."""
    around = request.environ.get(MARK)
    page = request.environ[MARK] = Public()
    try:
        yield page
    finally:
        request.environ.pop(MARK)
        if around is not None:
            request.environ[MARK] = around


def has_just_written() -> bool:
    """On PostgreSQL a process hears of a change a few milliseconds after its author is answered: they are shown the database."""
    return "HTTP_COOKIE" in request.environ and 0 <= time.time() - session.get(SESSION_MARK, 0) < OWN_WRITES


def remember_writing(response: Response) -> Response:
    if request.method not in SAFE_METHODS and response.status_code < 400 and session and is_postgres():
        session[SESSION_MARK] = int(time.time())
    return response


class Html(str):
    """HTML made by our own templates."""

    def __html__(self) -> str:
        return self


def slot(key: str, caller: Callable[[], str] | None = None) -> Html:
    """A place, in what is kept, for what is the reader's own: `{% call slot("own:12") %}what others see{% endcall %}`."""
    return Html(f"\0{SECRET}{key}\1{escape(caller()) if caller else ''}\0")


class Shape:
    """A kept page, or a piece of one, with its slots. No text can hold a mark: it carries a secret of the process."""

    __slots__ = ("pieces", "places", "size")

    def __init__(self, body: str):
        first, *rest = body.split(f"\0{SECRET}")
        self.pieces = [first.encode()]  # then, by turns, what stands in a slot by default and the text after it
        self.places: dict[str, list[int]] = {}  # where in the pieces each slot is
        for each in rest:
            key, _, after = each.partition("\1")
            self.places.setdefault(key, []).append(len(self.pieces))
            default, _, after = after.partition("\0")
            self.pieces += default.encode(), after.encode()
        self.size = sum(map(getsizeof, self.pieces)) + 200 * len(self.places)

    def filled(self, own: Mapping[str, str]) -> bytes:
        """As it is sent, with what is the reader's own (already HTML) in its slots."""
        pieces = self.pieces.copy()
        for key, html in own.items():
            for place in self.places.get(key, ()):
                pieces[place] = html.encode()
        return b"".join(pieces)

    def fill(self, own: Mapping[str, str] = MappingProxyType({})) -> Html:
        """The same, to be put into a page."""
        return Html(self.filled(own).decode())

    def __sizeof__(self) -> int:
        return self.size


def shape(template: str, **context: Any) -> Shape:
    """A template rendered without a reader: `current_user` and what else a request brings to templates are not there."""
    return Shape(current_app.jinja_env.get_template(template).render(context))


def macros(template: str) -> Any:
    """The macros of a template, to be called from Python: they make what goes into slots."""
    return current_app.jinja_env.get_template(template).module


def page(shape: Shape, own: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """A kept page for the present reader: their slots, and those of the frame. Its template extends `layouts/base.html`."""
    frame, reader = macros("layouts/_reader.html"), me()
    return shape.filled({**own, "account": frame.account(reader), "work": frame.work(reader), "notes": frame.notes()})


def clear() -> None:
    """Forget every page and fragment of this process."""
    for name in ("pagecache", "fragments"):
        if name in current_app.extensions:
            current_app.extensions[name].clear()


def figures() -> dict[str, int]:
    """Pages kept, their bytes, and how often they served: for /metrics."""
    cache = current_app.extensions.get("pagecache")
    return cache.figures() if cache else {}


# What keeps them.


class Slot(Generic[T]):
    __slots__ = ("asked", "size", "value")

    def __init__(self, value: T, size: int):
        self.value, self.size, self.asked = value, size, False


class Shelf(Generic[T]):
    """Things by name, within so many bytes. The oldest leave first, but what was asked for again has another turn:
    a crowd of addresses that each come once pushes out its own kind."""

    def __init__(self, limit: int):
        self.limit = limit
        self.bytes = 0
        self.slots: dict[Hashable, Slot[T]] = {}
        self.lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        slot = self.slots.get(key)
        if slot is None:
            return None
        slot.asked = True
        return slot.value

    def put(self, key: Hashable, value: T, size: int) -> None:
        if size > self.limit // 8:
            return
        with self.lock:
            old = self.slots.pop(key, None)
            slot = self.slots[key] = Slot(value, size)
            slot.asked = old is not None
            self.bytes += size - (old.size if old else 0)
            self.make_room()

    def grow(self, key: Hashable, value: T, size: int) -> None:
        """The thing kept under this key weighs more now."""
        with self.lock:
            slot = self.slots.get(key)
            if slot is not None and slot.value is value:
                slot.size += size
                self.bytes += size
                self.make_room()

    def make_room(self) -> None:
        while self.bytes > self.limit:
            key = next(iter(self.slots))
            slot = self.slots.pop(key)
            if slot.asked:
                slot.asked = False
                self.slots[key] = slot
            else:
                self.bytes -= slot.size

    def clear(self) -> None:
        with self.lock:
            self.slots.clear()
            self.bytes = 0


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
    app.config.setdefault("PAGE_CACHE", True)
    app.config.setdefault("PAGE_CACHE_BYTES", 64 * 1024 * 1024)  # 0: nothing is kept
    app.config.setdefault("FRAGMENT_CACHE_BYTES", 16 * 1024 * 1024)
    app.add_template_global(fragment)
    app.add_template_global(slot)
    if not app.config["PAGE_CACHE"]:
        return
    app.extensions["fragments"] = Shelf[Any](app.config["FRAGMENT_CACHE_BYTES"])
    app.after_request(remember_writing)
    if app.config["PAGE_CACHE_BYTES"]:
        cache = PageCache(app.wsgi_app, app.extensions["stamps"], app.config)
        app.extensions["pagecache"] = cache
        app.wsgi_app = cache  # type: ignore[method-assign]
