"""Where an idea comes from and where it went: the pages a sheet was inspired by, those it inspired, some generations each way.

`s’inspire de`, `réutilise` and `fait suite à` lead from the younger page to the older one. Links can make circles: a page
is drawn once, in the generation nearest to the one looked at, and a link is followed three times away at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import literal, select
from sqlalchemy.orm import aliased

from app.contents.models import Content, Link, LinkNature, LinkState
from app.contents.queries import listing, published
from app.contents.rows import nature_label
from app.core.db import db

DESCENT = (LinkNature.INSPIRED_BY, LinkNature.REUSES, LinkNature.FOLLOWS)
GENERATIONS = 3  # each way
MOST = 24  # pages drawn, the one looked at apart; the nearest generations first
ROW, WIDE, REACH = 88, 64, 10  # pixels: between two pages, the arcs' column, the least an arc stands out


@dataclass
class Member:
    content: Content
    generation: int  # 0 is the page looked at; what it was inspired by is before it, what it inspired after
    said: list[str] = field(default_factory=list)  # « s’inspire de » and the title, for readers of lists


@dataclass(frozen=True)
class Arc:
    """From an older page to a younger one, in rows from the top; `path` as SVG draws it."""

    start: int
    end: int
    nature: str
    path: str


@dataclass
class Genealogy:
    """Members in the order they are read: the oldest generation first. `more`: pages left out."""

    members: list[Member]
    arcs: list[Arc]
    more: int = 0
    row, wide = ROW, WIDE

    @property
    def natures(self) -> list[tuple[str, str]]:
        """The kinds of line drawn, and what they mean, for the legend."""
        drawn = {arc.nature for arc in self.arcs}
        return [(nature.value, nature_label(nature, False)) for nature in DESCENT if nature.value in drawn]


def edges_of(content_id: int) -> dict[tuple[int, int], LinkNature]:
    """(younger, older) → nature, of the links within reach whose ends are both public. One query."""

    def way(up: bool):
        here, there = (Link.from_id, Link.to_id) if up else (Link.to_id, Link.from_id)
        base = select(Link.from_id, Link.to_id, Link.nature, there.label("reached"), literal(1).label("depth"))
        base = base.join(Content, Content.id == there).where(Link.state == LinkState.ACCEPTED, Link.nature.in_(DESCENT), published())
        walk = base.where(here == content_id).cte("older" if up else "younger", recursive=True)
        link, page = aliased(Link), aliased(Content)
        from_end, to_end = (link.from_id, link.to_id) if up else (link.to_id, link.from_id)
        step = select(link.from_id, link.to_id, link.nature, to_end, walk.c.depth + 1)
        step = step.join(walk, from_end == walk.c.reached).join(page, page.id == to_end)
        step = step.where(link.state == LinkState.ACCEPTED, link.nature.in_(DESCENT), page.is_public, walk.c.depth < GENERATIONS)
        return walk.union(step)

    both = [select(walk.c.from_id, walk.c.to_id, walk.c.nature, walk.c.depth) for walk in (way(True), way(False))]
    found = db.execute(both[0].union(both[1]).order_by("depth", "from_id", "to_id", "nature"))
    edges: dict[tuple[int, int], LinkNature] = {}
    for from_id, to_id, nature, _depth in found:
        edges.setdefault((from_id, to_id), LinkNature(nature))
    return edges


def generations(content_id: int, edges: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Page → generation: walking up and down from the page looked at, nearest first."""
    placed = {content_id: 0}
    for step in (-1, 1):
        wave = [content_id]
        for n in range(1, GENERATIONS + 1):
            reached = [(older if step < 0 else younger, younger if step < 0 else older) for younger, older in edges]
            wave = list(dict.fromkeys(to for to, of in reached if of in wave and to not in placed))
            placed |= dict.fromkeys(wave, n * step)
    return placed


def genealogy_of(content: Content) -> Genealogy | None:
    """None for a page that neither inspired nor was inspired. Two queries, one where there is nothing."""
    edges = edges_of(content.id)
    if not edges:
        return None
    placed = generations(content.id, list(edges))
    kept = sorted(placed, key=lambda each: (abs(placed[each]), each))[: MOST + 1]
    rows = {row.id: row for row in db.scalars(listing(Content.id.in_(kept)))}
    rows[content.id] = content
    ordered = sorted((each for each in kept if each in rows), key=lambda each: (placed[each], rows[each].title.casefold(), each))
    place = {each: n for n, each in enumerate(ordered)}
    members = [Member(rows[each], placed[each]) for each in ordered]
    arcs = []
    for (younger, older), nature in edges.items():
        if younger in place and older in place:
            members[place[younger]].said.append(f"{nature_label(nature, True)} « {rows[older].title} »")
            arcs.append(arc(place[older], place[younger], nature))
    return Genealogy(members, sorted(arcs, key=lambda each: (each.start, each.end)), len(placed) - len(place))


def arc(older: int, younger: int, nature: LinkNature) -> Arc:
    """On the left of the pages, from the older row to the younger: the farther they are, the wider it stands out."""
    start, end = middle(older), middle(younger)
    bent, x = (end - start) // 5, WIDE - 14
    out = x - min(WIDE - 16, REACH + 12 * abs(younger - older)) * 4 // 3
    return Arc(older, younger, nature.value, f"M{x} {start}C{out} {start + bent} {out} {end - bent} {x} {end}")


def middle(row: int) -> int:
    return row * ROW + ROW // 2
