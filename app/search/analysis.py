"""From text to terms: the one analyser that feeds both engines, the query and the highlights.

Words are cut on everything that is not a letter or a figure (apostrophes and hyphens included), folded to plain
lower-case ASCII where Unicode allows (é→e, œ→oe, ﬁ→fi), dropped if they are stop words, then brought to a light
French stem: plural, a few regular feminine endings, final r/e, doubled last letter. Stemming comes *after* folding,
because what people type rarely has its accents: « vélo » and « velos » must meet. The stemmer is deliberately light:
it joins the forms of one word, not the words of one family (« participation » and « participer » stay apart).

A content is analysed in its own language: French, English and Dutch each have their small words and their light stem,
any other language is only folded. What is typed has no language: a query asks for the term of each analyser (grammar.py),
so that « budgets » finds a French sheet and an English one.

Everything here is pure. The work on one spelling is remembered, so indexing costs one dictionary look-up a word.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

LONGEST_TERM = 48
FRENCH, OTHER = "fr", ""  # OTHER: folded, nothing more
ANALYSERS = (FRENCH, "en", "nl", OTHER)

# Letters and figures, with the marks that may follow them in decomposed text, and soft hyphens inside words.
WORD = re.compile(r"[\w\u0300-\u036f\u00ad]+")

STOP_WORDS = frozenset(
    """
    a ai aie ainsi au aucun aucune auquel aussi aux auxquelles auxquels avait avaient avec avoir c ca car ce ceci cela
    celle celles celui ces cet cette ceux chez ci comme d dans de depuis des desquelles desquels dont du duquel elle
    elles en entre es est et etaient etait etant etc etre eu eux hui il ils j je jusqu jusque l la laquelle le
    lequel les lesquelles lesquels leur leurs lorsqu lorsque lui m ma mais me mes moi mon n ne ni nos notre nous on ont
    ou par parce pas pour puis puisqu puisque qu quand que quel quelle quelles quels qui quoi quoiqu quoique s sa se
    selon sera seront ses si sinon soit son sont sous sur t ta te tel telle telles tels tes toi ton tres tu un une vos
    votre vous y
    the of and to in is for with that this are was were by at from an as it be
    """.split()  # noqa: SIM905
)

# Every content is in French or quotes some: what follows is only added for texts in these languages.
_SMALL_WORDS = {
    "en": frozenset(
        """
        about after all also and are been before being between both but can could did do does during each had has have he
        her his how i if into its just ll me more most my no not of on or other our out over own re s she should so some
        such t than that the their them then there these they this those through to under until up ve very was we were
        what when where which while who whom why will with would you your
        """.split()  # noqa: SIM905
    ),
    "nl": frozenset(
        """
        aan al alle als bij dan dat de deze die dit door een en er haar had heb hebben heeft het hier hij hoe hun ik in is
        je kan kunnen maar me meer met mijn na naar niet nog nu of om omdat ons ook op over s t te tegen toen tot u uit
        van veel voor waar was wat we wel werd werden wie wij worden wordt ze zich zij zijn zo zou
        """.split()  # noqa: SIM905
    ),
}
_GENERAL = frozenset("the of and to in is for with that this are was were by at from an as it be a".split())  # noqa: SIM905
_STOPS = {FRENCH: STOP_WORDS, OTHER: frozenset(), **{key: words | _GENERAL for key, words in _SMALL_WORDS.items()}}

# What the rules below would get wrong, and is common enough to matter.
_IRREGULAR = {
    "travaux": "travail",
    "vitraux": "vitrail",
    "baux": "bail",
    "yeux": "oeil",
    "oeufs": "oeuf",
    "aieux": "aieul",
    "bijoux": "bijou",
    "cailloux": "caillou",
    "choux": "chou",
    "genoux": "genou",
    "bus": "bus",
    "gaz": "gaz",
    "gens": "gens",
    "mais": "mais",
    "mois": "mois",
    "fois": "fois",
    "trois": "trois",
    "sens": "sens",
    "temps": "temps",
    "corps": "corps",
    "proces": "proces",
    "pays": "pays",
    "plus": "plus",
    "vers": "vers",
    "lois": "loi",
    "voix": "voix",
    "taux": "taux",
    "eau": "eau",
    "eaux": "eau",
}


class Token(NamedTuple):
    """One word kept: its stem, where it stands in the text (characters), and its rank among all words, stop words too."""

    term: str
    start: int
    end: int
    position: int


def fold(text: str) -> str:
    """Lower case without accents or ligatures. The length may change: never use the result for offsets."""
    text = text.casefold().replace("œ", "oe").replace("æ", "ae").replace("ø", "o").replace("ł", "l").replace("đ", "d")
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c) and c != "\u00ad").casefold()


def stem(word: str) -> str:
    """The light French stem of a folded word."""
    known = _IRREGULAR.get(word)
    if known is not None:
        return known
    size = len(word)
    if size < 4 or not word[-1].isalpha():
        return word
    # Plural.
    if word.endswith("aux") and size > 4:
        word = word[:-1] if word.endswith(("eaux", "yaux")) else word[:-2] + "l"
    elif word.endswith(("eux", "oux")) or (word.endswith("s") and not word.endswith("ss")):
        word = word[:-1]
    # Feminine endings whose masculine is another ending.
    if len(word) > 5:
        if word.endswith("trice"):
            word = word[:-4] + "eur"
        elif word.endswith("euse"):
            word = word[:-2]
        elif word.endswith("ive"):
            word = word[:-2] + "f"
        elif word.endswith("ique"):
            word = word[:-3] + "c"
    if word.endswith("if") and len(word) > 5:
        return word[:-1]
    # Final r and e: creer, cree, creee; financier, financiere.
    word = _without_final_e(word)
    if len(word) > 4 and word[-1] == "r":
        word = _without_final_e(word[:-1])
    # Doubled last letter: professionnel(le), ancien(ne).
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    return word


def _without_final_e(word: str) -> str:
    """At least three letters stay."""
    return word[: max(3, len(word.rstrip("e")))]


def english_stem(word: str) -> str:
    """The light English stem of a folded word: plural, -ed, -ing, final e and y."""
    if len(word) < 4 or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "ches", "shes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and not word.endswith("eed") and len(word) - len(ending) >= 4:
            word = word[: -len(ending)]
            if word[-1] == word[-2] and word[-1] not in "aeiouls":
                word = word[:-1]
            break
    if word[-1] == "e" and len(word) > 4:
        word = word[:-1]
    return word[:-1] + "i" if word[-1] == "y" else word


_long_vowel = re.compile(r"(aa|ee|oo|uu)(?=[^aeiou]+\Z)")


def dutch_stem(word: str) -> str:
    """The light Dutch stem of a folded word: plural, final e, and the spelling of long vowels and doubled consonants."""
    if len(word) < 4 or not word.isalpha():
        return word
    if word.endswith("en") and len(word) > 4:
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    return _long_vowel.sub(lambda found: found[0][0], word)


_STEMS: dict[str, Callable[[str], str]] = {FRENCH: stem, "en": english_stem, "nl": dutch_stem, OTHER: str}


def analyser_of(language: str) -> str:
    """Which analyser reads a content in this language (« en », « en-GB »…)."""
    known = language[:2].lower()
    return known if known in _STEMS and known else OTHER


@lru_cache(maxsize=200_000)
def term_of(word: str, analyser: str = FRENCH) -> str | None:
    """The term of one written word, or None for a stop word or a word without any letter or figure."""
    folded = fold(word)
    if not folded or folded in _STOPS[analyser]:
        return None
    if not folded.isalnum():
        folded = "".join(filter(str.isalnum, folded))
        if not folded:
            return None
    return _STEMS[analyser](folded[:LONGEST_TERM])


def is_small_word(word: str) -> bool:
    """Is it a stop word of some language we analyse?"""
    folded = fold(word)
    return any(folded in stops for stops in _STOPS.values())


def tokens(text: str, analyser: str = FRENCH) -> Iterator[Token]:
    """The terms of a text with their places; stop words are skipped but keep their rank, so that phrases stay true."""
    for position, match in enumerate(WORD.finditer(_without_underscores(text))):
        term = term_of(match[0], analyser)
        if term is not None:
            yield Token(term, match.start(), match.end(), position)


def terms(text: str, analyser: str = FRENCH) -> list[str]:
    """The terms alone, in order: what indexing needs, without the cost of their places."""
    return [term for word in WORD.findall(_without_underscores(text)) if (term := term_of(word, analyser)) is not None]


def _without_underscores(text: str) -> str:
    return text.replace("_", " ") if "_" in text else text
