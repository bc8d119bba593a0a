import time

from hypothesis import given
from hypothesis import strategies as st

from app.core.differences import differences


def test_what_changed_is_told_in_words():
    assert differences("Trois murs et la cheminée.", "Deux murs et la cheminée.") == [
        ("gone", "Trois"),
        ("new", "Deux"),
        ("same", " murs et la cheminée."),
    ]


def test_words_changed_side_by_side_read_as_one_change():
    """Seen red without `readable`: five stretches for three words."""
    assert differences("Le maire marche vite.", "Un élu court vite.") == [
        ("gone", "Le maire marche"),
        ("new", "Un élu court"),
        ("same", " vite."),
    ]


@given(st.text(max_size=300), st.text(max_size=300))
def test_both_texts_can_be_read_back(before, after):
    found = differences(before, after)
    assert "".join(text for what, text in found if what != "new") == before
    assert "".join(text for what, text in found if what != "gone") == after


def test_two_long_texts_are_compared_in_bounded_time():
    """D02: 20,000 signs on each side, in the worst order for the comparison."""
    started = time.process_time()
    for before, after in (("ab " * 6_600, "ba " * 6_600), ("a\n" * 10_000, "b\na\n" * 5_000), ("x " * 1_400 + "y", "y" + "x " * 1_400)):
        differences(before, after)
    assert time.process_time() - started < 2
