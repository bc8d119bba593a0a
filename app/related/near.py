"""What is near a text, by the words they share: asked of the search index, shown from the database.

The index weighs a text's most telling words (rare in the region, repeated here, in the title) and ranks what has them,
as a search does: some milliseconds, on both databases, accents and inflections aside. Measured: `bench/related.py`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import or_

from app.accounts.models import Person
from app.contents.models import Content
from app.contents.queries import listing, published
from app.core import clock
from app.core.db import db
from app.core.logs import log
from app.core.text import plain
from app.related import registry
from app.search import engines
from app.search.analysis import WORD, analyser_of, term_of, terms
from app.search.engines.base import Hit, SearchUnavailable

SHOWN = 3
ASKED = 60  # hits, before what is one's own is left out
LEAST = 0.12  # likeness under which two texts are no candidates, whatever else they share
ENOUGH = 0.17  # of what is shown, likeness and what else they share: judged in docs/related.md
FULL = 24  # different words from which a text says enough to be compared
READ = 20_000  # characters of a text


@dataclass(frozen=True)
class Near:
    """Another content, with its territory and the one that is part of; how like the texts are, 0 to 1."""

    content: Content
    likeness: float


def language_of(text: str) -> str:
    """The likeliest of the languages we analyse, by the little words in it; French when there is too little to say."""
    words = WORD.findall(text[:2_000])
    small = {language: sum(term_of(word, language) is None for word in words) for language in ("fr", "en", "nl")}
    return max(small, key=lambda language: small[language])


def hits(title: str, body: str, *, language: str, kinds: Sequence[str], exclude: Collection[int] = ()) -> list[Hit]:
    """Nearest first, as the index has them; none when it cannot be read."""
    try:
        found = engines.current().more_like(title, body[:READ], ASKED, exclude, {"kind": kinds}, clock.now(), language=language)
    except SearchUnavailable as error:
        log.warning("what is near cannot be found", error=str(error))
        return []
    return [hit for hit in found if hit.likeness >= LEAST]


def weight_of(title: str, body: str, language: str) -> float:
    """How far what is near such a text may be believed, 0 to 1: of ten words, three in common are soon an accident."""
    from app.search.engines.ranking import is_telling  # with NumPy, which no page wants before somebody searches

    return min(1.0, len(set(filter(is_telling, terms(f"{title} {body[:READ]}", analyser_of(language))))) / FULL)


def hits_of(content: Content) -> list[Hit]:
    """What is near a content whose body is loaded, itself apart."""
    words = plain(content.body_html or content.summary)
    weight = weight_of(content.title, words, content.language)
    found = hits(content.title, words, language=content.language, kinds=registry.compared(), exclude=[content.id])
    return [replace(hit, likeness=hit.likeness * weight) for hit in found]


def elsewhere(title: str, body: str, *, territory_id: int | None, reader: Person, limit: int = SHOWN) -> list[Near]:
    """« Déjà fait ailleurs »: public sheets, projects, consultations of other territories; nothing of the reader's own. One query."""
    near = hits(title, body, language=language_of(f"{title} {body}"), kinds=registry.precedents())
    found = {hit.content_id: hit.likeness for hit in near}
    if not found:
        return []
    query = listing(published()).where(Content.id.in_(found), Content.kind.in_(registry.precedents()))
    if territory_id is not None:
        query = query.where(or_(Content.territory_id != territory_id, Content.territory_id.is_(None)))
    if not reader.is_anonymous:
        query = query.where(or_(Content.author_id != reader.id, Content.author_id.is_(None)))
    rows = {content.id: content for content in db.scalars(query)}
    return [Near(rows[each], found[each]) for each in found if each in rows and found[each] >= ENOUGH][:limit]
