"""Counts are what SQL counts, under any combination, on the engine of this database; a thousand in bench/search_facets.py."""

import random

from app.search import sync
from tests.search.combinations import Asked, compare, make_region


def test_counts_are_what_sql_counts_under_any_combination(app, index):
    """Seen red with a filter counted against its own facet, with the tree left out, and with the dates of spaces left out."""
    chance = random.Random(7)
    make_region(chance, 220)
    sync.rebuild(index)
    with app.test_request_context():
        wrong = [line for _ in range(60) for line in compare(Asked.draw(chance))]
    assert wrong == []
