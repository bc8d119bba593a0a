"""Pages that are the same for every visitor, and what every reader is shown alike: made once a process and a change.

A view says so with `public("content:56", "territory:3", until=debate.closes_at)`: which stamps its page shows, and the
next moment that changes it. A visitor's page is then kept in front of Flask (`front`); what a page is made of, for those
who are signed in, by `kept`, `known` and `fragment`, with slots for what is the reader's own (`shapes`).

The language of a page must come from its address or from the session: neither Accept-Language nor a cookie is in the key.
"""

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from sys import getsizeof
from typing import Any, Generic, TypeVar

from flask import Flask, Response, current_app, has_request_context, request, session
from markupsafe import Markup, escape

from app.core import clock
from app.core.db import SAFE_METHODS, is_postgres, writing
from app.core.shapes import slot
from app.core.shelf import Shelf
from app.core.stamps import Watch

MARK = "beffroi.public"
LONGEST = 60.0  # seconds a page is kept at most: it may say "il y a 3 minutes"
MOMENT = "beffroi.moment"  # in the environment: the stamps' moment before the request read anything
SESSION_MARK, OWN_WRITES = "wrote", 3  # when this browser last changed something; seconds it then reads the database itself
T = TypeVar("T")


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


def clear() -> None:
    """Forget every page and fragment of this process."""
    for name in ("pagecache", "fragments"):
        if name in current_app.extensions:
            current_app.extensions[name].clear()


def figures() -> dict[str, int]:
    """Pages kept by this process and their bytes; how often they served, were made, were waited for: for /metrics."""
    cache = current_app.extensions.get("pagecache")
    return cache.figures() if cache else {}


def init_app(app: Flask) -> None:
    app.config.setdefault("PAGE_CACHE", True)
    app.config.setdefault("FRAGMENT_CACHE_BYTES", 16 * 1024 * 1024)
    app.add_template_global(fragment)
    app.add_template_global(slot)
    if app.config["PAGE_CACHE"]:
        app.extensions["fragments"] = Shelf[Any](app.config["FRAGMENT_CACHE_BYTES"])
        app.after_request(remember_writing)
