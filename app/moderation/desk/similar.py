"""Texts that look alike: MinHash signatures of their pairs of words, cut in bands. Pure.

Two texts share each of the figures with the probability of their Jaccard index, the share of their pairs of words that
they have in common (Broder, "On the resemblance and containment of documents", 1997). Sixteen bands of four figures bring
together 99 % of pairs that share 70 % of their words, and 12 % of those that share 30 %, which the comparison then sets apart.
"""

import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from app.search.analysis import analyser_of, terms

FIGURES, BANDS = 64, 16
ALIKE = 0.6  # the least share in common for a text to join a campaign
SHORTEST = 4  # words: below, everybody says the same thing without having agreed to
_PRIME = np.uint64(4294967291)  # the largest below 2^32: a product of two stays below 2^64
_dice = np.random.default_rng(20041123)  # fixed: signatures of other days are compared with today's
_FACTORS = _dice.integers(1, int(_PRIME), FIGURES, dtype=np.uint64)
_ADDED = _dice.integers(0, int(_PRIME), FIGURES, dtype=np.uint64)


def signature(text: str, language: str = "fr") -> str:
    """64 figures in hexadecimal; empty for a text of less than four words that count."""
    words = terms(text, analyser_of(language))
    if len(words) < SHORTEST:
        return ""
    pairs = {f"{one} {two}" for one, two in pairwise(words)}
    keys = np.fromiter((zlib.crc32(pair.encode()) for pair in pairs), dtype=np.uint64, count=len(pairs)) % _PRIME
    least = ((keys[:, None] * _FACTORS[None, :] + _ADDED[None, :]) % _PRIME).min(axis=0)
    return least.astype(">u4").tobytes().hex()


def bands(minhash: str) -> list[str]:
    """What texts that look alike have in common, one at least."""
    size = len(minhash) // BANDS
    return [f"{number:x}{zlib.crc32(minhash[number * size : (number + 1) * size].encode()):08x}" for number in range(BANDS)] if size else []


def likeness(one: str, others: Sequence[str]) -> list[float]:
    """With each of the others, the share of words in common, estimated to within some six points: 1 for the same text."""
    if not one or not others:
        return [0.0] * len(others)
    mine = np.frombuffer(bytes.fromhex(one), dtype=">u4")
    theirs = np.frombuffer(bytes.fromhex("".join(each or "0" * len(one) for each in others)), dtype=">u4").reshape(len(others), FIGURES)
    shares: list[float] = (theirs == mine).mean(axis=1).tolist()
    return shares
