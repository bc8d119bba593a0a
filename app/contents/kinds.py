"""The kinds of content: how each is called, and where it is shown. Features register theirs."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, url_for

from app.contents.models import Content
from app.core.i18n import _
from app.core.urls import path_for


@dataclass(frozen=True)
class Kind:
    model: type[Content]
    label: str  # « Proposition », translated when shown
    plural: str
    address: Callable[[Content], str]  # the page where one is read, anchor included
    permission: str  # the rule that says who may read one


_kinds: dict[str, Kind] = {}


def register(model: type[Content], *, label: str, plural: str, address: Callable[[Content], str], permission: str) -> None:
    """`label` and `plural` come through `_l`, so that they are translated when they are shown."""
    _kinds[model.__mapper_args__["polymorphic_identity"]] = Kind(model, label, plural, address, permission)


def kind_of(content: Content | str) -> Kind:
    return _kinds[content if isinstance(content, str) else content.kind]


def all_kinds() -> dict[str, Kind]:
    return dict(_kinds)


def url_of(content: Content, external: bool = False) -> str:
    """Where it is read. An argument or a reply is read on the page of what it answers, at its anchor."""
    path = kind_of(content).address(content)
    return url_for("contents.show", content_id=content.id, _external=True) if external else path


def permalink(content: Content | int) -> str:
    """`/contributions/57`: leads to the page and the anchor, whatever the kind."""
    return path_for("contents.show", content_id=content if isinstance(content, int) else content.id)


def kind_label(content: Content | str) -> str:
    key = content if isinstance(content, str) else content.kind
    return str(_kinds[key].label) if key in _kinds else _("Contribution")


def init_app(app: Flask) -> None:
    app.add_template_global(url_of)
    app.add_template_global(permalink)
    app.add_template_global(kind_label)
