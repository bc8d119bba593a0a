import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.search.grammar import MOST_TERMS, parse

pytestmark = pytest.mark.no_database


def words(text):
    return [word.term for word in parse(text).words]


def phrases(text):
    return [phrase.as_text for phrase in parse(text).phrases]


def test_words_are_alternatives():
    assert words("vélos École") == ["velo", "ecol"]


def test_all_kinds_of_quotes_make_phrases():
    for text in ('"budget participatif"', "« budget participatif »", "“budget participatif”"):
        assert phrases(text) == ["budget participati"]
        assert words(text) == []


def test_a_phrase_keeps_room_for_its_stop_words():
    assert phrases("« droit à l’oubli »") == ["droit   oubli"]


def test_a_minus_excludes_a_word_or_a_phrase():
    query = parse('ville -voiture -"parking relais"')
    assert query.excluded_terms == ("voitu",)
    assert [phrase.as_text for phrase in query.excluded_phrases] == ["parking relai"]
    assert words("ville -voiture") == ["vil"]


def test_a_hyphen_inside_of_a_word_excludes_nothing():
    assert words("éco-quartier") == ["eco", "quarti"]
    assert parse("éco-quartier").excluded_terms == ()


@pytest.mark.parametrize(
    ("text", "prefixes"),
    [("plan vél", ["vel"]), ("plan vél ", []), ("plan vé", []), ('plan "vélo"', []), ("plan -vélo", []), ("éco-quart", ["quart"])],
)
def test_the_word_being_typed_is_a_beginning_from_three_letters(text, prefixes):
    assert [word.folded for word in parse(text).words if word.is_prefix] == prefixes


def test_an_unclosed_quote_is_only_a_sign():
    assert words('"budget participatif') == ["budget", "participati"]


def test_no_more_than_twelve_terms_are_looked_for():
    query = parse(" ".join(f"mot{n}" for n in range(30)))
    assert len(query.words) == MOST_TERMS
    assert query.is_cut


@pytest.mark.parametrize("text", ["", "   ", None])
def test_nothing_typed_asks_for_everything(text):
    assert parse(text).is_empty
    assert not parse(text).is_unsearchable


@pytest.mark.parametrize("text", ["de la", "?!", "-", '""', "« »", "*", "--"])
def test_what_cannot_be_looked_for_is_said_so(text):
    assert parse(text).is_unsearchable


@pytest.mark.parametrize("text", ["kind:draft", "territory:*", "*a*", "[a TO z]", "vélo~3", "vélo^9", "(a OR b) AND NOT c", "title:{aaa"])
def test_the_syntax_of_engines_means_nothing(text):
    query = parse(text)
    assert not query.phrases
    assert all(word.term.isalnum() for word in query.words)


@given(st.text(max_size=600))
def test_any_text_is_understood(text):
    query = parse(text)
    count = len(query.words) + len(query.excluded_terms) + sum(len(phrase.terms) for phrase in query.phrases + query.excluded_phrases)
    assert count <= MOST_TERMS
    assert all(term.isalnum() for term in query.looked_for)
    for phrase in query.phrases:
        assert phrase.terms[0][1] == 0
