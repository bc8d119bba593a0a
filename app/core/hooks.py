"""Places where layers above add to what a layer below shows. Adding twice is adding once: an app may be made several times."""

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from flask import current_app

T = TypeVar("T", bound=Callable)


class Hooks(Generic[T]):
    """Functions in the order of their number, then of their arrival: `blocks.register(latest)`, `@blocks.at(20)`."""

    def __init__(self) -> None:
        self._functions: dict[T, int] = {}

    def register(self, function: T, order: int = 50) -> T:
        self._functions.setdefault(function, order)
        return function

    def at(self, order: int) -> Callable[[T], T]:
        return lambda function: self.register(function, order)

    def __iter__(self) -> Iterator[T]:
        return iter(sorted(self._functions, key=lambda function: self._functions[function]))


def piece(template: str, context: dict[str, Any]):
    """A template rendered to be shown inside of another, which prints it as it is: it escaped its own values."""
    values = dict(context)
    current_app.update_template_context(values)
    return current_app.jinja_env.get_template(template).make_module(values)
