"""What a machine points at, what looks alike, and how a text is cut in passages: pure functions."""

import gzip
import inspect
import json
import re

import pytest

from app.core.text import LIMIT, plain
from app.moderation.desk import assistants, detections, passages, similar, slurs
from app.moderation.desk.detections import detect
from tests.conftest import shared

pytestmark = [pytest.mark.no_database]


def seen(text):
    return [(found.kind, text[found.start : found.end]) for found in detect(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Appelez le 06 39 98 21 07.", [("phone", "06 39 98 21 07")]),
        ("+33 6 39 98 21 07 ou 0033639982107", [("phone", "+33 6 39 98 21 07"), ("phone", "0033639982107")]),
        ("Écrire à jean.dupont@mairie.example.fr.", [("email", "jean.dupont@mairie.example.fr")]),
        ("Voir https://spam.example/offre?x=1).", [("link", "https://spam.example/offre?x=1")]),
        ("Il habite 12 bis, rue de Gand, 59200 Tourcoing.", [("address", "12 bis, rue de Gand, 59200 Tourcoing")]),
        ("RENDEZ L’ARGENT DU CONTRIBUABLE TOUT DE SUITE !", [("capitals", "RENDEZ L’ARGENT DU CONTRIBUABLE TOUT DE SUITE")]),
        ("Quelle bande de Connards, tous des vendus", [("slur", "Connards"), ("slur", "vendus")]),
        ("Va te faire foutre", [("slur", "Va te faire foutre")]),
        ("Un projet débile", [("slur", "débile")]),  # « débile mental » is on the list too, and the text ends here
    ],
)
def test_what_is_pointed_at(text, expected):
    assert seen(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "La rue de Gand est belle, la place aussi.",
        "En 2024, 1 200 000 euros, référence 0 612 345 678 901.",
        "La SNCF et la RATP, EDF et la CAF.",
        "Le maire parle @ tous. Un consensus, un connaisseur, une conclusion.",
        "Un chien noir, une folle histoire, un sauvage magnifique.",
    ],
)
def test_what_is_not(text):
    assert seen(text) == []


def test_each_detection_says_why_and_a_text_is_read_to_a_limit():
    assert all(str(found.reason) for found in detect("06 39 98 21 07, connard, www.example.fr, a@b.fr"))
    assert detect("a" * LIMIT + " 06 39 98 21 07") == []
    assert len(detect("con " * 5000)) == detections.SHOWN


@pytest.mark.parametrize("end", ["", ".", " fin"])
def test_every_entry_of_the_list_is_found_whole_wherever_the_text_ends(end):
    for entry in slurs.entries():
        text = f"Quel {' '.join(entry)}{end}"
        assert ("slur", " ".join(entry)) in seen(text), entry
        for cut in range(5, len(text)):  # in the middle of a phrase too
            assert all(found.end <= cut for found in detect(text[:cut]))


def test_whatever_people_wrote_can_be_read_by_the_desk():
    """Real arguments and hostile strings: a help that fails would leave a case that nobody can decide."""
    with gzip.open(shared("corpus/republique-numerique.jsonl.gz"), "rt", encoding="utf-8") as lines:
        written = [plain(each["body"]) for line in lines for each in json.loads(line).get("arguments", [])]
    written += json.loads(shared("corpus/hostile/naughty-strings.json").read_text(encoding="utf-8"))
    assert len(written) > 4000
    for text in written:
        for reading in passages.read({"body_source": text}):
            assert "".join(piece.text for piece in reading.pieces) == text


def test_no_expression_can_be_made_to_go_back():
    """D05, by structure: no repetition inside of a repetition that has no bound, and every search starts afresh. The times are
    measured by `python -m bench.desk --hostile`."""
    for name, expression in vars(detections).items():
        if isinstance(expression, re.Pattern):
            assert "*" not in re.sub(r"\\.|\[[^\]]*\]", "", expression.pattern), name
            assert not re.search(r"\+\)[*+]", expression.pattern), name
    assert "re." not in inspect.getsource(detections.insults), "words are looked up, not searched"


