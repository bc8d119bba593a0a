"""The shape of a page that is kept for all: its text, with slots for what is the reader's own."""

import secrets
from collections.abc import Callable, Mapping
from sys import getsizeof
from types import MappingProxyType
from typing import Any

from flask import current_app
from markupsafe import escape

from app.core.permissions import me

SECRET = secrets.token_hex(8)


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
