"""Compiled templates are kept for the code and the source they come from, and only for them."""

import shutil

import pytest
from jinja2 import DictLoader, Environment

from app.core.templates import Compiled, state_of

pytestmark = pytest.mark.no_database


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """Render as a new process would; says what came out and how many templates it compiled."""
    count = []
    real = Environment.compile
    monkeypatch.setattr(Environment, "compile", lambda *given, **named: count.append(1) or real(*given, **named))

    def render(source, code="today", folder=tmp_path):
        count.clear()
        environment = Environment(loader=DictLoader({"page": source}), bytecode_cache=Compiled(folder, code), autoescape=True)
        return environment.get_template("page").render(word="<b>"), len(count)

    return render


def test_a_second_start_compiles_nothing_again(compiled):
    assert compiled("Bonjour {{ word }}") == ("Bonjour &lt;b&gt;", 1)
    assert compiled("Bonjour {{ word }}") == ("Bonjour &lt;b&gt;", 0)


def test_another_source_or_other_code_is_compiled_anew_in_its_place(compiled, tmp_path):
    compiled("Bonjour {{ word }}")
    assert compiled("Bonsoir {{ word }}") == ("Bonsoir &lt;b&gt;", 1)
    assert compiled("Bonsoir {{ word }}", code="tomorrow") == ("Bonsoir &lt;b&gt;", 1)
    assert compiled("Bonsoir {{ word }}", code="tomorrow")[1] == 0
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_went_away_or_a_file_cut_short_breaks_no_page(compiled, tmp_path):
    folder = tmp_path / "templates"
    folder.mkdir()
    compiled("Bonjour", folder=folder)
    (kept,) = folder.iterdir()
    kept.write_bytes(kept.read_bytes()[:40])
    assert compiled("Bonjour", folder=folder) == ("Bonjour", 1)
    shutil.rmtree(folder)
    assert compiled("Bonjour", folder=folder) == ("Bonjour", 1)


def test_the_state_of_the_code_changes_with_each_of_its_files(tmp_path):
    (tmp_path / "one.py").write_text("1")
    first = state_of(tmp_path)
    assert state_of(tmp_path) == first
    (tmp_path / "two.py").write_text("2")
    second = state_of(tmp_path)
    (tmp_path / "two.py").write_text("22")
    assert len({first, second, state_of(tmp_path)}) == 3