CAMPAIGN = "Stop au béton, gardez la friche en jardin pour les enfants du quartier, on manque de nature ici."


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (CAMPAIGN, True),
        (CAMPAIGN + " Paul, voisin.", True),
        (CAMPAIGN.upper().replace("É", "E"), True),
        ("Un terrain de boules couvert serait utile aux anciens du quartier, surtout en hiver quand il pleut.", False),
        ("Merci !", False),
    ],
)
def test_texts_that_look_alike_share_a_band_and_most_of_their_words(other, alike):
    one, two = similar.signature(CAMPAIGN), similar.signature(other)
    assert bool(set(similar.bands(one)) & set(similar.bands(two))) is alike
    assert (similar.likeness(one, [two])[0] >= similar.ALIKE) is alike


def test_a_text_that_says_too_little_looks_like_nothing():
    assert similar.signature("Je suis pour.") == ""
    assert similar.bands("") == []
    assert similar.likeness(similar.signature(CAMPAIGN), [""]) == [0.0]


def test_pieces_put_end_to_end_are_the_text():
    text = "Le maire, 06 39 98 21 07, est un voleur.\n\nÀ demain 🙂 au 12, rue de Gand !"
    pieces = passages.read({"title": "", "body_source": text})[0].pieces
    assert "".join(piece.text for piece in pieces) == text
    assert all(text[piece.start :].startswith(piece.text) for piece in pieces)
    assert [piece.detection.kind for piece in pieces if piece.detection] == ["phone", "slur", "address"]


def test_sentences_know_where_they_stand():
    text = "Bonjour à tous. Qui a vendu ?\n\nMerci…  Fin"
    found = passages.sentences("body_source", text)
    assert [each.text for each in found] == ["Bonjour à tous.", "Qui a vendu ?", "Merci…", "Fin"]
    assert all(text[each.start : each.end] == each.text for each in found)


def test_spans_are_those_of_the_text_merged_and_nothing_else():
    fields = {"title": "Un titre", "body_source": "0123456789"}
    asked = [
        "body_source:5:8",
        "body_source:1:3",
        "body_source:2:4",
        "title:0:2",
        "body_source:8:99",
        "body_source:3:3",
        "state:0:1",
        "x",
        "body_source:²:3",
    ]
    assert passages.spans_of(asked, fields) == [("body_source", 1, 4), ("body_source", 5, 8), ("title", 0, 2)]


def test_words_typed_are_found_where_they_stand_or_said_to_be_missing():
    fields = {"title": "Qui a vendu ?", "body_source": "Le maire a vendu."}
    assert passages.typed("a vendu\n\nle préfet", fields) == (["title:4:11", "body_source:9:16"], ["le préfet"])


def test_words_said_twice_are_cut_twice_and_no_other_word_with_them():
    """Red before: a number that its author repeats stayed readable further down."""
    fields = {"title": "Appelez Ana", "body_source": "Ana : 06 12. Le canal ! Ana : 06 12."}
    found, missing = passages.typed("Ana\n06 12", fields)
    assert (found, missing) == (["title:8:11", "body_source:0:3", "body_source:24:27", "body_source:6:11", "body_source:30:35"], [])
    assert passages.typed("nal", fields) == (["body_source:18:21"], []), "a part of a word, when it stands nowhere else"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("We are a leading company and we have the best offer for you and your family this week", "language"),
        ("Achetez https://a.example https://b.example https://c.example maintenant", "spam"),
        ("promo promo promo promo promo promo promo promo rideaux", "spam"),
    ],
)
def test_an_assistant_says_what_it_saw(text, name):
    said = assistants.suggestions(text)
    assert [each.name for each in said] == [name]
    assert 0.5 <= said[0].score <= 1
    assert said[0].reason


@pytest.mark.parametrize(
    "text",
    [
        CAMPAIGN,
        "OK",
        "",
        "Le budget participatif de la ville : voir https://tourcoing.fr pour les dates, les lieux et le règlement complet.",
    ],
)
def test_assistants_are_silent_on_what_is_ordinary(text):
    assert assistants.suggestions(text) == []
