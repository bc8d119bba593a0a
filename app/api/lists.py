"""One list, in HTML, JSON and CSV: the same rows, the same count, the same pages."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from app.api.tables import csv_response
from app.core.pages import Page

Table = tuple[Sequence[str], Iterable[Any]]


def listing(blueprint: Blueprint, path: str, *, csv: bool = False, **options: Any) -> Callable[[Callable], Callable]:
    """Register a list view at `path`, and at its `.json` (and `.csv`): `/projets/` and `/projets.json`."""

    def register(view: Callable) -> Callable:
        blueprint.add_url_rule(path, view.__name__, view, **options)
        for ending in ("json", "csv") if csv else ("json",):
            blueprint.add_url_rule(f"{path.rstrip('/')}.{ending}", f"{view.__name__}_{ending}", view, **options)
        return view

    return register


def describe_page(page: Page, describe: Callable[[Any], dict[str, Any]], **more: Any) -> dict[str, Any]:
    """`{"total", "page", "pages", "items"}` and whatever else the list says (`facets`…)."""
    return page.as_json(describe) | more


def negotiated(
    page: Page,
    *,
    describe: Callable[[Any], dict[str, Any]],
    template: str,
    table: Callable[[], Table] | None = None,
    filename: str = "liste",
    more: dict[str, Any] | None = None,
    **context: Any,
) -> ResponseReturnValue:
    """The answer the address asks for. `table` gives the columns and all the rows of the CSV, not those of one page;
    `more` goes into the JSON, `context` into the template."""
    if request.path.endswith(".json"):
        return jsonify(describe_page(page, describe, **(more or {})))
    if table and request.path.endswith(".csv"):
        columns, rows = table()
        return csv_response(rows, columns, filename)
    return render_template(template, page=page, **(more or {}), **context)
