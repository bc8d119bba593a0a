"""R01: where one is sent after logging in. Every value is resolved as a browser resolves it (WHATWG), and none leaves the site."""

import re
from urllib.parse import quote

import pytest

from tests.accounts.people import log_in, make_account

EVIL = "evil.example"
SPACES = [
    "\t",
    "\n",
    "\r",
    "\x0b",
    "\x0c",
    " ",
    "\x00",
    "\x1f",
    "\x7f",
    "\u00a0",
    "\u2028",
    "\u3000",
    "\ufeff",
    "%09",
    "%0a",
    "%0d",
    "%20",
    "%00",
]
SLASHES = [
    "/",
    "//",
    "///",
    "////",
    "\\",
    "\\\\",
    "/\\",
    "\\/",
    "\\/\\/",
    "/\\/",
    "//\\",
    "\\\\\\",
    "/\t/",
    "/\n/",
    "/\r/",
    "/ /",
    "\t//",
    " //",
    "\x00//",
    "/.//",
    "/..//",
    "/%2f/",
    "/%5c",
    "%2f%2f",
    "%5c%5c",
]
SCHEMES = [
    "http:",
    "https:",
    "HTTP:",
    "hTTps:",
    "http:/",
    "https:/",
    "http:///",
    "https:\\\\",
    "https:\\",
    "http:\\/",
    "ftp://",
    "ws://",
    "file:///",
    "blob:https://",
    "view-source:https://",
    "about:",
    "mailto:",
    "javascript:",
    "JaVaScRiPt:",
    "java\tscript:",
    "java\nscript:",
    "data:text/html,",
    "vbscript:",
    "http:\t//",
    "ht\ttp://",
    "https://localhost@",
    "https://localhost:80@",
    "https://localhost%40",
    "//localhost@",
    "//localhost:x@",
    "http://localhost.",
    "http://localhost:1@",
    "http://localhost\\@",
    "http://localhost#@",
    "http://localhost?@",
]
WHOLE = [
    f"//{EVIL}", f"///{EVIL}", f"/\\{EVIL}", f"\\{EVIL}", f"https://{EVIL}", f"http://localhost.{EVIL}", f"http://localhost{EVIL}", f"{EVIL}", f".{EVIL}", f"@{EVIL}", f":{EVIL}",
    f"https:{EVIL}", f"http:/{EVIL}", "//localhost\\@evil.example", "//\u24d4vil.example", "//evil\u3002example", "https://evil\uff0eexample", "//[::1]", "//127.0.0.1", "//2130706433", "//0x7f.1", "http://[::ffff:7f00:1]/",
    "/\u2215/evil.example", "/\uff0f/evil.example", "/\uff0fevil.example", "\uff0f\uff0fevil.example", "/\u2044evil.example", "javascript:alert(1)", "javascript://localhost/%0aalert(1)", "data:text/html;base64,PHNjcmlwdD4=",
    "http://user:pass@localhost@evil.example/", "http://localhost:80:evil.example/", "//%65vil.example", "/%2f%2fevil.example", "/..//evil.example", "/./\\evil.example", "/a/..//evil.example", "..//evil.example", "?next=//evil.example", "#//evil.example",
    "", " ", "/", "/\r\nSet-Cookie: a=b", "/\r\n\r\n<script>", "/%0d%0aSet-Cookie:a=b", "http://", "https://", "//", "\\", "http:", "/" * 300 + EVIL, "http://[", "http://localhost]", "//[evil", "😀",
]  # fmt: skip
VALUES = list(
    dict.fromkeys(
        WHOLE
        + [f"{slashes}{EVIL}" for slashes in SLASHES]
        + [f"{scheme}{tail}" for scheme in SCHEMES for tail in (EVIL, f"//{EVIL}/")]
        + [f"{space}{start}{EVIL}" for space in SPACES for start in ("//", "/\\", "https://")]
        + [f"/{space}{start}{EVIL}" for space in SPACES for start in ("/", "\\")]
        + [f"/{space}{EVIL}" for space in SPACES]
        + [f"/debats/3{space}{start}{EVIL}" for space in SPACES for start in ("//", "\\\\")]
    )
)


def leaves(location: str) -> bool:
    """Does a browser that is at http://localhost/compte/connexion leave it? WHATWG: tabs and newlines vanish, edges are trimmed,
    a backslash is a slash, two slashes or a scheme begin another host."""
    address = re.sub(r"[\t\n\r]", "", location).strip("".join(map(chr, range(0x21))))
    scheme = re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", address)
    if scheme:
        if scheme[0].lower() not in {"http:", "https:"}:
            return True
        host = re.split(r"[/?#]", address[len(scheme[0]) :].replace("\\", "/").lstrip("/"))[0]
        return host != "localhost"
    return address.replace("\\", "/").startswith("//")


def test_the_model_of_a_browser_knows_the_tricks():
    assert all(map(leaves, ["//x", "/\\x", "\\\\x", "/\t/x", " //x", "https:x", "java\nscript:x", "http://localhost@x"]))
    assert not any(map(leaves, ["/", "/a//b", "/a?b=//x", "http://localhost/a", "a"]))


def test_there_are_enough_of_them():
    assert len(VALUES) >= 259


def test_no_value_of_next_leaves_the_site(client):
    make_account()
    escaped = []
    for value in VALUES:
        answer = log_in(client, next=value)
        assert answer.status_code == 302, value
        assert "\n" not in answer.location
        assert "\r" not in answer.location
        if leaves(answer.location):
            escaped.append((value, answer.location))
        answer = client.get(f"/compte/connexion?next={quote(value.encode('utf-8', 'surrogatepass'))}")  # logged in already: sent on at once
        if answer.location is None:
            assert (answer.status_code, "\0" in value) == (400, True)  # no address of ours holds a NUL
        elif leaves(answer.location):
            escaped.append((value, answer.location))
        client.post("/compte/deconnexion")
    assert escaped == []


@pytest.mark.parametrize("value", ["/debats/3", "/recherche?q=v%C3%A9lo&page=2", "/territoires/tourcoing/", "http://localhost/debats/3"])
def test_a_page_of_ours_is_where_one_goes(client, value):
    make_account()
    assert log_in(client, next=value).location == value.removeprefix("http://localhost")
