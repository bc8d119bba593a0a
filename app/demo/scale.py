"""The demonstration many times over, for measurements: other people say other things, made of the same sentences.

Copy n is the same each time (its dice are thrown from n), whole (one transaction), and marked in `source` as `demo:<n>:<original>`.
It leaves what the services would: revisions, histories, visibility, counts of replies, tallies, search jobs and stamps. It leaves
no case, no letter and no entry of the register: nobody decided anything.
"""

import random
import re
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import selectin_polymorphic

from app.accounts.models import Person, Role
from app.comments.models import Argument, Comment
from app.comments.services import TITLE_LIMIT, first_words
from app.consultations.proposals.models import Proposal, Source
from app.contents.models import Content, ContentTerm, Origin, Revision, State, StateChange, Tally, Voice, Vote
from app.contents.services import AGREEMENT, fields_of
from app.core import clock
from app.core.db import db
from app.core.text import Cleaned, markdown, plain, shorten
from app.initiatives.models import KINDS as SHEETS
from app.initiatives.models import Step
from app.initiatives.services import REVIEWED_EVERY

MODELS: dict[str, type[Content]] = {"proposal": Proposal, "argument": Argument, "comment": Comment, "source": Source, **SHEETS}
MARK = "demo"
NEWCOMERS = 6  # people who join with each copy
OWN = {"proposal": ("section_id",), "argument": ("side", "is_titled"), "comment": (), "source": ("url", "category")}
LENGTHS = {"proposal": (2, 4), "argument": (1, 2), "comment": (1, 1), "source": (1, 1)}  # paragraphs
SIGNS = re.compile(r"[*_\[\]`<>#|\\&]")  # what Markdown or HTML would read as something else than itself
END = re.compile(r"(?<=[.!?…])\s+(?=[A-ZÀÂÇÉÈÊÎÔÛŒ«])")


def copies_made() -> int:
    """The number of the last copy."""
    sources = db.scalars(select(Content.source).where(Content.kind == "proposal", Content.source.like(f"{MARK}:%")))
    return max((int(source.split(":")[1]) for source in sources if source), default=0)


def sentences(html: str) -> list[str]:
    """Sentences that are plain text, and stay so wherever they are put."""
    found = [each for block in re.split(r"</(?:p|li|h[2-4])>", html) for each in END.split(plain(Cleaned(block)))]
    return [each for each in found if len(each) > 15 and not SIGNS.search(each) and markdown(each) == f"<p>{each}</p>"]


