"""For those who watch: alive, ready, figures. Never cached, never counted as visits."""

import hmac
from ipaddress import ip_address

from flask import Blueprint, Response, abort, current_app, jsonify, request

from app.core import health
from app.operations import metrics, settings

blueprint = Blueprint("operations", __name__)


@blueprint.get("/healthz")
def alive() -> Response:
    """This process answers. Asks nobody, not even the database."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """Send people here, or elsewhere: what is wrong is told by name only, `flask check` says more."""
    wrong = health.troubles(serving=True)
    checks = {name: "trouble" if name in wrong else "ok" for name in sorted(health.serving_checks)}
    return jsonify(status="trouble" if wrong else "ok", checks=checks), 503 if wrong else 200


@blueprint.get("/metrics")
def figures() -> Response:
    if not may_read_metrics():
        abort(404)
    return Response(metrics.exposition(), content_type=metrics.CONTENT_TYPE)


def may_read_metrics() -> bool:
    """The bearer of METRICS_TOKEN, or this machine: unless a proxy nobody declared would make everyone look like it."""
    token = current_app.config["METRICS_TOKEN"]
    given = request.headers.get("Authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    is_declared = current_app.config["PROXY_HOPS"] or not settings.is_public(current_app.config)
    try:
        return bool(is_declared and ip_address(request.remote_addr or "").is_loopback)
    except ValueError:
        return False
