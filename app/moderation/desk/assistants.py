"""Assistants: small programs that may suggest something about a text, with a score and their reason. A person decides.

    @assistant("language")
    def not_in_french(text: str) -> Suggestion | None: …

They are asked when a case is opened, see the text alone (neither its author nor what others think of it), write nothing and
decide nothing. What a person says they acted on is written into the statement of reasons: its detection was helped by a machine.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from app.core.i18n import _, _l
from app.core.text import LIMIT
from app.moderation.desk.detections import links
from app.search.analysis import fold, terms

Assistant = Callable[[str], "Suggestion | None"]
_assistants: dict[str, tuple[Any, Assistant]] = {}


@dataclass(frozen=True)
class Suggestion:
    """`score`: from 0 to 1, how sure the assistant is; `reason`: what it saw, so that a person can see it too."""

    score: float
    reason: str
    name: str = ""
    title: Any = ""


def assistant(name: str, title: Any) -> Callable[[Assistant], Assistant]:
    """Register an assistant; `title` says in a few words what it looks for."""

    def register(function: Assistant) -> Assistant:
        _assistants[name] = title, function
        return function

    return register


def suggestions(text: str) -> list[Suggestion]:
    """What the assistants have to say of a text, the surest first."""
    asked = [(name, title, ask(text[:LIMIT])) for name, (title, ask) in _assistants.items()]
    found = [replace(said, name=name, title=title) for name, title, said in asked if said is not None]
    return sorted(found, key=lambda each: -each.score)


# --- Two that ship -------------------------------------------------------------------------------------------------------

# Small words that one language has and the others have not: enough to tell a paragraph, not a word.
SMALL_WORDS = {
    "fr": "le la les un une des du et est dans que qui pour pas sur avec nous vous il elle ce cette au aux ne se sont mais ou je on",
    "en": "the and is are of to in that this with for you your we not was be have it on at by from will can our they",
    "nl": "de het een en van is niet dat met voor op zijn aan ook maar wij je er naar bij om uit worden deze dit",
    "es": "el los las una y es en que por con para no del al se su como mas pero muy esta este hay nos",
    "pl": "nie sie jest na do to ze w z i jak ale dla co tak za od po przez tylko",
    "it": "il lo gli una e che di non per con del della sono ma anche come piu questo questa nel",
}
LANGUAGES = {
    "en": _l("en anglais"),
    "nl": _l("en néerlandais"),
    "es": _l("en espagnol"),
    "pl": _l("en polonais"),
    "it": _l("en italien"),
}
_small = {language: frozenset(words.split()) for language, words in SMALL_WORDS.items()}
_word = re.compile(r"[^\W\d_]{1,32}")
LEAST_WORDS = 8
SURE = 0.5


@assistant("language", _l("La langue du texte"))
def not_in_french(text: str) -> Suggestion | None:
    """Counts small words of six languages. Silent on short texts, and when French leads or nothing is clear."""
    words = [fold(word) for word in _word.findall(text)]
    if len(words) < LEAST_WORDS:
        return None
    counted = {language: sum(word in small for word in words) for language, small in _small.items()}
    best = max(counted, key=lambda language: counted[language])
    if best == "fr" or counted[best] < 3 or counted[best] < 2 * counted["fr"]:
        return None
    score = (counted[best] - counted["fr"]) / (counted[best] + counted["fr"])
    return Suggestion(round(score, 2), _("semble écrit %(language)s", language=LANGUAGES[best]))


@assistant("spam", _l("Texte publicitaire ou répété"))
def spam(text: str) -> Suggestion | None:
    """Many links for few words, and words said again and again. A score of a half or more is worth a line on the page."""
    words = terms(text)
    if not words:
        return None
    many = sum(1 for _link in links(text))
    linked = min(1.0, 20 * max(0, many - 1) / max(20, len(words)))  # one source is a good thing
    _word_said, times = Counter(words).most_common(1)[0]
    share = times / len(words)
    repeated = min(1.0, 2 * share) if len(words) >= LEAST_WORDS and times >= 4 else 0.0
    score = 1 - (1 - linked) * (1 - repeated)
    if score < SURE:
        return None
    said = [_("%(count)s adresses de sites pour %(words)s mots", count=many, words=len(words))] if linked >= 0.3 else []
    said += [_("un mot répété %(times)s fois sur %(words)s", times=times, words=len(words))] if repeated >= 0.3 else []
    return Suggestion(round(score, 2), ", ".join(said))
