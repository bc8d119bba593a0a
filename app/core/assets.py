"""Style sheets, scripts and pictures, at addresses that change with their content and may be kept for a year.

A page asks for two files only, `css/site.css` and `js/site.js` (the map and the desk for two more), joined here when the application
starts. No build step.
"""

import gzip
import mimetypes
import re
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import brotli
import flask_bootstrap
import js_lib_leaflet
from flask import Flask, Response, abort, current_app, request, url_for

STATIC = Path(__file__).parent.parent / "static"
BOOTSTRAP = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5" / "css" / "bootstrap.min.css"
LEAFLET = Path(js_lib_leaflet.__file__).parent / "static" / "js_lib_leaflet"

# What a joined file is made of, in order: Bootstrap, then the tokens it reads, then one file a component.
SHEETS = ["tokens", "base", "frame", "form", "state", "list", "page", "votes", "catalogue", "chart", "related", "print"]
JOINED = {
    "css/site.css": [BOOTSTRAP, *(STATIC / "css" / f"{name}.css" for name in SHEETS)],
    "js/site.js": [STATIC / "js" / "site.js", STATIC / "js" / "complete.js", STATIC / "js" / "near.js"],
    "css/desk.css": [STATIC / "css" / "desk.css"],  # for who moderates
    "css/map.css": [LEAFLET / "leaflet.css", STATIC / "css" / "map.css"],  # one page draws a map
    "js/map.js": [LEAFLET / "leaflet.js", STATIC / "js" / "map.js"],
}
YEAR = "public, max-age=31536000, immutable"

_hashed = re.compile(r"(.+)\.[0-9a-f]{12}(\.\w+)\Z")
_comment = re.compile(r"/\*(?!!).*?\*/", re.DOTALL)
_indent = re.compile(r"\s*\n\s*")
_around = re.compile(r" *([{};]) *")  # no text of ours (`content:`) holds one of these


@dataclass(frozen=True)
class Asset:
    name: str
    body: bytes

    @cached_property
    def digest(self) -> str:
        return sha256(self.body).hexdigest()[:12]

    @cached_property
    def address(self) -> str:
        """`css/site.css` → `css/site.1f2e3d4c5b6a.css`."""
        stem, _, ending = self.name.rpartition(".")
        return f"{stem}.{self.digest}.{ending}"

    @cached_property
    def is_text(self) -> bool:
        return self.name.endswith((".css", ".js", ".svg", ".webmanifest"))

    @cached_property
    def as_brotli(self) -> bytes:
        return brotli.compress(self.body, quality=9)

    @cached_property
    def as_gzip(self) -> bytes:
        return gzip.compress(self.body, mtime=0)

    def encoded(self, accepted) -> tuple[bytes, str | None]:
        if self.is_text and accepted["br"]:
            return self.as_brotli, "br"
        if self.is_text and accepted["gzip"]:
            return self.as_gzip, "gzip"
        return self.body, None


def read_all() -> dict[str, Asset]:
    """Every file of `static/` but those that only exist to be joined, and the joined ones."""
    parts = {path for paths in JOINED.values() for path in paths}
    files = [path for path in sorted(STATIC.rglob("*")) if path.is_file() and path not in parts]
    single = {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in files}
    joined = {name: "\n".join(_lighter(path) for path in paths).encode() for name, paths in JOINED.items()}
    return {name: Asset(name, body) for name, body in (single | joined).items()}


def _lighter(path: Path) -> str:
    """The text without what only its authors read. Licence comments, `/*!`, stay."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".css":
        return text
    return _around.sub(r"\1", _indent.sub("\n", _comment.sub("", text))).strip()


def known() -> dict[str, Asset]:
    """Read once; again at each request while one is drawing."""
    if current_app.debug:
        return read_all()
    assets: dict[str, Asset] = current_app.extensions["assets"]
    return assets


def asset(name: str) -> str:
    """The address of a file of `static/`, good for a year."""
    return url_for("static", filename=known()[name].address)


def serve(filename: str) -> Response:
    assets = known()
    parts = _hashed.match(filename)
    found = assets.get(parts[1] + parts[2]) if parts else assets.get(filename)
    if found is None:
        abort(404)
    body, coding = found.encoded(request.accept_encodings)
    response = Response(body, mimetype=mimetypes.guess_type(found.name)[0] or "application/octet-stream")
    # An older address, in a page someone kept open, gets today's file, but must not keep it under that name.
    response.headers["Cache-Control"] = YEAR if filename == found.address else "no-cache"
    response.headers["Vary"] = "Accept-Encoding"
    if coding:
        response.headers["Content-Encoding"] = coding
    response.set_etag(f"{found.digest}-{coding or 'plain'}")
    response.make_conditional(request)
    return response


def init_app(app: Flask) -> None:
    app.extensions["assets"] = read_all()
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=serve)
    app.add_template_global(asset)
