"""What stands between the network and the views: hosts, origins, headers, body sizes."""

from urllib.parse import urlsplit

from flask import Flask, abort, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core.db import SAFE_METHODS

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
csrf = CSRFProtect()


def host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # "http://[": nobody's
        return None


def init_app(app: Flask) -> None:
    @app.before_request
    def refuse_foreign_hosts():
        """Before any other refusal: no page of ours, hence no page of refusal, can be made for a host that is not ours."""
        if isinstance(request.routing_exception, SecurityError):
            raise request.routing_exception

    @app.before_request
    def refuse_nul():
        """No address of ours holds one, PostgreSQL stores none, and a search box sends none. Forms say it beside their field."""
        if "\x00" in request.path:
            abort(404)
        if "%00" in request.environ.get("QUERY_STRING", ""):
            abort(400)

    @app.before_request
    def refuse_crowds_of_fields():
        """Werkzeug counts the parts of multipart bodies only: 100,000 fields of the other kind cost a second before any rule is asked."""
        if request.mimetype != "application/x-www-form-urlencoded":
            return
        if request.get_data(cache=True).count(b"&") >= app.config["MAX_FORM_PARTS"]:
            request.form = ImmutableMultiDict()  # nor does the page that refuses read them
            abort(413)

    csrf.init_app(app)
    hops = app.config["PROXY_HOPS"]
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    if app.config["SESSION_COOKIE_SECURE"]:
        HEADERS["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    @app.before_request
    def refuse_foreign_writes():
        """A browser says where a write comes from; what says it comes from elsewhere is refused before its token is read."""
        if request.method in SAFE_METHODS:
            return
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            abort(403)
        origin = request.headers.get("Origin")
        if origin and origin != "null" and host_of(origin) != request.host:
            abort(403)

    @app.after_request
    def add_headers(response):
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response
