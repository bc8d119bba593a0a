"""Genealogies: what a page was inspired by and what it inspired, bounded, whatever circles links make."""

from app.contents import links
from app.contents import services as contents
from app.contents.models import State
from app.core.db import db
from app.initiatives.models import Initiative
from app.related import genealogy
from tests.factories import make_content


def sheets(*titles):
    return [make_content(Initiative, territory=None, title=title) for title in titles]


def tie(younger, older, nature="inspired_by"):
    links.link(younger, older, nature, author=None)
    db.commit()


def drawn(content):
    tree = genealogy.genealogy_of(content)
    return [(member.content.title, member.generation) for member in tree.members] if tree else None


def test_three_generations_each_way_the_oldest_first():
    chain = sheets("A", "B", "C", "D", "E", "F", "G", "H", "I")
    for younger, older in zip(chain[1:], chain, strict=False):
        tie(younger, older)
    assert drawn(chain[4]) == [("B", -3), ("C", -2), ("D", -1), ("E", 0), ("F", 1), ("G", 2), ("H", 3)]
    assert drawn(chain[0])[0] == ("A", 0)


def test_circles_are_drawn_once_and_end():
    one, two, three = sheets("A", "B", "C")
    tie(two, one)
    tie(three, two, "follows")
    tie(one, three, "reuses")
    tree = genealogy.genealogy_of(one)
    assert sorted(member.content.title for member in tree.members) == ["A", "B", "C"]
    assert len(tree.arcs) == 3
    assert len(tree.natures) == 3


def test_only_descent_counts_and_only_what_is_public():
    one, two, three, four = sheets("A", "B", "C", "D")
    tie(one, two, "documents")
    tie(one, three, "evaluates")
    assert genealogy.genealogy_of(one) is None
    tie(one, two)
    tie(two, four)
    contents.change_state(two, State.ARCHIVED)
    db.commit()
    assert genealogy.genealogy_of(one) is None  # nor what is only reached through it


def test_a_proposal_is_not_drawn_before_it_is_accepted():
    one, two = sheets("A", "B")
    links.link(one, two, "inspired_by", author=None, asked=two)
    db.commit()
    assert genealogy.genealogy_of(one) is None


def test_a_crowd_is_cut_and_counted(count_queries):
    root, *others = sheets("Racine", *(f"Feuille {n:02}" for n in range(genealogy.MOST + 5)))
    for other in others:
        links.link(other, root, "reuses", author=None)
    db.commit()
    count_queries.clear()
    tree = genealogy.genealogy_of(root)
    assert len(count_queries) == 2
    assert len(tree.members) == genealogy.MOST + 1
    assert tree.more == 5


def test_the_page_draws_it_and_lists_it(client):
    one, two, three = sheets("Le diagnostic", "Les femmes relisent la nuit", "La carte des trottoirs")
    tie(two, one)
    tie(three, two, "reuses")
    text = client.get(f"/catalogue/{two.id}").text
    assert "D’où vient l’idée" in text
    assert text.partition("bf-genealogy")[2].count("<circle") == 3
    assert 'class="bf-line bf-line--reuses"' in text
    assert "S’inspire de «\u202fLe diagnostic\u202f»" in text
