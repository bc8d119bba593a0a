"""Addresses: stable, French, carrying id and slug; and the ones we are willing to send people to."""

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, request
from werkzeug.routing import BaseConverter, IntegerConverter, Rule, ValidationError

from app.core.db import BIGGEST_ID

_path = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*\Z")  # one slash, then nothing a browser reads as another host


class Ref(BaseConverter):
    """`12-plan-velo` → 12. The number decides, the words are for people; a thing gives both."""

    regex = r"\d{1,10}(?:-[a-z0-9-]*)?"

    def to_python(self, value: str) -> int:
        number = int(value.split("-", 1)[0])
        if not 0 < number <= BIGGEST_ID:
            raise ValidationError
        return number

    def to_url(self, value) -> str:
        if isinstance(value, int):
            return str(value)
        slug = value.slug
        return f"{value.id}-{slug}" if slug else str(value.id)


class BoundedInt(IntegerConverter):
    """An id no database column could hold is no id."""

    def __init__(self, map, **options):
        super().__init__(map, **({"max": BIGGEST_ID} | options))


class LateRule(Rule):
    """A rule that learns to write its address when it is first asked to.

    Werkzeug compiles two functions for each of some 250 rules, a quarter of what making the application takes; a page asks for
    one of them, for a few dozen rules.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        made = cache(partial(super()._compile_builder, append_unknown))

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            return made()(rule, **values)

        return build


def local_path(address: str | None) -> str | None:
    """The path of an address of ours, or None: the only addresses a `next` or a Referer may lead to."""
    if not address:
        return None
    if address.startswith(("http://", "https://")):
        try:
            parts = urlsplit(address)
        except ValueError:
            return None
        if parts.netloc != request.host:
            return None
        address = parts.path + (f"?{parts.query}" if parts.query else "")
    return address if _path.match(address) else None


def path_for(endpoint: str, **values) -> str:
    """The path of one of our pages, outside of a request too: for what services put in messages."""
    return current_app.url_map.bind("localhost").build(endpoint, values)


def init_app(app: Flask) -> None:
    app.url_rule_class = LateRule
    app.url_map.converters |= {"ref": Ref, "int": BoundedInt}
