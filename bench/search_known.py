"""Known items nobody tuned for: words of titles as people remember and type them, made anew from a seed. MRR@10 of each kind.

    .venv/bin/python bench/search_known.py --seed 1 --count 500
    .venv/bin/python bench/search_known.py --engine postgres --url postgresql:///beffroi_search --show-missed

Two to four words of a title of the consultation or of a sheet, such that no other title has them all: as they are (plain), with
accents dropped, a plural for a singular or the other way round (inflected), or with a letter missing from one (typo).
"""

import argparse
import random
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from app.search.analysis import STOP_WORDS, WORD, fold
from app.search.engines.base import SearchRequest
from app.search.grammar import parse
from bench.search import NOW, corpus, make_engine

KINDS, SHARES = ("plain", "inflected", "typo"), (30, 54, 16)  # as in corpus/known-items.tsv
SHORTEST = 4  # letters of a word that one remembers
ROOT = 5  # letters by which two words are the same one, whatever the analyser thinks of them


def words_of(title):
    return [word for word in WORD.findall(title) if len(word) >= SHORTEST and word.isalpha() and fold(word) not in STOP_WORDS]


def roots_of(title):
    return {fold(word)[:ROOT] for word in WORD.findall(title)}


def inflected(word, chance):
    if chance.random() < 0.5:
        word = fold(word)
    if chance.random() < 0.6:
        word = word[:-1] if word.endswith("s") and not word.endswith("ss") else word if word[-1] in "sxz" else word + "s"
    return word


def mistyped(word, chance):
    """One letter less, not the first, and not the s of a plural."""
    place = chance.randrange(1, len(word) - 1)
    return word[:place] + word[place + 1 :]


def known_items(documents, count, seed):
    """(query, content id, kind of words, kind of content): half from proposals, half from sheets."""
    chance = random.Random(seed)
    titles = [each for each in documents if each.kind in ("proposal", "initiative")]
    roots = [(each.content_id, roots_of(each.title)) for each in titles]
    made = []
    while len(made) < count:
        wanted = ("proposal", "initiative")[len(made) % 2]
        document = chance.choice([each for each in titles if each.kind == wanted])
        words = list(dict.fromkeys(words_of(document.title)))
        if len(words) < 2:
            continue
        chosen = chance.sample(words, min(len(words), chance.choice((2, 2, 3, 3, 4))))
        asked = {fold(word)[:ROOT] for word in chosen}
        if any(asked <= others for content_id, others in roots if content_id != document.content_id):
            continue  # two titles could be meant
        kind = chance.choices(KINDS, SHARES)[0]
        typed = [word.lower() for word in chosen]
        if kind == "inflected":
            typed = [inflected(word, chance) for word in typed]
        elif kind == "typo":
            long = [place for place, word in enumerate(typed) if len(word) > SHORTEST]
            if not long:
                continue
            place = chance.choice(long)
            typed[place] = mistyped(typed[place], chance)
        made.append((" ".join(typed), document.content_id, kind, document.kind))
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["whoosh", "postgres"], default="whoosh")
    parser.add_argument("--url", default="postgresql:///beffroi_search")
    parser.add_argument("--contents", type=int, default=10_000)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shared", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--show-missed", action="store_true", help="those that are not first, with what is")
    options = parser.parse_args()
    documents, _ = corpus(options.shared, options.contents)
    engine = make_engine(options)
    engine.rebuild(iter([documents[n : n + 500] for n in range(0, len(documents), 500)]), lambda ids: [])
    ranks = defaultdict(list)
    for query, wanted, kind, content_kind in known_items(documents, options.count, options.seed):
        ids = engine.search(SearchRequest(parse(query), NOW, per_page=10)).ids
        rank = ids.index(wanted) + 1 if wanted in ids else 0
        for group in ("all", kind, content_kind):
            ranks[group].append(1 / rank if rank else 0)
        if options.show_missed and rank != 1:
            first = f"{documents[ids[0] - 1].kind}: {documents[ids[0] - 1].title[:90]}" if ids else "nothing"
            print(f"{rank:2} {kind:9} {query}\n      wanted {documents[wanted - 1].title[:100]}\n      first  {first}")
    for group, values in ranks.items():
        print(f"{group:11} {len(values):5} items   MRR@10 {sum(values) / len(values):.4f}")


if __name__ == "__main__":
    main()
