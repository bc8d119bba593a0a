"""Reading answers: what is random in a page, apart from what it says."""

import re

_random = re.compile(r'name="(?:_once|csrf_token)"[^>]* value="[^"]*"|value="[^"]*"[^>]*name="(?:_once|csrf_token)"')


def said(response, *ids: int) -> tuple[int, str, str]:
    """Status, where it leads, and the page, without random keys; `ids` read alike wherever they stand alone."""
    location, text = response.headers.get("Location", ""), _random.sub("", response.text)
    for number in ids:
        location, text = (re.sub(rf"(?<!\d){number}(?!\d)", "ID", each) for each in (location, text))
    return response.status_code, location, text
