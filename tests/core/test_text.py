import json
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import text
from app.core.errors import DomainError
from tests.conftest import shared

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("Un **mot** et un *autre*", "<p>Un <strong>mot</strong> et un <em>autre</em></p>"),
        ("- un\n- deux", "<ul>\n<li>un</li>\n<li>deux</li>\n</ul>"),
        ("<b>brut</b>", "<p>&lt;b&gt;brut&lt;/b&gt;</p>"),
        ("[ici](javascript:alert(1))", "<p>[ici](javascript:alert(1))</p>"),
        ("![x](https://example.org/x.png)", '<p>!<a href="https://example.org/x.png" rel="nofollow noopener ugc">x</a></p>'),
        (
            "Voir https://example.org/a.",
            '<p>Voir <a href="https://example.org/a" rel="nofollow noopener ugc">https://example.org/a</a>.</p>',
        ),
        ("Voir data.gouv.fr", "<p>Voir data.gouv.fr</p>"),
        ("", ""),
    ],
)
def test_markdown_becomes_clean_html(source, html):
    assert text.from_markdown(source) == html


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ("<script>alert(1)</script><p>Oui</p>", "<p>Oui</p>"),
        ('<p onclick="x()" style="color:red">Oui</p>', "<p>Oui</p>"),
        ('<a href="JaVaScRiPt:x">a</a>', '<a rel="nofollow noopener ugc">a</a>'),
        ("<h1>Titre</h1><b>gras</b>", "<h2>Titre</h2><strong>gras</strong>"),
        ("<p><strong> </strong></p><p>Oui</p>", "<p>Oui</p>"),
        ("<p>a\x00b\u202ec</p>", "<p>abc</p>"),
    ],
)
def test_html_is_cleaned(html, cleaned):
    assert text.rich(html) == cleaned


@given(st.text(max_size=400))
def test_cleaning_twice_is_cleaning_once(source):
    if any(0xD800 <= ord(sign) <= 0xDFFF for sign in source):
        return
    once = text.rich(source)
    assert text.rich(once) == once


def test_the_hostile_strings_leave_nothing_that_runs():
    """X01, on every naughty string; the thousands of payloads are swept in bench/hostile.py."""
    for naughty in json.loads(shared("corpus/hostile/naughty-strings.json").read_text()):
        if any(0xD800 <= ord(sign) <= 0xDFFF for sign in naughty):
            continue
        html = text.rich(naughty).lower()
        assert "<script" not in html
        assert not re.search(r"<[^>]*(javascript:|\son\w+=)", html)


def test_a_text_too_long_is_refused_before_anything_reads_it():
    with pytest.raises(DomainError, match="trop long"):
        text.rich("<" * 70_000)


def test_a_lone_surrogate_is_refused_with_a_sentence():
    with pytest.raises(DomainError, match="signe"):
        text.tidy("a\ud800b")


@pytest.mark.parametrize(
    "bomb", ["<b " + "a=1 " * 15_000, "<" * 60_000, "&" * 60_000, "<div>" * 12_000, "[" * 60_000, "> " * 30_000, "*a" * 30_000]
)
def test_bombs_are_cut_and_come_out_clean(bomb):
    """D02: what they cost is measured in bench/hostile.py. What grows longer than anything we keep is refused."""
    for make in (text.rich, text.from_markdown):
        with suppress(DomainError):
            assert "<script" not in make(bomb)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Plan vélo : 2ᵉ phase", "plan-velo-2e-phase"),
        ("Cœur de ville", "coeur-de-ville"),
        ("мой", ""),
        ("--a--", "a"),
        ("é" * 200, "e" * 80),
    ],
)
def test_slugs(title, slug):
    assert text.slugify(title) == slug


def test_shorten_cuts_between_words():
    assert text.shorten("un deux trois quatre", 12) == "un deux …"
    assert text.shorten("court", 12) == "court"
