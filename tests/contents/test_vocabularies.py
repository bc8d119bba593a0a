import threading

import pytest
from sqlalchemy import func, select

from app.contents import queries as contents
from app.contents import services as content_services
from app.contents import vocabularies
from app.contents.models import ContentTerm, Term, TermAct, TermChange
from app.core.db import db, transaction
from app.core.errors import DomainError, NotFound
from app.core.outbox import OutboxJob
from app.initiatives.models import Tool
from tests.factories import make_content, make_person


def listed(*labels, key="theme"):
    return [vocabularies.add_term(key, "Thèmes", label=label, by=None) for label in labels]


def carried_by(sheet):
    return [term.key for term in contents.terms_of([sheet.id])[sheet.id].get("theme", [])]


def test_a_term_keeps_its_key_when_its_label_changes():
    curator = make_person()
    (water,) = listed("L’eau et les rivières")
    vocabularies.rename_term(water, label="Nature", by=curator)
    assert (water.key, water.label) == ("l-eau-et-les-rivieres", "Nature")
    (again,) = listed("L’eau et les rivières")
    assert again.key == "l-eau-et-les-rivieres-2"
    changes = db.scalars(vocabularies.history_of("theme", water)).all()
    assert [(each.act, each.before, each.after, each.by and each.by.id) for each in changes] == [
        (TermAct.RENAMED, "L’eau et les rivières", "Nature", curator.id),
        (TermAct.ADDED, "", "L’eau et les rivières", None),
    ]


@pytest.mark.parametrize("label", ["", "…", "x" * 81, "ELEVES", "Élèves"])
def test_a_label_says_something_once(label):
    listed("Élèves")
    with pytest.raises(DomainError) as refused:
        listed(label)
    assert refused.value.field == "label"


def test_an_address_of_reference_is_one_of_the_web():
    with pytest.raises(DomainError) as refused:
        vocabularies.add_term("licence", "Licence", label="X", uri="javascript:alert(1)", by=None)
    assert refused.value.field == "uri"


def test_merging_retags_and_the_old_key_leads_to_the_other_for_ever():
    bike, walk, moves = listed("Vélo", "Marche", "Déplacements")
    both, one = make_content(Tool, title="Les deux"), make_content(Tool, title="Un seul")
    content_services.set_terms(both, [bike, moves])
    content_services.set_terms(one, [bike])
    db.execute(OutboxJob.__table__.delete())
    assert vocabularies.merge_term(bike, moves, by=None) == 2
    assert (carried_by(both), carried_by(one)) == (["deplacements"], ["deplacements"])
    assert [term.key for term in contents.terms_in("theme")] == ["marche", "deplacements"]
    assert vocabularies.get_term("theme", "velo") is moves
    assert {job.key for job in db.scalars(select(OutboxJob).where(OutboxJob.topic == "search"))} == {str(both.id), str(one.id)}

    vocabularies.merge_term(moves, walk, by=None)  # one step from the oldest key to the last
    assert vocabularies.current({"theme": ("velo", "marche"), "kind": ("tool",)}) == {"theme": ("marche",), "kind": ("tool",)}
    assert vocabularies.former_keys(walk) == ["velo", "deplacements"]
    content_services.set_terms(one, [bike])  # a form opened before the merge
    assert carried_by(one) == ["marche"]


def test_a_term_is_not_merged_twice_nor_into_another_list():
    bike, moves = listed("Vélo", "Déplacements")
    (level,) = listed("Informer", key="level")
    for other in (bike, level):
        with pytest.raises(DomainError):
            vocabularies.merge_term(bike, other, by=None)
    vocabularies.merge_term(bike, moves, by=None)
    with pytest.raises(DomainError, match="fusionné"):
        vocabularies.merge_term(moves, bike, by=None)
    with pytest.raises(NotFound):
        vocabularies.get_term_by_id("theme", bike.id)


def test_terms_are_moved_one_place_and_stop_at_the_ends():
    a, b, c = listed("A", "B", "C")
    a.position = b.position = c.position = 0  # as an import left them
    vocabularies.move_term(c, up=True, by=None)
    vocabularies.move_term(a, up=True, by=None)
    assert [term.label for term in contents.terms_in("theme")] == ["A", "C", "B"]
    assert db.scalar(select(func.count()).where(TermChange.act == TermAct.MOVED)) == 1


def test_terms_are_counted_in_one_query(count_queries):
    terms = listed("A", "B", "C")
    for n in range(3):
        content_services.set_terms(make_content(Tool), terms[: n + 1])
    db.flush()
    count_queries.clear()
    assert [(term.label, count) for term, count in vocabularies.counted_terms("theme")] == [("A", 3), ("B", 2), ("C", 1)]
    assert len(count_queries) == 1


def test_two_crossed_merges_make_no_circle_and_a_sheet_saved_meanwhile_keeps_no_old_term(committed):
    """Two connections merge each term into the other while a third tags a sheet, in real parallel transactions.

    Seen red without the locks of `merge_term` and of `set_terms` on PostgreSQL: each leads to the other, or the sheet keeps the old one.
    """
    with transaction():
        ids = [term.id for term in listed("Vélo", "Déplacements")]
        sheet_ids = [make_content(Tool).id for _n in range(6)]
    start = threading.Barrier(4)
    refused = []

    def merge(one, other):
        with committed.app_context():
            start.wait()
            try:
                with transaction():
                    vocabularies.merge_term(db.get(Term, one), db.get(Term, other), by=None)
            except DomainError as error:
                refused.append(error)
            db.remove()

    def tag(some):
        with committed.app_context():
            start.wait()
            for sheet_id in some:
                with transaction():
                    content_services.set_terms(db.get(Tool, sheet_id), [db.get(Term, ids[0]), db.get(Term, ids[1])])
            db.remove()

    threads = [threading.Thread(target=merge, args=(ids[0], ids[1])), threading.Thread(target=merge, args=(ids[1], ids[0]))]
    threads += [threading.Thread(target=tag, args=(sheet_ids[n::2],)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.remove()
    kept = [term for term in db.scalars(select(Term)) if term.merged_into_id is None]
    assert len(kept) == 1
    assert len(refused) == 1
    assert set(db.scalars(select(ContentTerm.term_id))) == {kept[0].id}


def test_an_old_address_leads_to_the_term_that_stands_for_it(client):
    bike, moves = listed("Vélo", "Déplacements")
    vocabularies.merge_term(bike, moves, by=None)
    db.commit()
    for path in ("/catalogue/", "/recherche"):
        moved = client.get(f"{path}?theme=velo&q=rue")
        assert (moved.status_code, moved.location) == (301, f"{path}?theme=deplacements&q=rue")
        assert client.get(moved.location).status_code == 200
    assert client.get("/catalogue/vocabulaires/theme/velo").location == "/catalogue/?theme=deplacements"
    assert client.get("/catalogue/vocabulaires/theme/rien").status_code == 404
    assert client.get("/catalogue/vocabulaires/kind/velo").status_code == 404
