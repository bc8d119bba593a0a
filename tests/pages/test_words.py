"""Every French text a person reads goes through the catalogue, spelt with the spaces French wants."""

import ast
import io
import re
import tomllib
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import app as package

pytestmark = [pytest.mark.no_database]
ROOT = Path(package.__file__).parent
MAPPINGS = tomllib.loads((ROOT.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["babel"][
    "mappings"
]  # as `pybabel extract` reads it
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
UNSHOWN = ("home/templates/home/showcase/", "home/templates/home/components.html", "home/showcase.py")  # samples, in development only
FRENCH = re.compile(r"[^\W\d_]{2,}")
SPACES = re.compile("« | »|[\\w»)’] [;!?](?!\\w)|[\\w»)] :(?:\\s|$)|\\d [%€]")
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
TAG = re.compile(r"<(?:!--.*?--|[^>]*)>", re.DOTALL)
SPOKEN = re.compile(r"""\b(?:alt|aria-label|title|placeholder|content)="([^"{]*[^\W\d_]{3,}[^"{]*)\"""")
SAME_EVERYWHERE = {"Beffroi", "Open", "CSV", "JSON", "Atom", "html", "lang", "utf", "doctype", "width", "device", "initial", "scale"}
NAMES = {"noindex", "noindex, follow", "width=device-width, initial-scale=1"}


def shown(path: Path) -> bool:
    return not path.relative_to(ROOT).as_posix().startswith(UNSHOWN)


@pytest.fixture(scope="module")
def messages():
    """(file, line, message) of everything the catalogue takes."""
    found = []
    methods = [(each["pattern"].removeprefix("app/"), each["method"]) for each in MAPPINGS]
    for name, line, message, _comments, _context in extract_from_dir(ROOT, method_map=methods, keywords=KEYWORDS):
        found += [(name, line, each) for each in (message if isinstance(message, tuple) else (message,)) if each]
    return found


def test_the_catalogue_takes_the_texts_of_every_package(messages):
    assert len({text for _, _, text in messages}) > 800
    packages = {name.split("/")[0] for name, _, _ in messages}
    assert {
        "accounts",
        "consultations",
        "debates",
        "initiatives",
        "moderation",
        "projects",
        "search",
        "territories",
        "templates",
    } <= packages


def test_messages_make_a_catalogue(messages):
    """Placeholders are well formed: what was extracted can be written, read and compiled."""
    from babel.messages.catalog import Catalog

    catalogue = Catalog(locale="fr")
    for name, line, text in messages:
        catalogue.add(text, locations=[(name, line)])
    written = io.BytesIO()
    write_po(written, catalogue)
    written.seek(0)
    read = read_po(written, locale="fr")
    assert len(read) == len(catalogue)
    write_mo(io.BytesIO(), read)


def test_french_spaces_are_narrow_and_do_not_break(messages):
    assert [(name, line, text) for name, line, text in messages if SPACES.search(text) and shown(ROOT / name)] == []


@pytest.mark.parametrize("path", [p for p in sorted(ROOT.rglob("templates/**/*.html")) if shown(p)], ids=lambda p: p.name)
def test_a_template_says_nothing_outside_of_the_catalogue(path):
    text = path.read_text(encoding="utf-8")
    bare = TAG.sub(" ", JINJA.sub(" ", re.sub(r"<(svg|code).*?</\1>", " ", text, flags=re.DOTALL)))
    bare = re.sub(r"[\w-]+=\"[^\"]*\"", " ", bare)  # a macro may write the attributes of a tag
    assert [word for word in FRENCH.findall(bare) if word not in SAME_EVERYWHERE] == []
    spoken = [found for found in SPOKEN.findall(JINJA.sub("{}", text)) if found not in NAMES]
    assert spoken == []
    code = " ".join(found for found in JINJA.findall(text) if not found.startswith("{#"))
    said = re.sub(r"\b(?:_|ngettext)\((?:\s*\"(?:[^\"\\]|\\.)*\",?){1,2}", " ", code)
    french = [found for found in re.findall(r"\"((?:[^\"\\]|\\.)*)\"", said) if is_french(found)]
    assert french == []


def is_french(text: str) -> bool:
    """A sentence or a word with an accent: names of classes, addresses and keys are neither."""
    return bool(re.search(r"[àâçèéêëîïôùûüœÀÇÈÉÊ’«»]", text)) or bool(re.search(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}.*\.$", text))


REFUSALS = {"DomainError", "Conflict", "ValidationError", "flash"}
LABELLED = re.compile(r"^(?:\w*Field|SelectChoice|InputRequired|Length|NumberRange|menu|facet)$")


@pytest.mark.parametrize("path", [p for p in sorted(ROOT.rglob("*.py")) if shown(p)], ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_refusal_a_label_or_a_message_goes_through_the_catalogue(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in REFUSALS or LABELLED.match(name):
                given = [*node.args, *(each.value for each in node.keywords)]
                bare += [
                    (node.lineno, each.value)
                    for each in given
                    if isinstance(each, ast.Constant) and isinstance(each.value, str) and is_said(each.value)
                ]
                bare += [(node.lineno, "f-string") for each in given if isinstance(each, ast.JoinedStr) and name in REFUSALS]
    assert bare == []


def is_said(text: str) -> bool:
    return is_french(text) or (" " in text and text[:1].isupper())
