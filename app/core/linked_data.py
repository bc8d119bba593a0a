"""What a page says of itself to programs that read it: schema.org, in JSON-LD, in a script that runs nothing.

A feature says it of its own things, and a template prints it:

    @describes("debate")
    def debate_data(debate, *, arguments): return {"@type": …, "url": absolute(…)}

    {% block head %}{{ linked_data("debate", debate, arguments=12) }}{% endblock %}

Only what the page shows to everyone goes in: it is kept with the page. A description may be None: nothing is printed.
People's own pages, forms, and what robots are asked to leave (search) say nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Flask, current_app, request
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

Describer = TypeVar("Describer", bound=Callable[..., dict[str, Any] | None])
_describers: dict[str, Callable[..., dict[str, Any] | None]] = {}


def describes(*names: str) -> Callable[[Describer], Describer]:
    """Register the function that describes these things: its arguments are those that templates give."""

    def register(function: Describer) -> Describer:
        for name in names:
            assert _describers.get(name, function) is function, f"{name} is already described"
            _describers[name] = function
        return function

    return register


def described(name: str, *args: Any, **facts: Any) -> dict[str, Any] | None:
    """What is said of it, what is empty left out; None when there is nothing to say to everyone."""
    about = _describers[name](*args, **facts)
    if about is None:
        return None
    return {"@context": "https://schema.org", **{key: value for key, value in about.items() if value not in (None, "", [])}}


def linked_data(name: str, *args: Any, **facts: Any) -> Markup:
    """The script that holds it. `<`, `>`, `&` and `'` are written as escapes of JSON in it: no text can end it."""
    about = described(name, *args, **facts)
    if about is None:
        return Markup()
    return Markup('<script type="application/ld+json">%s</script>') % htmlsafe_json_dumps(about, dumps=current_app.json.dumps)


def absolute(path: str) -> str:
    """The address of a page of ours, under the name the operator gave the site."""
    return current_app.config["BASE_URL"] + path


@describes("page")
def page_data(name: str, path: str | None = None) -> dict[str, Any]:
    """A page that stands for itself, at `path` or else at the address one is at."""
    url = absolute(path or quote(request.path))
    return {"@type": "WebPage", "name": name, "url": url, "inLanguage": "fr", "isPartOf": {"@type": "WebSite", "@id": absolute("/")}}


def list_data(name: str, path: str, paths: Iterable[str], total: int, start: int = 1) -> dict[str, Any]:
    """A list at `path`: the addresses on this page, the first being number `start` of `total`."""
    items = [{"@type": "ListItem", "position": place, "url": absolute(each)} for place, each in enumerate(paths, start)]
    entity = {"@type": "ItemList", "numberOfItems": total, "itemListElement": items}
    return {**page_data(name, path), "@type": "CollectionPage", "mainEntity": entity}


def init_app(app: Flask) -> None:
    app.add_template_global(linked_data)
