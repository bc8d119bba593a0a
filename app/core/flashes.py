"""Short messages after an act. A visitor without a session has none, and reading the page must not open one."""

from flask import Flask, current_app, get_flashed_messages, request


def flashes() -> list:
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        return []
    return get_flashed_messages(with_categories=True)


def init_app(app: Flask) -> None:
    app.add_template_global(flashes)
