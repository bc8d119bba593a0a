import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.search import highlight
from app.search.analysis import FRENCH, terms
from app.search.highlight import mark, passage

pytestmark = pytest.mark.no_database


def hits(pieces):
    return [text for text, is_hit in pieces if is_hit]


def test_found_words_are_marked_in_any_form():
    assert mark("Des vélos à l’école", terms("vélo écoles")) == [("Des ", False), ("vélos", True), (" à l’", False), ("école", True)]


def test_neighbours_make_one_piece():
    assert hits(mark("Une marche exploratoire, la nuit", terms("marches exploratoires"))) == ["marche exploratoire"]


def test_markup_stays_text():
    pieces = mark("<b>vélo</b>", terms("vélo"))
    assert pieces == [("<b>", False), ("vélo", True), ("</b>", False)]


def test_the_passage_is_where_the_words_stand_together():
    text = "Le vélo. " + "Autre chose encore. " * 60 + "Une école à vélo, chaque matin. " + "Rien de plus. " * 60
    pieces = passage(text, terms("vélo école"))
    shown = "".join(text for text, _ in pieces)
    assert hits(pieces) == ["école", "vélo"]
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert len(shown) < 260


def test_without_anything_found_the_passage_is_the_beginning():
    assert passage("Un début. " * 100, terms("vélo"))[0][0].startswith("Un début.")
    assert passage("Court.", ()) == [("Court.", False)]
    assert passage("", terms("vélo")) == []


@given(st.text(max_size=2000), st.lists(st.sampled_from(["velo", "a", "ecol"])))
def test_pieces_are_the_text_itself(text, wanted):
    assert "".join(piece for piece, _ in mark(text, wanted)) == text
    for piece, _ in passage(text, wanted, 50):
        assert piece in text or piece.strip() in {"…", ""} or piece.removeprefix("… ").removesuffix(" …") in text


def test_spellings_are_forgotten_before_they_weigh_and_met_again(monkeypatch):
    """Seen red with what is met again not looked at again."""
    monkeypatch.setattr(highlight, "MOST_SPELLINGS", 3)
    for text in ("Un Vélo bleu", "Vélo vert et jaune", "Vélo rouge, Vélo noir"):
        assert "Vélo" in [piece for piece, is_hit in mark(text, ["velo"]) if is_hit]
        assert len(highlight._spellings[FRENCH].met) <= 4


def test_a_passage_counts_the_different_words_it_shows():
    text = "Le vélo, le vélo encore. " + "rien " * 200 + "Une école."
    assert highlight.passage_and_terms(text, ["velo", "ecol"])[1] == 1
    assert highlight.passage_and_terms("Une école et un vélo", ["velo", "ecol"])[1] == 2
