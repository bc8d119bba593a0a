"""Queries nobody would type, and some that people do: for the suite and bench/search_random.py."""

import json
import random

BOMBS = [
    "a" * 100_000,
    "* " * 5000,
    "?" * 5000,
    "(" * 5000,
    '"' * 4999,
    "-" * 5000,
    "a* b* c*",
    "[a TO z]",
    "é" * 10_000,
    "vélo~2 " * 500,
    "\x00\ud800\uffff",
    "﷽" * 3000,
    "а́" * 3000,
    '"' + "de la " * 1000 + '"',
    "-a " * 2000,
    "mot " * 5000,
    "con par pro int dem com loc rég tra vil mai éco",
    " ".join(f"zz{chr(97 + n)}xqwertyu" for n in range(12)),
]
SIGNS = "\"«»“”-−*?~^:+()[]{}&|!\\/'’_ \t\n\u00a0\u202f\u200d\u0301\u00ad"
SPELLS = [
    "{}*", "*{}*", "{}~2", '"{}"', "-{}", "«{}»", "{} OR secret", "state:{}", "title:{}", "territory:{}", "{0} {0} {0}", "NOT {}", "({}", "{}^9", "l’{}",
    "{}\u0301", "{}s", "{}_x", "{}-{}", "%{}%", "' OR {} --", "{}\x00", "<b>{}</b>", "{{{{{}}}}}",
]  # fmt: skip


class Chance:
    """`words`: what is in the index; `secrets`: what must never come out of it."""

    def __init__(self, seed, words, secrets, naughty=()):
        self.random = random.Random(seed)
        self.words, self.secrets, self.naughty = list(words), list(secrets), list(naughty)

    def word(self):
        chance = self.random
        word = chance.choice(self.words if chance.random() < 0.6 else self.secrets)
        kind = chance.random()
        if kind < 0.25:
            return word[: chance.randint(1, len(word))]
        if kind < 0.5 and len(word) > 2:
            place = chance.randrange(len(word))
            return word[:place] + chance.choice(["", chance.choice("abcdefilnorstuéè"), word[place] * 2]) + word[place + 1 :]
        return word

    def text(self):
        chance = self.random
        return "".join(
            chr(chance.choice([chance.randint(1, 0x2FF), chance.randint(0x300, 0xD7FF), chance.randint(0xE000, 0x1F9FF)]))
            for _ in range(chance.randint(1, 60))
        )

    def query(self):
        chance, kind = self.random, self.random.random()
        if kind < 0.5:
            return " ".join(self.word() for _ in range(chance.randint(1, 5)))
        if kind < 0.7:
            spell = chance.choice(SPELLS)
            return " ".join([spell.format(self.word(), self.word()), *(self.word() for _ in range(chance.randint(0, 2)))])
        if kind < 0.8:
            pieces = [self.word() if chance.random() < 0.5 else chance.choice(SIGNS) for _ in range(chance.randint(1, 30))]
            return "".join(pieces)
        if kind < 0.9 or not self.naughty:
            return self.text()
        if kind < 0.995:
            return chance.choice(self.naughty)
        return chance.choice(BOMBS)


def naughty_strings(shared):
    return json.loads(shared.read_text(encoding="utf-8"))