class Multiplier:
    """Reads the demonstration once, then makes any number of copies."""

    def __init__(self) -> None:
        query = select(Content).where(Content.is_public, Content.source.is_(None), Content.kind.in_(MODELS)).order_by(Content.id)
        self.originals = db.scalars(query.options(selectin_polymorphic(Content, list(MODELS.values())))).all()
        spaces = {each.space_id for each in self.originals if each.space_id}
        self.windows = {
            row.id: (row.opens_at, row.closes_at)
            for row in db.execute(select(Content.id, Content.opens_at, Content.closes_at).where(Content.id.in_(spaces)))
        }
        self.tallies: dict[int, dict[str, int]] = defaultdict(dict)
        for row in db.execute(
            select(Tally.content_id, Tally.value, Tally.cast).where(Tally.content_id.in_([each.id for each in self.originals]))
        ):
            self.tallies[row.content_id][row.value] = row.cast
        self.terms: dict[int, list[int]] = defaultdict(list)
        for content_id, term_id in db.execute(select(ContentTerm.content_id, ContentTerm.term_id)):
            self.terms[content_id].append(term_id)
        self.answers: dict[int, int] = defaultdict(int)
        self.pools: dict[Any, list[str]] = defaultdict(list)  # sentences by territory, and by kind and section of sheets
        self.sheets: dict[str, list[Any]] = defaultdict(list)
        for each in self.originals:
            self.answers[each.parent_id or 0] += 1
            if each.kind in SHEETS:
                self.sheets[each.kind].append(each)
                for section in each.sections:  # type: ignore[attr-defined]
                    self.pools[each.kind, section["key"]] += sentences(section["html"])
                self.pools[each.kind] += sentences(f"<p>{each.summary}</p>")
            else:
                self.pools[each.territory_id] += sentences(each.body_html)
        citizens = select(Person.id, Person.name).where(
            ~select(Role.id).where(Role.person_id == Person.id).exists(), Person.confirmed_at.is_not(None)
        )
        self.people = [(row.id, row.name) for row in db.execute(citizens.order_by(Person.id))]
        self.first_names = sorted({name.split()[0] for _id, name in self.people if re.fullmatch(r"\w+ (\w\.|\w+)", name)})
        self.now = clock.now()
        db.expunge_all()

    def add_copy(self, n: int) -> int:
        """One copy of everything; returns how many contents it added."""
        dice = random.Random(n)
        self.welcome(dice)
        copies: dict[int, Content] = {}
        for wave in self.waves():
            for original in wave:
                copies[original.id] = self.copy_of(original, n, dice, copies.get(original.parent_id or 0))
            db.add_all([copies[original.id] for original in wave])
            db.flush()
        self.keep_history(copies)
        self.vote(copies, dice)
        outside: dict[int, int] = defaultdict(int)
        for original in self.originals:
            if original.parent_id and original.parent_id not in copies:
                outside[original.parent_id] += 1
        for parent_id, count in outside.items():
            raised = update(Content).where(Content.id == parent_id).values(replies_count=Content.replies_count + count)
            db.execute(raised.execution_options(synchronize_session=False))
        return len(copies)

    def waves(self) -> list[list[Content]]:
        """Parents before what answers them."""
        own = {each.id for each in self.originals}
        first = [each for each in self.originals if each.parent_id not in own]
        ids = {each.id for each in first}
        second = [each for each in self.originals if each.parent_id in ids]
        ids = {each.id for each in second}
        return [first, second, [each for each in self.originals if each.parent_id in ids]]

    def welcome(self, dice: random.Random) -> None:
        joined = self.now - timedelta(days=300)
        names = [f"{dice.choice(self.first_names)} {dice.choice('ABCDEFGHJLMNPRSTVW')}." for _n in range(NEWCOMERS)]
        people = [Person(name=name, created_at=joined, confirmed_at=joined) for name in names]
        db.add_all(people)
        db.flush()
        self.people += [(person.id, person.name) for person in people]

    # --- One content ---------------------------------------------------------------------------------------------------

    def copy_of(self, original: Any, n: int, dice: random.Random, parent: Content | None) -> Content:
        copy: Any = MODELS[original.kind](origin=Origin.ONLINE, source=f"{MARK}:{n}:{original.id}", state=State.PUBLISHED, is_public=True)
        copy.territory_id, copy.project_id, copy.space_id = original.territory_id, original.project_id, original.space_id
        copy.parent_id = parent.id if parent is not None else original.parent_id
        copy.published_at = self.moment_for(original, dice, parent.published_at if parent is not None else None)
        copy.created_at = copy.updated_at = copy.published_at
        copy.replies_count = self.answers[original.id]
        copy.revision = 1
        if original.kind in SHEETS:
            self.fill_sheet(copy, original, dice)
        else:
            self.fill(copy, original, dice)
        return copy

    def moment_for(self, original: Content, dice: random.Random, after: datetime | None) -> datetime:
        opens_at, closes_at = self.windows.get(original.space_id or 0, (None, None))
        start = after or opens_at or original.published_at or self.now
        end = min(closes_at or self.now, self.now)
        if original.space_id is None:
            start, end = self.now - timedelta(days=700), self.now
        return start + (end - start) * dice.random()

    def fill(self, copy: Any, original: Any, dice: random.Random) -> None:
        for name in OWN[original.kind]:
            setattr(copy, name, getattr(original, name))
        copy.author_id, copy.byline = dice.choice(self.people)
        copy.voice = Voice.CITIZEN
        pool = self.pools[original.territory_id]
        self.put_text(copy, self.paragraphs(pool, dice, *LENGTHS[original.kind]))
        if original.kind in {"argument", "comment"} and not getattr(original, "is_titled", False):
            copy.title = first_words(copy.body_source)
        else:
            copy.title = self.title(pool, dice)

    def paragraphs(self, pool: list[str], dice: random.Random, least: int, most: int) -> list[str]:
        return [" ".join(dice.sample(pool, min(len(pool), dice.randint(1, 4)))) for _n in range(dice.randint(least, most))]

    def title(self, pool: list[str], dice: random.Random) -> str:
        return shorten(dice.choice(pool).rstrip(".… "), TITLE_LIMIT - 2)[:TITLE_LIMIT]

    def put_text(self, copy: Any, paragraphs: list[str]) -> None:
        copy.body_source = "\n\n".join(paragraphs)
        copy.body_html = Cleaned("\n".join(f"<p>{each}</p>" for each in paragraphs))  # what Markdown makes of plain sentences: tested
        copy.summary = shorten(" ".join(paragraphs), 240)

    def fill_sheet(self, copy: Any, original: Any, dice: random.Random) -> None:
        copy.step, copy.author_id, copy.byline, copy.review_note = Step.PUBLISHED, original.author_id, original.byline, ""
        pool = self.pools[original.kind]
        copy.title, copy.summary = self.title(pool, dice), " ".join(dice.sample(pool, min(2, len(pool))))
        sections = []
        for section in original.sections:
            said = self.paragraphs(self.pools[original.kind, section["key"]] or pool, dice, 1, 4)
            rendered = Cleaned("\n".join(f"<p>{each}</p>" for each in said))
            sections.append({"key": section["key"], "title": section["title"], "source": "\n\n".join(said), "html": rendered})
        copy.sections, copy.sources = sections, dice.choice(self.sheets[original.kind]).sources
        copy.voice, copy.points, copy.step_at = Voice.OFFICIAL, original.points, copy.published_at
        copy.review_on = (copy.published_at + timedelta(days=REVIEWED_EVERY)).date()
        for name in original.FACTS:
            setattr(copy, name, getattr(dice.choice(self.sheets[original.kind]), name))
        if original.kind == "initiative":
            self.put_somewhere(copy, dice)
        if getattr(copy, "ended_on", None) and copy.started_on and copy.ended_on < copy.started_on:
            copy.ended_on = None
        copy.body_source = "\n\n".join(f"## {section['title']}\n\n{section['source']}" for section in sections)
        copy.body_html = Cleaned("\n".join(f"<h2>{section['title']}</h2>\n{section['html']}" for section in sections))

    def put_somewhere(self, copy: Any, dice: random.Random) -> None:
        """Within some kilometres of a place that the demonstration names, or nowhere."""
        where = dice.choice(self.sheets["initiative"])
        copy.place, copy.latitude, copy.longitude = where.place, where.latitude, where.longitude
        if where.latitude is not None:
            copy.latitude, copy.longitude = where.latitude + dice.uniform(-0.1, 0.1), where.longitude + dice.uniform(-0.15, 0.15)

    # --- What goes with it ---------------------------------------------------------------------------------------------

    def keep_history(self, copies: dict[int, Content]) -> None:
        made = copies.values()
        db.execute(
            insert(Revision),
            [
                {"content_id": each.id, "n": 1, "fields": fields_of(each), "author_id": each.author_id, "created_at": each.created_at}
                for each in made
            ],
        )
        steps = {True: (State.DRAFT, State.PENDING, State.PUBLISHED), False: (State.DRAFT, State.PUBLISHED)}
        changes = [
            {"content_id": each.id, "before": before, "after": after, "by_id": each.author_id, "at": each.published_at}
            for each in made
            for before, after in zip(steps[each.kind in SHEETS], steps[each.kind in SHEETS][1:], strict=False)
        ]
        db.execute(insert(StateChange), changes)
        terms = [{"content_id": copy.id, "term_id": term_id} for original_id, copy in copies.items() for term_id in self.terms[original_id]]
        db.execute(insert(ContentTerm), terms)

    def vote(self, copies: dict[int, Content], dice: random.Random) -> None:
        votes, tallies = [], []
        for original_id, copy in copies.items():
            room = [person_id for person_id, _name in self.people if person_id != copy.author_id]
            dice.shuffle(room)
            end = min(self.windows.get(copy.space_id or 0, (None, None))[1] or self.now, self.now)
            for value, count in self.tallies[original_id].items():
                people = [room.pop() for _n in range(min(len(room), dice.randint(0, 2 * count)))]
                if not people:
                    continue
                tallies.append({"content_id": copy.id, "scale": AGREEMENT, "value": value, "cast": len(people), "imported": 0})
                for person_id in people:
                    at = copy.published_at + (end - copy.published_at) * dice.random()  # type: ignore[operator]
                    votes.append(
                        {"content_id": copy.id, "person_id": person_id, "scale": AGREEMENT, "value": value, "revision": 1, "cast_at": at}
                    )
        db.execute(insert(Vote), votes)
        db.execute(insert(Tally), tallies)
