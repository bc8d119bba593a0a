"""What to try instead: when nothing was found, or when a word was taken for another."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from app.core.i18n import _
from app.search import engines, registry
from app.search.analysis import WORD, analyser_of, term_of
from app.search.asking import Params, address_with
from app.search.engines.base import Results, SearchRequest
from app.search.facets import FacetView, Names, views_of
from app.search.grammar import Query, parse
from app.search.highlight import Pieces


def wider(params: Params, asked: SearchRequest, names: Names) -> tuple[list[tuple[str, str, int]], FacetView | None]:
    """What would find something: the same without one filter, without its quotes, everywhere… Else, what there is to read."""
    engine = engines.current()

    def count(**changes: Any) -> int:
        return engine.search(replace(asked, facets=(), per_page=1, page=1, **changes)).total

    found = []
    query = params.query
    if query.phrases or query.excluded_terms or query.excluded_phrases:
        words = re.sub(r"(?:^|(?<=\s))[-−]|[\"«»“”]", " ", query.text)
        looser = parse(" ".join(words.split()) + " ")
        found.append((_("sans guillemets ni mot écarté"), address_with(q=looser.text), count(query=looser)))
    for name in asked.filters if len(asked.filters) > 1 else ():
        others = {other: values for other, values in asked.filters.items() if other != name}
        facet = registry.FACETS.get(name)
        label = _("sans le filtre « %(name)s »", name=str(facet.label).lower() if facet else name)
        found.append((label, address_with(**{name: None}), count(filters=others)))
    if asked.filters:
        found.append((_("sans aucun filtre"), address_with(**dict.fromkeys(asked.filters)), count(filters={})))
    if params.space is not None:
        around = {name: values for name, values in asked.within.items() if name != "space"}
        found.append((_("dans toute la région"), address_with(space=None), count(within=around)))
    found = [each for each in found if each[2]]
    if found:
        return found, None
    everything = replace(asked, query=Query(), filters={}, facets=("theme",), per_page=1, page=1)
    views = views_of(engine.search(everything).facets, {}, names, 0)
    return [], views[0] if views and views[0].values else None


def suggestion(query: Query, results: Results, shown: Iterable[tuple[str, Pieces]]) -> tuple[str | None, bool]:
    """The query with its unknown words as they are spelled in the results shown (an index knows stems, people read words), and
    whether it is what was searched instead. `shown`: of each result, the language and the pieces.
    """
    corrections = dict(results.corrections)
    spelled: dict[str, Counter[str]] = {term: Counter() for term in corrections.values()}
    for language, pieces in shown if corrections else ():
        analyser = analyser_of(language)
        for text, is_hit in pieces:
            if is_hit:
                for word in WORD.findall(text):
                    if (term := term_of(word, analyser)) in spelled:
                        spelled[term][word.lower()] += 1
    text, changed = query.text, False
    for typed, term in corrections.items():
        if spelled[term]:
            text, changed = text.replace(typed, spelled[term].most_common(1)[0][0], 1), True
    if not changed:
        return None, False
    return text, len(corrections) == len(query.words) and not query.phrases
