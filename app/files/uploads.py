"""Views that take files accept a larger body; all others keep the small one."""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, request

View = TypeVar("View", bound=Callable)


def takes_files(view: View) -> View:
    """Mark a view: its body may reach UPLOAD_LIMIT."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    @app.url_value_preprocessor  # runs before anything reads the form, the CSRF check included
    def choose_limit(endpoint, values):
        if endpoint and getattr(current_app.view_functions.get(endpoint), "takes_files", False):
            request.max_content_length = current_app.config["UPLOAD_LIMIT"]
