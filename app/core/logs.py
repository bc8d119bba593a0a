"""Structured logs on stdout: one JSON object a line, no personal data, no query string, no form."""

import logging
import re
import sys
import time
import uuid

import structlog
from flask import Flask, g, request

log = structlog.get_logger("beffroi")
_rows = re.compile(r"\n(?:DETAIL|CONTEXT):.*?(?=\n\[SQL:|\Z)", re.DOTALL)


def address() -> str | None:
    """Where a request went. Of a link from a letter, its pattern: who reads the logs must not be able to open it."""
    rule = request.url_rule
    if rule is None:
        return None  # it may be such a link, cut short
    return rule.rule if "token" in rule.arguments else request.path


def without_rows(logger, method, event):
    """PostgreSQL quotes in its errors the row that it refused: that is somebody's text, or their address."""
    for raised in event.get("exception", ()):
        raised["exc_value"] = _rows.sub("", raised["exc_value"])
    return event


def configure(level: int = logging.INFO) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            without_rows,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )


def init_app(app: Flask) -> None:
    configure(logging.CRITICAL if app.testing else logging.INFO)

    @app.before_request
    def start():
        g.started = time.perf_counter()
        structlog.contextvars.bind_contextvars(request=uuid.uuid4().hex[:12])

    @app.after_request
    def finish(response):
        if response.status_code >= 500 or request.method not in {"GET", "HEAD"}:
            took = round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1)
            log.info("request", method=request.method, endpoint=request.endpoint, status=response.status_code, ms=took)
        return response

    @app.teardown_request
    def forget(exc):
        structlog.contextvars.clear_contextvars()
