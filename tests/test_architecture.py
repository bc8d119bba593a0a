"""The map in app/__init__.py is true, and every table says what it does with people's data."""

import ast
import re
from pathlib import Path

import pytest

from app import LAYERS
from app.core.db import Base

LINE = {name: number for number, line in enumerate(LAYERS) for name in line.split()}
ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(path.relative_to(ROOT) for name in LINE for path in (ROOT / "app" / name).rglob("*.py"))
PARTED = {
    "archives.py",
    "facets.py",
    "importing.py",
    "lines.py",
    "moments.py",
    "otherwise.py",
    "places.py",
    "waiting.py",
}  # from queries, services
DOMAIN = [path for path in MODULES if path.name in {"models.py", "rules.py", "services.py", "queries.py"} | PARTED]


def imports(path):
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
            if node.module == "app":
                yield from (f"app.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_point_up_the_page(path):
    here = path.parts[1]
    there = {name.split(".")[1] for name in imports(path) if name.startswith("app.")} - {here}
    assert {name for name in there if LINE[name] >= LINE[here]} == set()


# Letters that are templates (notifications) may know Flask; others, its settings.
MAY_KNOW_FLASK = {Path("app/notifications/services.py")}


@pytest.mark.parametrize("path", [path for path in DOMAIN if path not in MAY_KNOW_FLASK], ids=str)
def test_the_domain_does_not_import_flask(path):
    nodes = [node for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.ImportFrom) and node.module == "flask"]
    assert {alias.name for node in nodes for alias in node.names} <= {"current_app"}


def test_every_folder_of_the_code_is_on_the_map():
    found = {path.name for path in (ROOT / "app").iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert found - {"templates", "static", "translations"} == set(LINE)


def test_every_package_says_what_it_is():
    for name in LINE:
        assert ast.get_docstring(ast.parse((ROOT / "app" / name / "__init__.py").read_text())), name


def test_a_relationship_owns_what_it_leads_to_or_is_only_for_reading(app):
    """Each that could be written costs every flush of its model; what is written here is its column."""
    known = {str(each): each for mapper in Base.registry.mappers for each in mapper.relationships}
    assert len(known) > 40
    assert [name for name, each in known.items() if not (each.viewonly or each.back_populates)] == []


def test_every_table_says_what_it_does_with_peoples_data(app):
    silent = [mapper.class_.__name__ for mapper in Base.registry.mappers if "__personal__" not in vars(mapper.class_)]
    assert silent == []


@pytest.mark.parametrize("path", sorted((ROOT / "app").rglob("*.html")), ids=lambda path: path.name)
def test_templates_hold_nothing_unsafe(path):
    text = path.read_text()
    for banned in ("|safe", "| safe", "<script>", "onclick=", "javascript:"):
        assert banned not in text, banned
    assert not re.search(r"<[a-z][^>]*\s(style|on[a-z]+)=", text), "the policy forbids it"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_code_holds_nothing_unsafe(path):
    text = (ROOT / path).read_text()
    for banned in ("render_template_string", ".populate_obj(", ".format(request", "pickle.loads"):
        assert banned not in text
    assert not re.search(r"\btext\(f['\"]", text), "SQL is never made of strings"
