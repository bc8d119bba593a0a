"""What a person typed in the search box, understood by our own small grammar.

    vélo école            any of the words, best match first
    "budget participatif" these words together, in this order; « » and “ ” do the same
    -voiture              without this word, or without this "phrase"
    particip              the last word also matches as a beginning, from three letters, unless a space follows it

Anything else is text. Nothing typed ever reaches an engine's own parser: engines receive terms.

What is typed is read as French first; `others` hold what English, Dutch and plain folding make of the same words, for the
contents in those languages.
"""

import re
from dataclasses import dataclass, replace

from app.search.analysis import ANALYSERS, FRENCH, LONGEST_TERM, WORD, fold, is_small_word, term_of, tokens

MOST_TERMS = 12
LONGEST_QUERY = 400
SHORTEST_PREFIX = 3

_piece = re.compile(r'(?P<minus>(?<![^\s(«"“])[-−])?(?:"(?P<straight>[^"]*)"|«(?P<french>[^»]*)»|“(?P<curly>[^”]*)”|(?P<word>[^\s"«»“”]+))')


@dataclass(frozen=True)
class Word:
    """One word: as typed, folded, and its term; `is_prefix` if it may also be the beginning of a longer one.

    `others`: its terms in the other languages, where they differ. `is_small`: a stop word of one of them, never mended.
    """

    typed: str
    folded: str
    term: str
    is_prefix: bool = False
    others: tuple[str, ...] = ()
    is_small: bool = False


@dataclass(frozen=True)
class Phrase:
    """Terms that must follow each other; each with its distance from the first (skipped stop words leave a gap).

    `others`: the same words as the other languages have them; any of these will do.
    """

    terms: tuple[tuple[str, int], ...]
    others: tuple["Phrase", ...] = ()

    @property
    def as_text(self) -> str:
        """The terms with one space from each place to the next, as `stream` writes a document."""
        written, last = "", 0
        for term, offset in self.terms:
            written += " " * (offset - last) + term
            last = offset
        return written


@dataclass(frozen=True)
class Query:
    """What to look for. `words` are alternatives, `phrases` are required, the rest is excluded."""

    words: tuple[Word, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    excluded_terms: tuple[str, ...] = ()
    excluded_phrases: tuple[Phrase, ...] = ()
    excluded_others: tuple[str, ...] = ()  # the excluded words as the other languages have them
    text: str = ""
    is_cut: bool = False  # more than MOST_TERMS terms were typed: the rest is ignored

    @property
    def is_empty(self) -> bool:
        """Nothing to look for: everything matches, if nothing but spaces was typed."""
        return not (self.words or self.phrases or self.excluded_terms or self.excluded_phrases)

    @property
    def has_words(self) -> bool:
        """Something to find, by which one result may be better than another."""
        return bool(self.words or self.phrases)

    @property
    def is_unsearchable(self) -> bool:
        """Something was typed, and none of it can be looked for (« de la », « ??? »)."""
        return self.is_empty and bool(self.text)

    @property
    def looked_for(self) -> tuple[str, ...]:
        """The terms that should be found, words and phrases alike."""
        return tuple(dict.fromkeys([word.term for word in self.words] + [term for phrase in self.phrases for term, _ in phrase.terms]))


def stream(words: str) -> str:
    """A text as its terms, one space from each place to the next, so that a phrase is a plain substring of it."""
    written, last = [" "], 0
    for token in tokens(words):
        written.append(" " * (token.position - last) if written else "")
        written.append(token.term)
        last = token.position
    return "".join(written) + " "


def parse(text: str | None, language: str = FRENCH) -> Query:
    """`language`: the analyser whose reading comes first; its stop words are not looked for."""
    typed = (text or "")[:LONGEST_QUERY]
    shown = " ".join(typed.split())
    words: dict[str, Word] = {}
    phrases: list[Phrase] = []
    excluded_terms: list[str] = []
    excluded_others: list[str] = []
    excluded_phrases: list[Phrase] = []
    count, is_cut = 0, len(text or "") > LONGEST_QUERY
    last_word = _last_word(typed)

    for piece in _piece.finditer(typed):
        quoted = piece["straight"] if piece["straight"] is not None else piece["french"] if piece["french"] is not None else piece["curly"]
        if quoted is not None:
            phrase = _phrase(quoted, language)
            if not phrase.terms:
                continue
            if count + len(phrase.terms) > MOST_TERMS:
                is_cut = True
                break
            count += len(phrase.terms)
            (excluded_phrases if piece["minus"] else phrases).append(phrase)
            continue
        start = piece.start("word")
        for match in WORD.finditer(piece["word"].replace("_", " ")):
            term = term_of(match[0], language)
            if term is None:
                continue
            if count == MOST_TERMS:
                is_cut = True
                break
            if piece["minus"]:
                excluded_terms.append(term)
                excluded_others += _others(match[0], term, language)
                count += 1
                continue
            folded = fold(match[0])[:LONGEST_TERM]
            is_prefix = start + match.start() == last_word and len(folded) >= SHORTEST_PREFIX
            if term not in words:
                count += 1
                words[term] = Word(match[0], folded, term, is_prefix, _others(match[0], term, language), is_small_word(match[0]))
            elif is_prefix:
                words[term] = replace(words[term], is_prefix=True, folded=folded)
    return Query(
        words=tuple(words.values()),
        phrases=tuple(phrases),
        excluded_terms=tuple(dict.fromkeys(excluded_terms)),
        excluded_phrases=tuple(excluded_phrases),
        excluded_others=tuple(dict.fromkeys(excluded_others)),
        text=shown,
        is_cut=is_cut,
    )


def _others(word: str, term: str, language: str) -> tuple[str, ...]:
    found = dict.fromkeys(term_of(word, analyser) for analyser in ANALYSERS if analyser != language)
    return tuple(other for other in found if other is not None and other != term)


def _phrase(quoted: str, language: str) -> Phrase:
    first = _placed(quoted, language)
    others = dict.fromkeys(_placed(quoted, analyser) for analyser in ANALYSERS if analyser != language)
    return Phrase(first, tuple(Phrase(terms) for terms in others if terms and terms != first) if first else ())


def _placed(quoted: str, analyser: str) -> tuple[tuple[str, int], ...]:
    found = list(tokens(quoted, analyser))
    return tuple((token.term, token.position - found[0].position) for token in found)


def _last_word(typed: str) -> int | None:
    """Where the word being typed begins, if the text ends with a word."""
    words = list(WORD.finditer(typed.replace("_", " ")))
    return words[-1].start() if words and words[-1].end() == len(typed) else None
