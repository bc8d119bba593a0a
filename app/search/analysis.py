"""From text to terms: the one analyser that feeds both engines, the query and the highlights.

Words are cut on everything that is not a letter or a figure (apostrophes and hyphens included), folded to plain
lower-case ASCII where Unicode allows (é→e, œ→oe, ﬁ→fi), dropped if they are stop words, then brought to a light
French stem: plural, a few regular feminine endings, final r/e, doubled last letter. Stemming comes *after* folding,
because what people type rarely has its accents: « vélo » and « velos » must meet. The stemmer is deliberately light:
it joins the forms of one word, not the words of one family (« participation » and « participer » stay apart).

Everything here is pure. The work on one spelling is remembered, so indexing costs one dictionary look-up a word.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

LONGEST_TERM = 48

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


@lru_cache(maxsize=100_000)
def term_of(word: str) -> str | None:
    """The term of one written word, or None for a stop word or a word without any letter or figure."""
    folded = fold(word)
    if not folded or folded in STOP_WORDS:
        return None
    if not folded.isalnum():
        folded = "".join(filter(str.isalnum, folded))
        if not folded:
            return None
    return stem(folded[:LONGEST_TERM])


def tokens(text: str) -> Iterator[Token]:
    """The terms of a text with their places; stop words are skipped but keep their rank, so that phrases stay true."""
    for position, match in enumerate(WORD.finditer(_without_underscores(text))):
        term = term_of(match[0])
        if term is not None:
            yield Token(term, match.start(), match.end(), position)


def terms(text: str) -> list[str]:
    """The terms alone, in order: what indexing needs, without the cost of their places."""
    return [term for term in map(term_of, WORD.findall(_without_underscores(text))) if term is not None]


def _without_underscores(text: str) -> str:
    return text.replace("_", " ") if "_" in text else text
