"""Matching, ranking and counting, the same for both engines, on arrays.

An engine only says in which documents a term stands (`places`), and a few more things: see `Snapshot`. Scoring is
BM25F (Robertson, Zaragoza and Taylor, CIKM 2004) over four zones with presence instead of frequency (the zone
"often" stands for frequency), then coverage: the share of what was asked, weighted by rarity, that a document has,
and the share that its title has. With presence alone, MRR@10 on the known items is as good as with frequencies,
and postings stay small. On French contents people remember words of the title: it weighs eight times the body.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.search.analysis import term_of
from app.search.analysis import terms as terms_of
from app.search.engines.base import LAST_PAGE, STATES, Hit, Results, SearchRequest
from app.search.engines.columns import ZONES, Columns, Ints, Mask, seconds
from app.search.grammar import Phrase, Query, Word

WEIGHTS = {"any": 1.0, "title": 8.0, "summary": 2.0, "lessons": 1.5, "often": 1.0}
LENGTH_MATTERS = {"any": 0.75, "title": 0.6, "summary": 0.3, "lessons": 0.0, "often": 0.75}
LENGTH_COLUMN = {"any": 2, "title": 0, "summary": 1, "lessons": 2, "often": 2}
# What lifts a result besides its words: by so much of its score at most. Less than the place of one word makes.
NUDGES = {"near": 0.15, "recent": 0.10}
HALF_AS_RECENT = 365 * 24 * 3600  # seconds after which recency counts for half
SATURATION = 1.2
ENDING = 0.4  # a longer word than the one typed
EDIT = 0.8  # each edit from what was typed
SMALL = 0.3  # a small word of another language (« where »), beside words that say more
OTHER_INITIAL = 0.9
MOST_POSTINGS = 3_000_000  # entries read for one search: after that, the most common terms no longer count
MOST_PHRASE_CHECKS = 20_000
MOST_LIKE_TERMS = 120  # of a text, looked up to tell which are rare
TELLING_TERMS = 48  # kept
LIKE_WEIGHTS = {"title": 1.5, "often": 0.7}  # what a shared term is worth there, besides 1
# Words by which laws and their amendments are written: shared, they say that two texts are of that kind, not what they are about.
# Left out: those whose stem is another word's (ter, terre), and « insertion », which is also a policy.
DRAFTING = frozenset(
    terms_of("""
        alinéa article articles phrase mot mots amendement disposition dispositions loi décret proposition projet exposé motif motifs
        ajouter ajouté ajoutée ajout insérer inséré insérée modifier modifié modifiée modification remplacer remplacé
        remplacée remplacés remplacement rédiger rédigé rédigée rédaction supprimer supprimé supprimée suppression complément
        relatif relative mentionné mentionnée susvisé visé visée présent présente bis quater quinquies
        premier première second deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième
        janvier février avril juin juillet août septembre octobre novembre décembre
    """)
)
MOST_OF_ONE = 0.5  # of a likeness: what one word may make of it, unless it stands in both titles
SHORTEST = 0.3  # of a mean length: shorter documents are no nearer for it

Scores = NDArray[np.float32]


class Snapshot(Protocol):
    """One state of an index. `places` gives ascending document numbers, removed documents possibly included."""

    columns: Columns

    def places(self, wanted: Sequence[tuple[str, str]]) -> list[Ints]:
        """For each (zone, term), the documents that have it there."""

    def with_phrase(self, phrase: Phrase, candidates: Ints) -> Ints:
        """Those candidates in which the phrase stands."""

    def endings(self, prefix: str) -> list[str]: ...

    def spellings(self, word: str) -> list[tuple[str, int]]: ...


@dataclass
class Group:
    """One word asked, with the terms that answer it and what each is worth."""

    word: Word
    terms: dict[str, float]
    correction: str | None = None


@dataclass
class Matches:
    mask: Mask
    scores: Scores
    coverage: Scores
    terms: list[str] = field(default_factory=list)
    corrections: list[tuple[str, str]] = field(default_factory=list)


def search(snapshot: Snapshot, request: SearchRequest) -> Results:
    columns = snapshot.columns
    now = seconds(request.now) or 0
    universe = columns.alive.copy()
    for facet, values in request.within.items():
        universe &= _having(columns, facet, values, now)
    if request.query.is_unsearchable:
        universe[:] = False
    matches = match(snapshot, request.query, universe, titles_only=request.titles_only)

    if request.every_word:
        matches.mask = matches.mask & (matches.coverage > 0.999)

    filters = {facet: _having(columns, facet, values, now) for facet, values in request.filters.items() if values}
    chosen = matches.mask.copy()
    for mask in filters.values():
        chosen &= mask
    if request.sort == "relevance" and (request.near or request.prefer_recent):
        matches.scores = nudged(columns, matches.scores, request, now)
    counted = {}
    for facet in request.facets:
        mask = chosen
        if facet in filters:
            mask = matches.mask.copy()
            for other, other_mask in filters.items():
                if other != facet:
                    mask &= other_mask
        counted[facet] = _count(columns, facet, mask, now)
    total = int(chosen.sum())
    return Results(
        total, _page(snapshot, matches, chosen, request), counted, tuple(matches.terms), tuple(matches.corrections), columns.next_edge(now)
    )


def nudged(columns: Columns, scores: Scores, request: SearchRequest, now: int) -> Scores:
    factor = np.ones(columns.size, np.float32)
    if request.near:
        factor += np.float32(NUDGES["near"]) * columns.having("territory", [request.near])
    if request.prefer_recent:
        ages = np.maximum(now - columns.published, 0) / HALF_AS_RECENT
        factor += np.float32(NUDGES["recent"]) * np.exp2(-ages).astype(np.float32)
    return scores * factor


def match(snapshot: Snapshot, query: Query, universe: Mask, *, titles_only: bool = False) -> Matches:
    """Which documents answer, how well (score) and how fully (coverage, 1 when nothing is missing)."""
    columns = snapshot.columns
    size = columns.size
    mask = universe
    terms: list[str] = []
    groups: list[Group] = []

    for phrase in query.phrases:
        found = np.zeros(size, dtype=bool)
        groups += groups_of(readings(columns, phrase))
        for reading in readings(columns, phrase):
            found[phrase_places(snapshot, reading, mask)] = True
            terms += [term for term, _ in reading.terms]
        mask = mask & found
    if excluded := query.excluded_terms + (query.excluded_others if has_other_languages(columns) else ()):
        for places in snapshot.places([("any", term) for term in excluded]):
            mask = mask.copy()
            mask[places] = False
    for phrase in query.excluded_phrases:
        mask = mask.copy()
        for reading in readings(columns, phrase):
            mask[phrase_places(snapshot, reading, mask)] = False

    is_required = len(groups)
    groups += expand(snapshot, query.words, columns.alive)
    if not groups:
        return Matches(mask, np.zeros(size, np.float32), np.ones(size, np.float32))
    scores, coverage = score(snapshot, [group.terms for group in groups])
    if not is_required:
        mask = mask & (scores > 0)
    for group in groups[is_required:] if titles_only else ():
        found = np.zeros(size, dtype=bool)
        for places in snapshot.places([("title", term) for term in group.terms]):
            found[places] = True
        mask = mask & found
    looked_for = terms + [term for group in groups[is_required:] for term in group.terms]
    corrections = [(group.word.typed, group.correction) for group in groups if group.correction]
    return Matches(mask, scores, coverage, list(dict.fromkeys(looked_for)), corrections)


def readings(columns: Columns, phrase: Phrase) -> tuple[Phrase, ...]:
    return (phrase, *phrase.others) if has_other_languages(columns) else (phrase,)


def groups_of(phrases: Sequence[Phrase]) -> list[Group]:
    """A phrase, word by word, for the score: what each language makes of a word are alternatives."""
    same_length = [phrase for phrase in phrases if len(phrase.terms) == len(phrases[0].terms)]
    places = zip(*(phrase.terms for phrase in same_length), strict=True)
    return [Group(Word("", "", place[0][0]), {term: 1.0 for term, _ in place}) for place in places]


def has_other_languages(columns: Columns) -> bool:
    return any(value != "fr" for value in columns.codes.values("language"))


def expand(snapshot: Snapshot, words: Sequence[Word], alive: Mask) -> list[Group]:
    """What stands for each word: its terms; for the last, words it begins; for one that is nowhere, its near spellings.

    A small word of another language that is nowhere (« how ») asks for nothing.
    """
    groups = []
    manifold = has_other_languages(snapshot.columns)
    asked = [[word.term, *(word.others if manifold else ())] for word in words]
    standing = set(_standing(snapshot, [term for terms in asked for term in terms], alive))
    for word, terms in zip(words, asked, strict=True):
        known = [term for term in terms if term in standing]
        group = Group(word, dict.fromkeys(known, 1.0))
        if word.is_prefix:
            for term in snapshot.endings(word.folded):
                group.terms.setdefault(term, ENDING)
        if not known and not _standing(snapshot, group.terms, alive):
            if word.is_small and len(words) > 1:
                continue
            near = _spellings(snapshot, terms[:2])  # an English ending hides in a French stem: « cnsulting »
            there = set(_standing(snapshot, [term for term, _ in near], alive))
            group.terms = {term: EDIT**edits * (1 if term[0] == word.term[0] else OTHER_INITIAL) for term, edits in near if term in there}
            group.correction = next(iter(group.terms), None)
            group.terms = group.terms or {word.term: 1.0}
        if word.is_small:
            group.terms = {term: worth * SMALL for term, worth in group.terms.items()}
        groups.append(group)
    return groups


def _spellings(snapshot: Snapshot, terms: Iterable[str]) -> list[tuple[str, int]]:
    """Near spellings of what some languages make of one word, fewest edits first."""
    found: dict[str, int] = {}
    for term in terms:
        for near, edits in snapshot.spellings(term):
            found[near] = min(edits, found.get(near, edits))
    return sorted(found.items(), key=lambda pair: pair[1])


def _standing(snapshot: Snapshot, terms: Iterable[str], alive: Mask) -> list[str]:
    """Those terms that some public document has: what only removed documents said is never searched nor suggested."""
    wanted = list(terms)
    found = snapshot.places([("any", term) for term in wanted]) if wanted else []
    return [term for term, places in zip(wanted, found, strict=True) if alive[places].any()]


def score(snapshot: Snapshot, groups: Sequence[dict[str, float]]) -> tuple[Scores, Scores]:
    """Score and coverage of every document for groups of alternatives (term → worth); see the top of this file."""
    columns = snapshot.columns
    size = columns.size
    wanted = list(dict.fromkeys(term for group in groups for term in group))
    anywhere = dict(zip(wanted, snapshot.places([("any", term) for term in wanted]), strict=True))
    budget = MOST_POSTINGS
    for term in sorted(wanted, key=lambda each: len(anywhere[each])):
        budget -= len(anywhere[term])
        if budget < 0:
            anywhere[term] = anywhere[term][:0]
    found = [term for term in wanted if len(anywhere[term])]
    asked = [(zone, term) for term in found for zone in ZONES[1:]]
    zones = dict(zip(asked, snapshot.places(asked), strict=True))

    total, covered, titled = (np.zeros(size, np.float32) for _ in range(3))
    mass = 0.0
    for group in groups:
        best, in_title = np.zeros(size, np.float32), np.zeros(size, np.float32)
        importance = 0.0
        for term, worth in group.items():
            places = anywhere[term]
            count = len(places)
            rarity = math.log(1 + (columns.alive_count - min(count, columns.alive_count) + 0.5) / (count + 0.5))
            importance = max(importance, rarity * worth)
            if not count:
                continue
            presence = np.zeros(size, np.float32)
            presence[places] = WEIGHTS["any"] * _norm(columns, "any", places)
            for zone in ZONES[1:]:
                there = zones[zone, term]
                if len(there):
                    presence[there] += WEIGHTS[zone] * _norm(columns, zone, there)
            there = zones["title", term]
            in_title[there] = np.maximum(in_title[there], np.float32(worth))
            values = presence[places]
            best[places] = np.maximum(best[places], np.float32(worth * rarity) * values / (SATURATION + values))
        total += best
        covered += np.float32(importance) * (best > 0)
        titled += np.float32(importance) * in_title
        mass += importance
    if not mass:
        return total, covered
    coverage = covered / np.float32(mass)
    return total * coverage * (1 + titled / np.float32(mass)), coverage


def _norm(columns: Columns, zone: str, places: Ints) -> Scores:
    weight = np.float32(LENGTH_MATTERS[zone])
    norm: Scores = 1 / (1 - weight + weight * columns.relative_lengths[places, LENGTH_COLUMN[zone]])
    return norm


def phrase_places(snapshot: Snapshot, phrase: Phrase, mask: Mask) -> Ints:
    found = snapshot.places([("any", term) for term, _ in phrase.terms])
    candidates = min(found, key=len)
    for places in found:
        candidates = np.intersect1d(candidates, places, assume_unique=True)
    candidates = candidates[mask[candidates]]
    if len(phrase.terms) > 1 and len(candidates):
        candidates = snapshot.with_phrase(phrase, candidates[:MOST_PHRASE_CHECKS])
    return candidates


def is_telling(term: str) -> bool:
    """May this word say what a text is about?"""
    return term not in DRAFTING and not term.isdigit()


def more_like(
    snapshot: Snapshot,
    title: Sequence[str],
    body: Sequence[str],
    limit: int,
    exclude: Iterable[int],
    within: dict[str, Sequence[str]],
    now: datetime | None,
) -> list[Hit]:
    """The documents nearest to a text, by its most telling terms: rare in the index, repeated here, in its title.

    Near is a cosine of weights by rarity, lowered by the length of the document, then tempered by the share of what was
    looked for that is there: a short document with two rare words in common is not near a long text. Two terms at least
    must be shared, three of a long text; one alone makes no more than half,
    and the words of drafting count for nothing. `likeness` is relative to what the text itself would have, were it in the index.
    """
    columns = snapshot.columns
    size = columns.size
    counts: dict[str, int] = {}
    for term in body[:5000]:
        counts[term] = counts.get(term, 0) + 1
    for term in title[:100]:
        counts[term] = counts.get(term, 0) + 3
    counts = {term: count for term, count in counts.items() if is_telling(term)}
    # Asking where every word of a long text stands would cost too much: the longest ones are the likeliest to be rare.
    candidates = sorted(counts, key=lambda term: -min(counts[term], 6) * len(term))[:MOST_LIKE_TERMS]
    ours = ~columns.alive | np.isin(columns.content_id, np.fromiter(exclude, dtype=np.int64))
    places, rarity, worth = {}, {}, {}
    for term, found in zip(candidates, snapshot.places([("any", term) for term in candidates]), strict=True):
        if elsewhere := len(found) - int(ours[found].sum()):
            places[term], rarity[term] = found, math.log(1 + columns.alive_count / elsewhere)
            worth[term] = (1 + math.log(counts[term])) * rarity[term]
    telling = sorted(worth, key=lambda term: -worth[term])[:TELLING_TERMS]
    if not telling:
        return []
    asked = [(zone, term) for term in telling for zone in LIKE_WEIGHTS]
    zones = dict(zip(asked, snapshot.places(asked), strict=True))
    scores, covered, shared, alone = (np.zeros(size, np.float32) for _ in range(4))
    mass = itself = 0.0
    in_title = set(title)
    for term in telling:
        weight = np.float32(worth[term] * rarity[term])
        before = scores[places[term]]
        scores[places[term]] += weight
        for zone, more in LIKE_WEIGHTS.items():
            there = zones[zone, term]
            scores[there] += weight * np.float32(more) * (_norm(columns, "title", there) if zone == "title" else 1)
        made = scores[places[term]] - before
        if term in in_title:  # in both titles, it is what both are about
            made[np.isin(places[term], zones["title", term], assume_unique=True)] = 0
        alone[places[term]] = np.maximum(alone[places[term]], made)
        covered[places[term]] += weight
        shared[places[term]] += 1
        mass += float(weight)
        itself += float(weight) * (1 + LIKE_WEIGHTS["title"] * (term in in_title) + LIKE_WEIGHTS["often"] * (counts[term] >= 3))
    length = (len(title) + len(body)) / columns.mean_length
    itself /= math.sqrt(SHORTEST + length)
    scores = np.minimum(scores, (scores - alone) / np.float32(1 - MOST_OF_ONE))
    scores /= np.sqrt(SHORTEST + columns.relative_lengths[:, 2])
    likeness = (scores / np.float32(itself)) ** 0.7 * (covered / np.float32(mass)) ** 0.3
    mask = ~ours & (shared >= min(len(telling), 3 if len(telling) >= 12 else 2))
    for facet, values in within.items():
        mask &= _having(columns, facet, values, seconds(now) or 0)
    chosen = np.flatnonzero(mask)
    order = chosen[np.lexsort((-columns.content_id[chosen], -likeness[chosen]))][:limit]
    return [Hit(int(columns.content_id[place]), float(scores[place]), min(1.0, float(likeness[place]))) for place in order]


def suggest(snapshot: Snapshot, words: Sequence[str]) -> dict[str, str]:
    asked = [Word(word, word, term) for word in words if (term := term_of(word))]
    return {group.word.typed: group.correction for group in expand(snapshot, asked, snapshot.columns.alive) if group.correction}


def _having(columns: Columns, facet: str, values: Sequence[str], now: int) -> Mask:
    if facet != "state":
        return columns.having(facet, values)
    mask = np.zeros(columns.size, dtype=bool)
    for value in values:
        if value in STATES:
            mask |= columns.state(value, now)
    return mask


def _count(columns: Columns, facet: str, mask: Mask, now: int) -> list[tuple[str, int]]:
    if facet != "state":
        return columns.count(facet, mask)
    counts = [(name, int((mask & columns.state(name, now)).sum())) for name in STATES]
    return [(name, count) for name, count in counts if count]


def _page(snapshot: Snapshot, matches: Matches, chosen: Mask, request: SearchRequest) -> list[Hit]:
    """One page, in order. Sorted by date or territory, what has every word comes before what has some of them."""
    start = (request.page - 1) * request.per_page
    if start < 0 or request.page > LAST_PAGE:
        return []
    columns, scores = snapshot.columns, matches.scores
    places = np.flatnonzero(chosen)
    keys: tuple[NDArray, ...]
    if request.sort == "relevance" and (matches.scores[places] > 0).any():
        wanted = start + request.per_page
        if len(places) > 4 * wanted:  # no need to put thousands in order to show twenty
            least = np.partition(scores[places], len(places) - wanted)[len(places) - wanted]
            places = places[scores[places] >= least]
        keys = (-columns.content_id[places], -columns.published[places], -scores[places])
    else:
        partial = matches.coverage[places] < 0.999
        keys = (-columns.content_id[places], -columns.published[places])
        if request.sort == "territory":
            keys += (_territory_rank(columns, request.territory_order)[places],)
        keys += (partial,)
    order = places[np.lexsort(keys)][start : start + request.per_page]
    terms = _terms_of_each(snapshot, matches.terms, order)
    return [Hit(int(columns.content_id[place]), float(scores[place]), terms=there) for place, there in zip(order, terms, strict=True)]


def _terms_of_each(snapshot: Snapshot, terms: Sequence[str], order: NDArray) -> list[tuple[str, ...]]:
    """Which of these terms each of a few documents has."""
    found: list[tuple[str, ...]] = [()] * len(order)
    for term, places in zip(terms, snapshot.places([("any", term) for term in terms]), strict=True):
        if len(places):
            nearest = places[np.minimum(np.searchsorted(places, order), len(places) - 1)]
            for number in np.flatnonzero(nearest == order):
                found[number] += (term,)
    return found


def _territory_rank(columns: Columns, order: Sequence[str]) -> Ints:
    """Where each document's own territory comes in `order`; last without one. Its first value is its own."""
    ranks = np.full(columns.size, len(order) + 1, dtype=np.int32)
    if "territory" in columns.pairs:
        places, numbers = columns.pairs["territory"]
        rank_of = {value: rank for rank, value in enumerate(order)}
        by_number = np.array([rank_of.get(value, len(order)) for value in columns.codes.values("territory")], dtype=np.int32)
        own, first = np.unique(places, return_index=True)
        ranks[own] = by_number[numbers[first]]
    return ranks
