"""A person's browser, as far as measurements need one: cookies, and forms sent as the page gives them."""

import http.client
import re
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode

INPUT = re.compile(r"<input\b[^>]*>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


class Browser:
    def __init__(self, port: int):
        self.port = port
        self.cookies: dict[str, str] = {}

    def request(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, text, and where it leads."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Cookie": self.cookie} if self.cookies else {}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urlencode(fields) if fields is not None else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        connection.close()
        return answer.status, text, answer.headers.get("Location", "")

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def log_in(self, email: str, password: str) -> None:
        _status, page, _ = self.request("GET", "/compte/connexion")
        status, _text, _ = self.request("POST", "/compte/connexion", hidden_fields(page) | {"email": email, "password": password})
        if status not in {302, 303}:
            raise SystemExit(f"logging in as {email} was answered {status}")

    def token(self, path: str) -> str:
        """The CSRF token this session's forms carry."""
        fields = hidden_fields(self.request("GET", path)[1])
        if "csrf_token" not in fields:
            raise SystemExit(f"{path} holds no form")
        return fields["csrf_token"]


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of the page's forms; the last of one name counts."""
    found = {}
    for tag in INPUT.findall(page):
        attributes = dict(ATTRIBUTE.findall(tag))
        if attributes.get("type") == "hidden" and "name" in attributes:
            found[attributes["name"]] = unescape(attributes.get("value", ""))
    return found
