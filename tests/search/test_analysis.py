import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.search.analysis import analyser_of, fold, stem, term_of, terms, tokens

pytestmark = pytest.mark.no_database

# One line, one word in all its forms: they must meet.
SAME = """
vélo vélos velo velos Vélo VÉLOS
élu élus élue élues elu
journal journaux journals
participatif participative participatifs participatives
participation participations
public publique publics publiques
numérique numériques numerique
citoyen citoyenne citoyens citoyennes
professionnel professionnelle professionnels professionnelles
local locale locaux locales locals
régional régionaux régionale
bateau bateaux
niveau niveaux niveaus
jeu jeux
travail travaux
créer créée créées créé créés
créateur créatrice créateurs créatrices
acteur acteurs actrice
financier financière financiers financières
particulier particulière
heureux heureuse heureuses
œuvre œuvres oeuvre oeuvres
cœur coeur cœurs
progrès progrè progres
accès acces
égalité égalités egalite
bibliothèque bibliothèques
idée idées
rue rues
loi lois
été étés
"""
APART = [
    ("participation", "participer"),
    ("mer", "maire"),
    ("mai", "maire"),
    ("mairie", "maire"),
    ("ville", "village"),
    ("droit", "droite gauche"),
    ("banc", "banque"),
]


@pytest.mark.parametrize("line", SAME.strip().splitlines())
def test_the_forms_of_a_word_meet(line):
    assert len({term_of(word) for word in line.split()}) == 1


@pytest.mark.parametrize(("one", "other"), APART)
def test_different_words_stay_apart(one, other):
    assert terms(one) != terms(other)


def test_words_are_cut_on_apostrophes_and_hyphens_straight_or_curly():
    assert terms("l'école, l’éco-quartier d‘Hem") == terms("école éco quartier Hem")


def test_ligatures_and_compatibility_letters_are_folded():
    assert fold("Œuvre ﬁnale Ærø ½ ²") == "oeuvre finale aero 1⁄2 2"


def test_stop_words_are_dropped_but_keep_their_place():
    assert [(token.term, token.position) for token in tokens("Le droit à l’oubli")] == [("droit", 1), ("oubli", 4)]


def test_places_are_those_of_the_text_as_it_is():
    text = "Les œuvres dé\u0301composées, pour elles…"
    assert [text[token.start : token.end] for token in tokens(text)] == ["œuvres", "dé\u0301composées"]


def test_decomposed_text_gives_the_same_terms():
    text = "Égalité des élèves à l’école"
    assert terms(unicodedata.normalize("NFD", text)) == terms(text)


def test_short_words_and_figures_are_left_alone():
    assert [stem(word) for word in ("bus", "gaz", "2025", "rgaa", "pas")] == ["bus", "gaz", "2025", "rgaa", "pas"]


@given(st.text())
def test_any_text_gives_clean_terms_where_they_stand(text):
    found = list(tokens(text))
    assert [token.term for token in found] == terms(text)
    for token in found:
        assert token.term
        assert token.term.isalnum()
        assert len(token.term) <= 48
        assert 0 <= token.start < token.end <= len(text)
    assert [token.position for token in found] == sorted({token.position for token in found})


@pytest.mark.parametrize(
    "forms",
    [
        "city cities", "budget budgets budgeting budgeted", "participate participates participated participating", "plan planning planned plans",
        "house houses housing", "policy policies", "church churches", "class classes", "meeting meetings meet",
    ],
)  # fmt: skip
def test_the_forms_of_an_english_word_meet(forms):
    assert len({term_of(form, "en") for form in forms.split()}) == 1


@pytest.mark.parametrize(
    "words", ["speed sped", "this thesis", "bus business", "need needle", "policy police", "spring sprint", "hall hal"]
)
def test_different_english_words_stay_apart(words):
    assert len({term_of(word, "en") for word in words.split()}) == 2


@pytest.mark.parametrize(
    "forms", ["gemeente gemeenten", "burger burgers", "wijk wijken", "school scholen", "plan plannen", "straat straten"]
)
def test_the_forms_of_a_dutch_word_meet(forms):
    assert len({term_of(form, "nl") for form in forms.split()}) == 1


def test_each_language_has_its_small_words_and_an_unknown_one_has_none():
    assert terms("The car of our cities", "en") == ["car", "citi"]
    assert terms("Het plan van de wijk", "nl") == ["plan", "wijk"]
    assert terms("De la ciudad", "") == ["de", "la", "ciudad"]
    assert [analyser_of(language) for language in ("fr", "en-GB", "nl", "es", "")] == ["fr", "en", "nl", "", ""]
